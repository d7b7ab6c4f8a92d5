"""Files as delivered: taken whole and once, or refused in one clear sentence."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import subprocess
import sys
import tarfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from footfall.errors import InputError
from footfall.lake import landing as module
from footfall.lake.storage import storage_for
from footfall.settings import PROJECT_ROOT
from tests.bad_lines import CLOUDFRONT_HEADER, CSV_HEADER, cloudfront, combined, csv
from tests.home import Home, new_home
from tests.machine import on_small_disk, ordinary_user

LINE = f"{combined()}\n".encode()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return new_home(tmp_path / "home")


def put(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def raw_bytes(home: Home) -> list[bytes]:
    raw = storage_for(home.settings.zone("raw"))
    return [raw.read(entry.path) for entry in raw.list()]


def test_the_bytes_lie_in_the_raw_zone_as_delivered(home: Home, tmp_path: Path) -> None:
    plain, zipped = put(tmp_path / "a.log", LINE * 3), put(tmp_path / "b.log", gzip.compress(LINE * 2))
    landing = home.ingest(plain, zipped)
    assert sorted(raw_bytes(home)) == sorted([plain.read_bytes(), zipped.read_bytes()])
    by_name = {Path(record.names[0]).name: record for record in landing.landed}
    assert by_name["a.log"].sha256 == hashlib.sha256(LINE * 3).hexdigest()
    assert [(r.gzip, r.lines, r.source, r.candidate_dates) for r in (by_name["a.log"], by_name["b.log"])] == [
        (False, 3, "combined", [date(2024, 5, 12)]),
        (True, 2, "combined", [date(2024, 5, 12)]),  # found by its content, not by its name
    ]
    assert {waiting.record.sha256 for waiting in home.ledger.pending()} == {r.sha256 for r in landing.landed}


def test_the_same_bytes_land_once_whatever_their_name(home: Home, tmp_path: Path) -> None:
    one, two = put(tmp_path / "one.log", LINE), put(tmp_path / "two.log", LINE)
    first = home.ingest(one, two)
    assert (len(first.landed), first.known) == (1, [str(two)])
    again = home.ingest(one)
    assert (again.landed, again.known) == ([], [str(one)])
    (waiting,) = home.ledger.pending()
    record = waiting.record
    assert record.names == [str(one), str(two)]
    assert len(raw_bytes(home)) == 1


def test_all_empty_files_are_one(home: Home, tmp_path: Path) -> None:
    landing = home.ingest(put(tmp_path / "a.log", b""), put(tmp_path / "b.log", b""))
    assert [(record.lines, record.source) for record in landing.landed] == [(0, None)]
    assert landing.known == [str(tmp_path / "b.log")]


def _tar(line: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        info = tarfile.TarInfo("a.log")
        info.size = len(line)
        archive.addfile(info, io.BytesIO(line))
    return buffer.getvalue()


REFUSED = {
    "another format": (b'{"level": "info", "msg": "started"}\n' * 20, "no known format: its first line is '{"),
    "prose with brackets": (b"[/b] not [red] a log\n", "no known format"),
    "binary": (bytes(range(256)) * 64, "is a binary file"),
    "UTF-16": (combined().encode("utf-16"), "is a binary file"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is a binary file"),
    "a tar archive": (_tar(LINE * 99), "is a tar archive"),
    "gzip twice": (gzip.compress(gzip.compress(LINE * 999)), "binary file|no known format"),
    "gzip, truncated": (gzip.compress(os.urandom(1000) + LINE * 999)[:-40], "damaged gzip"),
    "gzip, cut in its header": (gzip.compress(LINE)[:5], "damaged gzip"),
    "gzip, a bit turned": (gzip.compress(LINE * 999)[:-6] + b"\0" * 6, "damaged gzip"),
    "gzip, then rubbish": (gzip.compress(LINE * 9) + b"rubbish", "damaged gzip"),
    "one line of 10 MB": (b"x" * 10_000_000, "no known format"),
    "carriage returns alone": (LINE.replace(b"\n", b"\r") * 9, "carriage returns alone"),
    "blank lines": (b"\n\n\n", "no known format"),
    "CloudFront without a header": (f"{cloudfront()}\n".encode(), "no header line"),
    "CloudFront with half a header": (f"#Fields: date time\n{cloudfront()}\n".encode(), "no header line"),
    "CSV without a header": (f"{csv()}\n".encode(), "no header line"),
    "a header behind a line of 10 MB": (
        b"x" * 10_000_000 + f"\n{CLOUDFRONT_HEADER}{cloudfront()}\n".encode(), "no header line"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_cannot_be_used_is_refused_and_the_others_go_on(name: str, home: Home, tmp_path: Path) -> None:
    data, says = REFUSED[name]
    bad, good = put(tmp_path / "bad [x].log", data), put(tmp_path / "good.log", LINE)
    landing = home.ingest(bad, good)
    ((refused, reason),) = landing.refused
    assert refused == str(bad)
    with pytest.raises(InputError, match=says):
        raise InputError(reason)
    assert len(reason) < 1_000
    assert [record.names for record in landing.landed] == [[str(good)]]
    assert raw_bytes(home) == [LINE]


def test_the_format_may_be_given(home: Home, tmp_path: Path) -> None:
    landing = home.ingest(put(tmp_path / "odd.log", b"\0\0 nothing that is known\n"), source="common")
    assert [(record.source, record.lines) for record in landing.landed] == [("common", 1)]
    refused = home.ingest(put(tmp_path / "a.log", LINE), source="iis").refused
    assert refused[0][1].startswith("'iis' is not a known format; known are combined, common, cloudfront")


@pytest.mark.parametrize("change", ["grows", "is cut", "is rewritten"])
def test_a_file_that_changes_while_it_is_read_is_refused(
    change: str, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path / "live.log", LINE * 10)
    whole = module._index

    def read_and_write(*arguments: Any) -> Any:
        found = whole(*arguments)
        os.utime(path, ns=(0, 0))
        if change == "grows":
            with path.open("ab") as file:
                file.write(LINE)
        elif change == "is cut":
            os.truncate(path, 10)
        return found

    with monkeypatch.context() as writer:
        writer.setattr(module, "_index", read_and_write)
        landing = home.ingest(path)
    assert (landing.landed, len(landing.refused)) == ([], 1)
    assert "is still being written" in landing.refused[0][1]
    assert raw_bytes(home) == []
    assert home.ledger.pending() == []
    assert len(home.ingest(put(path, LINE * 12)).landed) == 1


def test_a_file_that_changes_on_its_way_to_the_raw_zone_is_refused(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path / "live.log", LINE)
    examine = module._examine

    def then_write(*arguments: Any) -> Any:
        record = examine(*arguments)
        path.write_bytes(LINE * 2)
        return record

    monkeypatch.setattr(module, "_examine", then_write)
    landing = home.ingest(path)
    assert "changed while it was read" in landing.refused[0][1]
    assert raw_bytes(home) == []


def test_a_file_that_is_gone_is_refused(home: Home, tmp_path: Path) -> None:
    from footfall.lake.delivery import find

    path, other = put(tmp_path / "a.log", LINE), put(tmp_path / "b.log", LINE)
    deliveries = find([str(path), str(other)])
    path.unlink()
    *_, landing = module.land(home.settings, deliveries, "run")
    assert landing.refused == [(str(path), f"{path} cannot be read: No such file or directory.")]
    assert len(landing.landed) == 1


INGEST = (
    "import sys; from footfall.settings import Settings; from footfall import pipeline\n"
    "from footfall.lake.delivery import find\n"
    "*_, landing = pipeline.ingest(Settings(home=sys.argv[1]), find(sys.argv[2:]))\n"
    "print(len(landing.landed), landing.refused)"
)


def ingest_as(prefix: list[str], *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [*prefix, sys.executable, "-c", INGEST, *map(str, arguments)]
    return subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True)


def test_a_file_without_permission_is_refused_and_the_others_go_on(tmp_path: Path) -> None:
    secret, good = put(tmp_path / "secret.log", LINE), put(tmp_path / "good.log", LINE * 2)
    secret.chmod(0)
    done = ingest_as(ordinary_user(), tmp_path / "home", secret, good)
    assert done.stdout.startswith(f"1 [('{secret}', '{secret} cannot be read: no permission."), done.stderr


def test_a_full_disk_is_said_and_after_room_is_made_the_same_ingest_ends_well(tmp_path: Path) -> None:
    disk = tmp_path / "small disk"
    disk.mkdir()
    small, big = put(tmp_path / "a.log", LINE), put(tmp_path / "b.log", LINE + os.urandom(500_000).replace(b"\n", b""))
    # the second attempt happens on the same disk, once something else on it was removed
    script = tmp_path / "twice.sh"
    script.write_text(
        'dd if=/dev/zero of="$1/ballast" bs=1k count=400 2>/dev/null; shift\n'
        '"$@"; echo "then $?"; rm "$HOME/ballast"; "$@"; find "$HOME" -name "*.json" | wc -l\n'
    )
    command = [sys.executable, "-c", INGEST, str(disk), str(small), str(big)]
    done = subprocess.run(
        [*on_small_disk(disk, 800), "sh", str(script), str(disk), *command],
        cwd=PROJECT_ROOT,
        env=os.environ | {"HOME": str(disk)},
        capture_output=True,
        text=True,
    )
    assert "the disk is full" in done.stderr.splitlines()[-1]
    assert done.stdout.splitlines() == ["then 1", "1 []", "2"]


def test_headers_are_counted_and_not_lines(home: Home, tmp_path: Path) -> None:
    cloud = put(tmp_path / "c.log", f"{CLOUDFRONT_HEADER}{cloudfront()}\n".encode())
    shop = put(tmp_path / "s.csv", f"\ufeff{CSV_HEADER}{csv()}\r\n{csv()}".encode())
    records = {record.source: record for record in home.ingest(cloud, shop).landed}
    assert [(r.header_lines, r.lines) for r in (records["cloudfront"], records["ecommerce_csv"])] == [(2, 1), (1, 2)]
    assert records["ecommerce_csv"].fields[0] == "event_time"
