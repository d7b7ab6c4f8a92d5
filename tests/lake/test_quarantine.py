"""The quarantine zone: why, where, and the line without the identities in it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from footfall.lake.quarantine import QUARANTINE_COLUMNS
from footfall.lake.storage import storage_for
from tests.bad_lines import combined
from tests.home import Home, new_home

pytestmark = pytest.mark.xdist_group("commit")


def lines_by_number(home: Home) -> dict[int, dict]:
    return {row["line_number"]: row for row in home.quarantined()}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return new_home(tmp_path / "home")


def test_a_quarantined_line_leads_back_to_the_original_and_names_nobody(home: Home, tmp_path: Path) -> None:
    bad = [
        combined(ip="2001:db8::8a2e:370:7334", status="000"),
        combined(user="jane.doe+x@mail.shop.test", size="-1"),
        combined(request="GET /reset?mail=jane%40shop.test HTTP/1.1", status="000", referrer="http://198.51.100.4/"),
        "half a line from 203.0.113.9 at 10:15:30",
        combined(),
        combined(),  # two true hits in one second: two events
    ]
    path = tmp_path / "bad.log"
    path.write_text("\n".join(bad))
    home.ingest(path)
    manifest = home.stage()
    assert len(home.quarantined()) == 4, "there to look at before the gate has judged"
    home.commit(manifest)
    home.assert_every_line_is_accounted_for()
    rows = lines_by_number(home)
    assert {number: row["reason"] for number, row in rows.items()} == {
        1: "bad_status", 2: "bad_size", 3: "bad_status", 4: "malformed_line",
    }  # fmt: skip
    record = home.record(path)
    raw = storage_for(home.settings.zone("raw"))
    original = raw.read(f"{record.sha256[:2]}/{record.sha256}").decode().split("\n")
    for number, row in rows.items():
        assert (row["file_sha256"], row["source"], row["ingest_run_id"]) == (
            record.sha256,
            "combined",
            record.ingest_run_id,
        )
        assert original[number - 1] == bad[number - 1]
    assert rows[4]["line"] == "half a line from [ip] at 10:15:30"
    assert rows[1]["line"].startswith("[ip] - - [12/May/2024:10:15:30 +0000]")
    assert " [email] [" in rows[2]["line"]
    assert "mail=[email] " in rows[3]["line"]
    assert "http://[ip]/" in rows[3]["line"]
    assert len({row["event_id"] for row in home.rows()}) == 2


def test_a_file_has_one_file_there_with_the_columns_that_are_promised(home: Home, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(f"{combined(request=f'GET /{name} HTTP/1.1')}\n{name}\nx\n")
    home.take(tmp_path / "a", tmp_path / "b")
    zone = storage_for(home.settings.zone("quarantine"))
    files = [entry.path for entry in zone.list()]
    assert files == sorted(f"{home.record(tmp_path / name).sha256}.parquet" for name in ("a", "b"))
    table = pq.ParquetFile(zone.uri(files[0])).read()
    assert table.column_names == list(QUARANTINE_COLUMNS)
    assert table["line_number"].to_pylist() == [2, 3]
    assert table["ingested_at"][0].as_py() <= datetime.now(UTC)


def test_repeated_lines_are_no_bad_lines(home: Home, tmp_path: Path) -> None:
    (tmp_path / "a").write_text(combined() + "\n")
    (tmp_path / "b").write_text(combined() + "\n" + combined(request="GET /b HTTP/1.1") + "\n")
    home.take(tmp_path / "a", tmp_path / "b")
    assert home.quarantined() == []
    assert sum(counts[2] for counts in home.counts().values()) == 1
