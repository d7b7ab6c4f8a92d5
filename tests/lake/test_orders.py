"""A file that is taken out, or read again, leaves the lake as if it had always been so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from footfall.errors import InputError
from footfall.lake import orders
from footfall.lake.events import StaleRun
from footfall.lake.storage import storage_for
from footfall.settings import LimitSettings
from tests.bad_lines import CLF_TIME, combined
from tests.home import Home, new_home

pytestmark = [pytest.mark.xdist_group("sail"), pytest.mark.usefixtures("shared_engine")]

NOON = datetime(2024, 5, 13, 12, tzinfo=UTC)
LATE_EVENING = datetime(2024, 5, 13, 23, 50, tzinfo=UTC)
DAY = timedelta(days=1)


def hit(at: datetime, page: str, ip: str = "203.0.113.9") -> str:
    return combined(ip=ip, time=f"{at:{CLF_TIME}}", request=f"GET {page} HTTP/1.1")


def write(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return new_home(tmp_path / "home")


def run(home: Home) -> None:
    home.commit(home.stage())
    home.assert_every_line_is_accounted_for()


def assert_same(home: Home, path: Path, *files: Path) -> None:
    """The lake equals one that has only ever seen ``files``."""
    other = new_home(path, limits=home.settings.limits)
    if files:
        other.take(*files)
    assert home.table() == other.table()
    assert home.counts() == other.counts()
    assert [row["line"] for row in home.quarantined()] == [row["line"] for row in other.quarantined()]


def test_of_lines_that_several_files_hold_one_stays_when_its_holder_goes(home: Home, tmp_path: Path) -> None:
    shared = [hit(NOON + timedelta(minutes=minute), f"/{minute}") for minute in range(5)]
    files = [
        write(tmp_path / "a.log", *shared[:4], shared[0]),  # one line twice: two events
        write(tmp_path / "b.log", *shared[1:]),
        write(tmp_path / "c.log", *shared, hit(NOON + timedelta(days=3), "/alone")),
    ]
    home.take(*files)
    for gone in files:
        home.unimport(gone)
        run(home)
        assert_same(home, tmp_path / f"without {gone.name}", *(file for file in files if file != gone))
        assert not storage_for(home.settings.zone("raw")).exists(f"{record(home, gone)[:2]}/{record(home, gone)}")
        home.take(gone)
        assert_same(home, tmp_path / f"again with {gone.name}", *files)


def record(home: Home, path: Path) -> str:
    return next(found.sha256 for found in home.ledger.records() if str(path) in found.names)


def test_a_session_falls_apart_when_the_event_that_joined_it_goes(home: Home, tmp_path: Path) -> None:
    ends = write(tmp_path / "ends.log", hit(NOON, "/1"), hit(NOON + timedelta(minutes=50), "/3"), "no log line")
    middle = write(tmp_path / "middle.log", hit(NOON + timedelta(minutes=25), "/2"))
    home.take(ends)
    home.take(middle)
    assert len({row["session_id"] for row in home.rows()}) == 1
    home.unimport(middle)
    run(home)
    assert len({row["session_id"] for row in home.rows()}) == 2
    assert_same(home, tmp_path / "ends", ends)
    home.unimport(ends)
    run(home)
    assert_same(home, tmp_path / "nothing")


def test_a_date_goes_with_the_only_file_it_has_although_somebody_was_up_before_it(home: Home, tmp_path: Path) -> None:
    evening = write(tmp_path / "evening.log", hit(LATE_EVENING, "/1"))
    morning = write(tmp_path / "morning.log", hit(LATE_EVENING + timedelta(minutes=20), "/2"))
    home.take(evening, morning)
    home.unimport(morning)
    run(home)
    assert_same(home, tmp_path / "evening", evening)


def test_an_inbox_does_not_bring_back_what_was_taken_out_and_a_path_does(home: Home, tmp_path: Path) -> None:
    path = write(tmp_path / "one.log", hit(NOON, "/1"))
    home.take(path)
    home.unimport(path)
    with pytest.raises(InputError, match="footfall sessionize"):
        raise InputError(home.ingest(path).refused[0][1])
    run(home)
    assert home.rows() == []
    assert home.ingest(path, from_inbox=True).known == [str(path)]
    assert home.stage() is None
    home.take(path)
    assert len(home.rows()) == 1


def test_a_file_that_is_out_may_be_taken_out_again(home: Home, tmp_path: Path) -> None:
    path = write(tmp_path / "rotated.log", hit(NOON, "/1"))
    home.take(path)
    home.unimport(path)
    run(home)
    # As after a kill between the commit and the publish: the command must be able to go on
    (found,) = orders.unimport(home.settings, [str(path)])
    assert found.taken_out
    assert home.ledger.pending() == []
    # Another file of that name is the one that is meant
    home.take(write(path, hit(NOON, "/2")))
    path.unlink()
    home.unimport(path)
    run(home)
    assert home.rows() == []


def test_a_landed_file_that_no_run_has_taken_in_leaves_at_once(home: Home, tmp_path: Path) -> None:
    path = write(tmp_path / "one.log", hit(NOON, "/1"))
    home.ingest(path)
    home.unimport(path)
    assert home.ledger.pending() == []
    assert list(storage_for(home.settings.zone("raw")).list()) == []
    home.take(path)
    assert len(home.rows()) == 1


def test_nothing_stays_of_a_file_whose_run_was_refused(home: Home, tmp_path: Path) -> None:
    path = write(tmp_path / "bad.log", "no log line", hit(NOON, "/1"))
    home.ingest(path)
    home.stage()
    assert len(home.quarantined()) == 1
    home.unimport(path)
    assert home.quarantined() == []


def test_a_file_is_named_by_path_content_or_hash(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [write(tmp_path / f"{page}.log", hit(NOON, f"/{page}")) for page in "abc"]
    home.take(*paths)
    hashes = {path.stem: home.record(path).sha256 for path in paths}
    monkeypatch.chdir(tmp_path)
    moved = paths[2].rename(tmp_path / "moved.log")
    names = [hashes["a"][:8], "b.log", str(moved), hashes["b"]]
    assert [found.sha256 for found in orders.unimport(home.settings, names)] == [hashes[page] for page in "abc"]


def test_a_name_that_is_none_or_means_two_files_asks_for_nothing(home: Home, tmp_path: Path) -> None:
    path = write(tmp_path / "rotated.log", hit(NOON, "/1"))
    home.take(path)
    home.take(write(path, hit(NOON, "/2")))
    path.unlink()
    with pytest.raises(InputError, match="names 2 files of this lake; name one by its hash"):
        home.unimport(path)
    with pytest.raises(InputError, match="is no file of this lake"):
        orders.unimport(home.settings, [home.rows()[0]["file_sha256"], "nobody.log"])
    assert home.ledger.pending() == []


def test_lines_that_were_quarantined_come_in_after_a_fix_and_again_changes_nothing(home: Home, tmp_path: Path) -> None:
    long = hit(NOON + timedelta(minutes=5), "/" + "x" * 2_000)
    mixed = write(tmp_path / "mixed.log", hit(NOON, "/1"), long, "no log line")
    copy = write(tmp_path / "copy.log", long, hit(NOON + timedelta(minutes=9), "/2"))
    fine = write(tmp_path / "fine.log", hit(NOON + timedelta(days=1), "/3"))
    strict = new_home(tmp_path / "home", limits=LimitSettings(max_line_bytes=1_000))
    strict.take(mixed, copy, fine)
    assert sum(quarantined for *_, quarantined in strict.counts().values()) == 3
    for time in ("once", "twice"):
        home.replay()
        home.commit(home.stage(time))
        home.assert_every_line_is_accounted_for()
        assert_same(home, tmp_path / f"mended {time}", mixed, copy, fine)
    assert [row["line"] for row in home.quarantined()] == ["no log line"]


def test_what_was_asked_for_since_the_staging_is_not_overruled_by_its_commit(home: Home, tmp_path: Path) -> None:
    path = write(tmp_path / "one.log", hit(NOON, "/1"))
    home.take(path)
    home.replay(path)
    manifest = home.stage("replay")
    home.unimport(path)
    with pytest.raises(StaleRun):
        home.commit(manifest)
    run(home)
    assert home.rows() == []


def test_a_run_that_settles_late_does_not_undo_the_run_after_it(home: Home, tmp_path: Path) -> None:
    shared = hit(NOON, "/1")
    one = write(tmp_path / "one.log", shared, hit(NOON, "/2"))
    two = write(tmp_path / "two.log", shared, hit(NOON, "/3"))
    home.ingest(one)
    first = home.stage("first")
    home.commit(first)
    home.take(two)
    home.unimport(two)
    run(home)
    before = home.counts()
    home.commit(first)  # a retry of a task that was thought to be dead
    assert home.counts() == before
    home.assert_every_line_is_accounted_for()


def test_a_log_in_local_time_costs_the_days_it_has_events_on(home: Home, tmp_path: Path) -> None:
    """Landing cannot tell 13 May 12:00 +0200 from the days around it; their stored events must not be replaced."""
    home.take(write(tmp_path / "days.log", *[hit(NOON + number * DAY, f"/{number}") for number in range(-1, 3)]))
    local = combined(ip="198.51.100.1", time="13/May/2024:12:00:00 +0200")
    home.ingest(write(tmp_path / "local.log", local))
    manifest = home.stage()
    assert manifest is not None
    assert manifest.dates == [NOON.date()]
    home.commit(manifest)
    home.assert_every_line_is_accounted_for()
    assert_same(home, tmp_path / "at once", tmp_path / "days.log", tmp_path / "local.log")


@pytest.mark.parametrize(
    ("late", "dates"),
    {
        "at noon nobody carries anything over": (hit(NOON, "/late"), ["2024-05-13"]),
        "in the evening of somebody who stays up": (hit(LATE_EVENING, "/late"), ["2024-05-13", "2024-05-14"]),
        "in the evening of somebody who goes to bed": (hit(LATE_EVENING, "/late", "198.51.100.1"), ["2024-05-13"]),
        "before a robot that never sleeps": (
            hit(NOON, "/late", "192.0.2.7"),
            ["2024-05-13", "2024-05-14", "2024-05-15", "2024-05-16"],
        ),
    }.values(),
)
def test_a_late_event_costs_the_days_it_changes(late: str, dates: list[str], home: Home, tmp_path: Path) -> None:
    """Four days: an owl is up at the first midnight, a robot comes every 20 minutes from half past noon on."""
    owl = [hit(LATE_EVENING + timedelta(minutes=5 + 20 * number), f"/{number}") for number in range(2)]
    robot = [
        hit(NOON + timedelta(minutes=20 * (number + 1)), f"/{number}", "192.0.2.7") for number in range(3 * 24 * 3 + 9)
    ]
    daily = [hit(NOON + number * DAY, f"/{number}", "198.51.100.1") for number in range(4)]
    early = [write(tmp_path / "days.log", *owl, *robot, *daily)]
    home.take(*early)
    home.ingest(write(tmp_path / "late.log", late))
    manifest = home.stage()
    assert manifest is not None
    assert [day.isoformat() for day in manifest.dates] == dates
    home.commit(manifest)
    assert_same(home, tmp_path / "at once", *early, tmp_path / "late.log")


def test_an_attempt_that_stages_after_another_one_committed_takes_nothing_from_it(home: Home, tmp_path: Path) -> None:
    """A retry, and the process it was thought to replace: one run id, two stagings, of which the first is committed."""
    one = write(tmp_path / "one.log", hit(NOON, "/1"))
    home.ingest(one)
    first = home.stage("same")
    two = write(tmp_path / "two.log", hit(NOON, "/2"))
    home.ingest(two)
    second = home.stage("same")
    home.commit(first)
    assert home.commit(second).already
    assert [waiting.record.names for waiting in home.ledger.pending()] == [[str(two)]]
    run(home)
    assert_same(home, tmp_path / "both", one, two)
