"""The events table's log in a folder: who committed what and why, races, checkpoints, and what is kept how long."""

from __future__ import annotations

import os
import time
from datetime import date
from pathlib import Path

import pytest

from footfall.lake import events
from tests.processes import python, race

SATURDAY, SUNDAY, MONDAY = date(2024, 5, 11), date(2024, 5, 12), date(2024, 5, 13)


def staged(run_id: str, *days: date) -> list[events.StagedFile]:
    return [events.StagedFile(f"{run_id}/event_date={day}/part-0.parquet", day, 1000, 10) for day in days]


def commit_many(zone: str, first: int, count: int) -> None:
    """Versions ``first`` to ``first + count - 1``, by the runs run-<version>, each of SUNDAY."""
    for version in range(first, first + count):
        run_id = f"run-{version}"
        base_version = version - 1 if version else None
        events.commit(
            zone, run_id, staged(run_id, SUNDAY), [SUNDAY], base_version=base_version, causes={SUNDAY: ["new_data"]}
        )


@pytest.fixture
def zone(tmp_path: Path) -> str:
    return str(tmp_path / "a lake with spaces" / "events")


def test_changes_and_causes_between_two_versions(zone: str) -> None:
    both = [SUNDAY, MONDAY]
    events.commit(
        zone, "run-0", staged("run-0", *both), both, base_version=None, causes={day: ["new_data"] for day in both}
    )
    why = {SATURDAY: ["replay", "new_data", "replay"], MONDAY: ["unimport"], SUNDAY: []}
    events.commit(zone, "run-1", staged("run-1", SATURDAY), [SATURDAY, MONDAY], base_version=0, causes=why)
    events.commit(zone, "run-2", staged("run-0", MONDAY), [MONDAY], base_version=1, causes={MONDAY: ["backfill"]})
    events.commit(zone, "run-3", staged("run-3", SUNDAY), [SUNDAY], base_version=2)  # says no cause

    assert events.dates_changed_between(zone, None, 0) == {SUNDAY, MONDAY}
    assert events.dates_changed_between(zone, 0, 1) == {SATURDAY, MONDAY}
    assert events.dates_changed_between(zone, 0, 2) == {SATURDAY}  # Monday was put back as it was
    assert events.dates_changed_between(zone, 2, 0) == {SATURDAY}
    assert events.dates_changed_between(zone, 2, None) == events.dates_changed_since(zone, 2) == {SUNDAY}
    assert events.dates_changed_between(zone, 3, 3) == set()

    assert events.causes_between(zone, None, 0) == {SUNDAY: [("run-0", "new_data")], MONDAY: [("run-0", "new_data")]}
    assert events.causes_between(zone, 0, 3) == {
        SATURDAY: [("run-1", "new_data"), ("run-1", "replay")],
        MONDAY: [("run-1", "unimport"), ("run-2", "backfill")],
    }
    assert events.causes_between(zone, 1, 2) == {MONDAY: [("run-2", "backfill")]}
    assert events.causes_between(zone, 3, 3) == {}


def test_a_version_that_is_not_there_is_told_as_such(zone: str) -> None:
    assert events.dates_changed_between(zone, None, None) == set()
    commit_many(zone, 0, 2)
    for before in (2, 7):
        with pytest.raises(
            events.VersionGone, match=f"Version {before} .* the table was made anew since. Take every date"
        ):
            events.dates_changed_since(zone, before)
    with pytest.raises(events.VersionGone, match="Version 2 "):
        events.causes_between(zone, 0, 2)


def test_a_log_past_its_retention_is_deleted_and_the_runs_are_still_known(zone: str) -> None:
    commit_many(zone, 0, 25)
    log = Path(zone, "_delta_log")
    long_ago = time.time() - 40 * 86_400
    for version in range(15):
        for path in log.glob(f"{version:020}.*"):
            os.utime(path, (long_ago, long_ago))
    commit_many(zone, 25, 5)  # up to a checkpoint, with which delta-rs cleans up
    assert min(log.glob("*.json")).name == f"{9:020}.json"

    table = events.open_table(zone)
    assert [events.committed_version(table, f"run-{version}") for version in (0, 9, 28, 29)] == [0, 9, 28, 29]
    assert events.committed_version(table, "run-30") is None
    assert events.newest_run(zone) == "run-29"
    # every version younger than that can be read, and some older ones
    assert events.dates_changed_between(zone, 9, 29) == events.dates_changed_between(zone, 15, 16) == {SUNDAY}
    assert [run_id for run_id, _ in events.causes_between(zone, 26, 29)[SUNDAY]] == ["run-27", "run-28", "run-29"]
    with pytest.raises(events.VersionGone, match=r"Version 8 .*older than the 30 days that are kept"):
        events.dates_changed_since(zone, 8)
    with pytest.raises(events.VersionGone, match="Version 0 "):
        events.causes_between(zone, None, 29)


