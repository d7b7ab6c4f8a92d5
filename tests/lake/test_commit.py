"""Whatever the order and repetition in which files arrive, and wherever a run dies: the same events, each once."""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from footfall import pipeline
from footfall.lake import events
from footfall.lake.events import StaleRun
from footfall.settings import PROJECT_ROOT
from tests.bad_lines import CLF_TIME, CLOUDFRONT_HEADER, CSV_HEADER, cloudfront, combined, common, csv
from tests.home import Home, new_home

pytestmark = pytest.mark.xdist_group("commit")

MIDNIGHT = datetime(2024, 5, 13, tzinfo=UTC)


def hits(first: datetime, count: int, minutes: int, ip: str = "203.0.113.9") -> list[str]:
    """Lines of one visitor at even intervals, each for a page of its own."""
    times = [first + timedelta(minutes=minutes * number) for number in range(count)]
    return [combined(ip=ip, time=f"{at:{CLF_TIME}}", request=f"GET /{at:%d-%H-%M} HTTP/1.1") for at in times]


def write(path: Path, lines: list[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return new_home(tmp_path / "home")


def test_the_order_of_arrival_does_not_matter(tmp_path: Path) -> None:
    walker = hits(MIDNIGHT - timedelta(hours=3), 16, 20)  # 21:00 to 02:00
    other = hits(MIDNIGHT - timedelta(hours=20), 3, 5, ip="198.51.100.7")
    twice = [combined(ip="198.51.100.8")] * 2
    evening = write(tmp_path / "evening.log", [*walker[:9], *other, *twice, "no log line"])
    morning = write(tmp_path / "morning.log", [*walker[6:], *twice, twice[0]])  # overlaps: three lines, and a copy more
    late = write(tmp_path / "late.log", [*hits(MIDNIGHT - timedelta(hours=3, minutes=25), 1, 1), *other[1:]])
    together = new_home(tmp_path / "together")
    together.take(evening, morning, late)

    for name, order in {"as made": (evening, morning, late), "backwards": (late, morning, evening)}.items():
        home = new_home(tmp_path / name)
        for path in order:
            home.take(path)
            home.assert_every_line_is_accounted_for()
        assert home.table() == together.table(), name
        assert home.counts() == together.counts(), name

    # 16 + 3 + 3 + 1 distinct hits; 3 + 2 of the walker and the twins, 2 of the late file's are copies
    rows = together.rows()
    assert len(rows) == 16 + 3 + 3 + 1
    assert sum(repeated for _, _, repeated, _ in together.counts().values()) == 3 + 2 + 2
    walked = [row for row in rows if row["visitor_id"] == _visitor(rows, walker[0])]
    walked.sort(key=lambda row: row["event_ts"])
    assert len({row["session_id"] for row in walked}) == 1, "midnight does not end a session"
    assert [row["session_event_number"] for row in walked] == list(range(1, 18))
    assert {row["session_start_ts"] for row in walked} == {MIDNIGHT - timedelta(hours=3, minutes=25)}


def _visitor(rows: list[dict], line: str) -> str:
    path = line.split('"')[1].split()[1]
    return next(row["visitor_id"] for row in rows if row["page_path"] == path)


def test_the_copy_that_gives_way_is_counted_on_the_file_that_holds_it(home: Home, tmp_path: Path) -> None:
    lines = hits(MIDNIGHT, 4, 1)
    one, two = write(tmp_path / "one.log", lines[:3]), write(tmp_path / "two.log", lines[1:])
    home.take(one)
    home.take(two)
    keeper, giver = sorted((home.record(one), home.record(two)), key=lambda record: record.sha256)
    assert (keeper.events, keeper.repeated) == (3, 0)
    assert (giver.events, giver.repeated) == (1, 2)


def test_a_session_of_more_than_a_day_is_cut(home: Home, tmp_path: Path) -> None:
    lines = hits(MIDNIGHT - timedelta(hours=2), 60, 29)  # 29 hours, over two midnights' worth of runs
    home.take(write(tmp_path / "first.log", lines[:5]))
    home.take(write(tmp_path / "second.log", lines[5:]))
    rows = sorted(home.rows(), key=lambda row: row["event_ts"])
    begins = [row for row in rows if row["session_event_number"] == 1]
    assert [(row["split_reason"], row["event_ts"]) for row in begins] == [
        ("inactivity", MIDNIGHT - timedelta(hours=2)),
        ("max_duration", MIDNIGHT - timedelta(hours=2) + timedelta(minutes=29 * 50)),
    ]
    for row in rows:
        assert row["event_ts"] - row["session_start_ts"] < timedelta(hours=24)


def test_a_date_that_landing_did_not_see_replaces_nothing(home: Home, tmp_path: Path) -> None:
    home.take(write(tmp_path / "day.log", hits(MIDNIGHT, 3, 1)))
    odd = combined(ip="198.51.100.9", time="13-May-2024:00:05:00 +0000")
    home.take(write(tmp_path / "odd.log", [odd, *hits(MIDNIGHT + timedelta(days=9), 1, 1)]))
    turned = CSV_HEADER.replace("event_time,event_type", "event_type,event_time")
    line = csv(time="view", kind="2024-05-13 00:07:00 UTC")
    path = tmp_path / "turned.csv"
    path.write_text(turned + line + "\n")
    home.take(path)
    by_date = [row["event_date"] for row in home.rows()]
    assert by_date.count("2024-05-13") == 5
    home.assert_every_line_is_accounted_for()


def test_formats_line_ends_and_compressions_side_by_side_in_one_run(home: Home, tmp_path: Path) -> None:
    good = [combined(request=f"GET /{number} HTTP/1.1") for number in range(3)]
    data = {
        "crlf.log": "\r\n".join([*good, ""]).encode(),
        "no-end.log": "\n".join(good[::-1]).encode(),
        "members.log.gz": b"".join(gzip.compress(f"{line}9\n".encode()) for line in good),
        "padded.log.gz": gzip.compress(f"{good[0]}8\n".encode()) + b"\0" * 512,
        "common.log": f"{common()}\n".encode(),
        "cloudfront.log": f"{CLOUDFRONT_HEADER}{cloudfront()}\n{CLOUDFRONT_HEADER}{cloudfront(path='/b')}\n".encode(),
        "shop.csv.gz": gzip.compress(f"\ufeff{CSV_HEADER}{csv()}\n".encode()),
        "empty.log": b"",
        "empty.log.gz": gzip.compress(b""),
    }
    paths = []
    for name, content in data.items():
        paths.append(tmp_path / name)
        paths[-1].write_bytes(content)
    home.take(*paths)
    home.assert_every_line_is_accounted_for()
    became = {path.name: home.record(path) for path in paths}
    assert {name: (record.lines, record.events, record.repeated) for name, record in became.items()} == {
        "crlf.log": (3, became["crlf.log"].events, 3 - became["crlf.log"].events),
        "no-end.log": (3, 3 - became["crlf.log"].events, became["crlf.log"].events),
        "members.log.gz": (3, 3, 0),
        "padded.log.gz": (1, 1, 0),
        "common.log": (1, 1, 0),
        "cloudfront.log": (4, 2, 0),  # a header in the middle (files put together with cat) is two bad lines
        "shop.csv.gz": (1, 1, 0),
        "empty.log": (0, 0, 0),
        "empty.log.gz": (0, 0, 0),
    }
    numbers = [row["line_number"] for row in home.rows() if row["source"] == "cloudfront"]
    assert numbers == [3, 6]
    assert all("\r" not in (row["user_agent"] or "") for row in home.rows())


def test_a_second_run_on_the_same_version_is_refused_and_its_files_stay_pending(home: Home, tmp_path: Path) -> None:
    home.ingest(write(tmp_path / "one.log", hits(MIDNIGHT, 2, 1)))
    first, second = home.stage("first"), home.stage("second")
    home.commit(first)
    home.ingest(write(tmp_path / "two.log", hits(MIDNIGHT, 2, 1, ip="198.51.100.1")))
    third, fourth = home.stage("third"), home.stage("fourth")
    home.commit(third)
    before = home.table()
    for stale in (second, fourth):
        with pytest.raises(StaleRun, match="footfall sessionize"):
            home.commit(stale)
    assert home.table() == before
    home.ingest(write(tmp_path / "three.log", hits(MIDNIGHT, 1, 1, ip="198.51.100.2")))
    with pytest.raises(StaleRun):
        home.commit(fourth)
    assert len(home.ledger.pending()) == 1


def test_a_committed_run_id_stages_nothing_again(home: Home, tmp_path: Path) -> None:
    home.ingest(write(tmp_path / "one.log", hits(MIDNIGHT, 2, 1)))
    manifest = home.stage("once")
    home.commit(manifest)
    before = home.table()
    home.ingest(write(tmp_path / "two.log", hits(MIDNIGHT, 2, 1, ip="198.51.100.1")))
    assert home.stage("once") is None
    assert home.commit(manifest).already
    assert home.table() == before
    assert len(home.ledger.pending()) == 1


def test_a_crash_between_the_table_and_the_ledger_is_finished_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = hits(MIDNIGHT, 6, 1)
    # The second file holds all of the first: whichever gives way, its record has to change with the table
    one, two = write(tmp_path / "one.log", lines[:2]), write(tmp_path / "two.log", lines)
    whole = new_home(tmp_path / "whole")
    whole.take(one)
    whole.ingest(two)
    manifest = whole.stage("same")
    for run_id in ("same", "another"):
        shutil.copytree(tmp_path / "whole", tmp_path / run_id)
    whole.commit(manifest)
    for run_id in ("same", "another"):
        broken = new_home(tmp_path / run_id)
        with monkeypatch.context() as crash:
            crash.setattr("footfall.lake.ledger.Ledger.settle", _power_cut)
            with pytest.raises(KeyboardInterrupt):
                broken.commit(manifest)
        assert len(broken.ledger.pending()) == 1
        assert broken.stage(run_id) is None, "there is nothing left but the ledger to put right"
        assert broken.ledger.pending() == []
        assert broken.table() == whole.table()
        assert broken.counts() == whole.counts()
        broken.assert_every_line_is_accounted_for()


def _power_cut(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_killed_job_leaves_nothing_and_runs_again(home: Home, tmp_path: Path) -> None:
    home.take(write(tmp_path / "before.log", hits(MIDNIGHT, 2, 1)))
    before = home.table()
    path = write(tmp_path / "big.log", [combined(request=f"GET /{n} HTTP/1.1") for n in range(60_000)])
    home.ingest(path)
    keys = home.settings.privacy
    assert keys.visitor_key is not None
    assert keys.event_key is not None
    job = subprocess.Popen(
        [sys.executable, "-m", pipeline.SPARK_JOB, "--run-id", "killed"],
        cwd=PROJECT_ROOT,
        env=os.environ
        | {"FOOTFALL_HOME": str(home.settings.home), "PYTHONPATH": str(PROJECT_ROOT)}
        | {"FOOTFALL_PRIVACY__VISITOR_KEY": keys.visitor_key.get_secret_value()}
        | {"FOOTFALL_PRIVACY__EVENT_KEY": keys.event_key.get_secret_value()},
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    staging = Path(home.settings.zone("events")) / "killed"
    deadline = time.monotonic() + 60
    while not any(staging.rglob("*.parquet")) and job.poll() is None:
        assert time.monotonic() < deadline, "the job never wrote"
        time.sleep(0.005)
    job.send_signal(signal.SIGKILL)
    assert job.wait() == -signal.SIGKILL, "the job was done before it could be killed"
    assert home.table() == before
    other = home.stage("another")
    home.commit(home.stage("killed"))
    home.assert_every_line_is_accounted_for()
    assert home.record(path).events == 60_000
    table = events.open_table(home.settings.zone("events"))
    assert table is not None
    in_table = {Path(file).name for file in events.files_of(table)}
    assert {file.name for file in staging.rglob("*.parquet")} <= in_table, "the killed attempt's files are gone"
    with pytest.raises(StaleRun):
        home.commit(other)


def test_an_empty_file_alone_changes_no_event(home: Home, tmp_path: Path) -> None:
    home.take(write(tmp_path / "one.log", hits(MIDNIGHT, 2, 1)))
    before = home.table()
    empty = write(tmp_path / "empty.log", [])
    home.take(empty)
    assert home.table() == before
    assert home.record(empty).lines == 0


def test_a_file_of_bad_lines_alone_changes_no_event(home: Home, tmp_path: Path) -> None:
    home.take(write(tmp_path / "one.log", hits(MIDNIGHT, 2, 1)))
    before = home.table()
    bad = write(tmp_path / "bad.log", [combined(time=f"{MIDNIGHT:{CLF_TIME}}", status="000")])
    home.take(bad)
    assert home.table() == before
    assert home.record(bad).quarantined == {"bad_status": 1}


def test_the_version_says_which_dates_changed(home: Home, tmp_path: Path) -> None:
    first = home.take(write(tmp_path / "one.log", hits(MIDNIGHT, 1, 1) + hits(MIDNIGHT + timedelta(days=5), 1, 1)))
    home.take(write(tmp_path / "two.log", hits(MIDNIGHT, 1, 1, ip="198.51.100.1")))
    assert events.dates_changed_since(home.settings.zone("events"), first.version) == {date(2024, 5, 13)}


def test_without_its_raw_file_a_run_says_so_and_changes_nothing(home: Home, tmp_path: Path) -> None:
    home.ingest(write(tmp_path / "one.log", hits(MIDNIGHT, 1, 1)))
    shutil.rmtree(home.settings.zone("raw"))
    with pytest.raises(Exception, match="does not exist"):
        home.stage()
    assert len(home.ledger.pending()) == 1
