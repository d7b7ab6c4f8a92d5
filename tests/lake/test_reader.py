"""Bytes to numbered lines: nothing lost, whatever the splits, line ends and compression."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from footfall.lake import landing, line_index, reader
from footfall.lake.quarantine import QUARANTINED_CHARS
from footfall.lake.reader import line_reader
from tests.bad_lines import combined
from tests.home import new_home

LIMIT = 1_000
LANDED = datetime(2026, 10, 1, tzinfo=UTC)


def read(folder: Path, data: bytes, *, is_gzip: bool = False, **task: Any) -> list[tuple[int, str, str | None]]:
    """(number, line, defect) of each line of a raw file."""
    (folder / "raw").write_bytes(data)
    whole = {"path": "raw", "file": 1, "gzip": is_gzip, "start": 0, "stop": len(data), "first_line": 1, "skip_lines": 0}
    whole["ingested_at"] = LANDED
    batches = line_reader(str(folder), LIMIT)(iter([pa.RecordBatch.from_pylist([whole | task])]))
    rows = [row for batch in batches for row in batch.to_pylist()]
    assert {(row["file"], row["ingested_at"]) for row in rows} <= {(1, LANDED)}
    return [(row["line_number"], row["line"], row["defect"]) for row in rows]


@pytest.mark.parametrize("chunk_bytes", [1, 3, 1 << 20])
@pytest.mark.parametrize("is_gzip", [False, True])
def test_lines_are_cut_at_newlines_alone(
    chunk_bytes: int, is_gzip: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "CHUNK_BYTES", chunk_bytes)
    text = "a\r\n\nb\rc\u2028d\x0be\n\r\nlast".encode()
    data = gzip.compress(text[:5]) + gzip.compress(text[5:]) if is_gzip else text
    lines = [(1, "a", None), (2, "", None), (3, "b\rc\u2028d\x0be", None), (4, "", None), (5, "last", None)]
    assert read(tmp_path, data, is_gzip=is_gzip) == lines


@pytest.mark.parametrize("data", [b"", b"\n", b"a", b"a\n", b"a\n\n"])
def test_a_last_line_counts_with_and_without_its_newline(data: bytes, tmp_path: Path) -> None:
    expected = data.decode().removesuffix("\n").split("\n") if data else []
    assert [line for _, line, _ in read(tmp_path, data)] == expected


@pytest.mark.parametrize("chunk_bytes", [100, 1 << 20])
def test_a_line_too_long_is_cut_to_its_head_and_the_next_is_whole(
    chunk_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "CHUNK_BYTES", chunk_bytes)
    exactly, over = b"x" * LIMIT, b"\xc3\xa9" * LIMIT
    found = read(tmp_path, b"a\n" + exactly + b"\n" + over + b"\nb\n" + over)
    assert [(number, defect) for number, _, defect in found] == [
        (1, None), (2, None), (3, "line_too_long"), (4, None), (5, "line_too_long"),
    ]  # fmt: skip
    assert found[1][1] == exactly.decode()
    assert 0 < len(found[2][1]) <= QUARANTINED_CHARS


def test_bytes_that_are_not_utf_8_are_shown_escaped(tmp_path: Path) -> None:
    assert read(tmp_path, b"good\ncaf\xe9\r\ngood") == [
        (1, "good", None), (2, "caf\\xe9", "invalid_encoding"), (3, "good", None),
    ]  # fmt: skip


def test_headers_are_numbered_and_not_read(tmp_path: Path) -> None:
    assert read(tmp_path, b"#1\n#2\na\nb\n", skip_lines=2) == [(3, "a", None), (4, "b", None)]


def test_a_part_of_a_file_knows_its_numbers(tmp_path: Path) -> None:
    data = b"one\ntwo\nthree\nfour"
    assert read(tmp_path, data, start=4, stop=14, first_line=2) == [(2, "two", None), (3, "three", None)]


@pytest.mark.xdist_group("commit")
def test_a_file_read_in_many_parts_numbers_its_lines_as_one_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [combined(request=f"GET /{n} HTTP/1.1", ip=f"203.0.113.{n % 250}") for n in range(400)]
    lines[200:200] = ["", "no line", "\u20ac" * 300]
    path = tmp_path / "big.log"
    path.write_bytes("\n".join(lines).encode())
    monkeypatch.setattr(line_index, "SPLIT_BYTES", 5_000)
    monkeypatch.setattr(landing, "CHUNK_BYTES", 2_000)
    home = new_home(tmp_path / "home")
    home.take(path)
    home.assert_every_line_is_accounted_for()
    assert len(home.record(path).splits) > 10
    numbers = {row["page_path"]: row["line_number"] for row in home.rows()}
    assert numbers == {f"/{n}": n + 1 + 3 * (n >= 200) for n in range(400)}
    assert [row["line_number"] for row in home.quarantined()] == [201, 202, 203]