def test_the_log_is_told_of_the_version_asked_for_while_others_commit(zone: str) -> None:
    commit_many(zone, 0, 3)
    seen = events.open_table(zone)
    commit_many(zone, 3, 3)
    assert events.committed_version(seen, "run-2") == 2
    assert events.committed_version(seen, "run-4") is None
    assert events.causes_between(zone, 0, 2) == {SUNDAY: [("run-1", "new_data"), ("run-2", "new_data")]}


@pytest.mark.parametrize("run_ids", [["a", "b", "c"], ["a", "a", "a"]], ids=["runs", "attempts of one run"])
@pytest.mark.parametrize("base_version", [None, 8])
def test_of_processes_on_one_version_exactly_one_commits(
    zone: str, base_version: int | None, run_ids: list[str]
) -> None:
    if base_version is not None:
        commit_many(zone, 0, base_version + 1)  # the winner writes a checkpoint
    code = (
        "import sys; from datetime import date; from footfall.lake import events\n"
        "zone, run_id, base = sys.argv[1], sys.argv[2], None if sys.argv[3] == 'None' else int(sys.argv[3])\n"
        "path = f'{run_id}/{sys.argv[4]}/part-0.parquet'; day = date(2024, 5, 12)\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "try: print(events.commit(zone, run_id, [events.StagedFile(path, day, 1000, 10)], [day], base_version=base))\n"
        "except events.StaleRun: print('stale')"
    )
    answers = race([python(code, zone, run_id, base_version, number) for number, run_id in enumerate(run_ids)])
    version = 0 if base_version is None else base_version + 1
    assert sorted(answers) == [str(version), "stale", "stale"]
    winner = answers.index(str(version))
    table = events.open_table(zone)
    assert table is not None
    assert table.version() == version == events.committed_version(table, run_ids[winner])
    assert events.files_of(table) == [f"{zone}/{run_ids[winner]}/{winner}/part-0.parquet"]


def test_a_checkpoint_that_cannot_be_written_does_not_undo_the_commit(zone: str) -> None:
    commit_many(zone, 0, 9)
    obstacle = Path(zone, "_delta_log", f"{9:020}.checkpoint.parquet")
    obstacle.mkdir()
    (obstacle / "in the way").touch()
    commit_many(zone, 9, 1)
    obstacle.joinpath("in the way").unlink()
    obstacle.rmdir()
    commit_many(zone, 10, 11)
    assert events.committed_version(events.open_table(zone), "run-9") == 9
    assert [path.name for path in Path(zone, "_delta_log").glob("*.checkpoint.parquet")] == [
        f"{19:020}.checkpoint.parquet"
    ]


def test_a_writer_killed_at_any_point_leaves_a_whole_version(zone: str) -> None:
    """Killed twice while it commits without a pause, a checkpoint with every tenth commit."""
    code = (
        "import sys; from tests.lake.test_events import commit_many; from footfall.lake import events\n"
        "newest = events.version_of(events.open_table(sys.argv[1]))\n"
        "for version in range(0 if newest is None else newest + 1, 10_000):\n"
        "    commit_many(sys.argv[1], version, 1); print(version, flush=True)"
    )
    for seconds in (0.1, 0.31):
        writer = python(code, zone)
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(seconds)
        writer.kill()
        told = int(writer.communicate()[0].splitlines()[-1])
        table = events.open_table(zone)
        assert table is not None
        assert table.version() in (told, told + 1)
        assert events.committed_version(table, f"run-{table.version()}") == table.version()
        assert events.files_of(table) == [f"{zone}/run-{table.version()}/event_date=2024-05-12/part-0.parquet"]
    assert list(Path(zone, "_delta_log").glob("*.checkpoint.parquet")), "no kill came after a checkpoint"
