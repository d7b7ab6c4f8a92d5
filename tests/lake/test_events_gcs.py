"""The events table in a bucket: the same commits as in a folder, over the protocol that delta-rs speaks to gs://.

What "put once" is worth, the emulator's extension (xml_emulator.py) says and not Google: these tests hold that a
commit asks for it, and that a refused one loses nothing.
"""

from __future__ import annotations

from datetime import date

import pytest

from footfall.lake import events
from footfall.lake.storage import storage_for
from tests.lake.xml_emulator import LOSES_ANSWERS
from tests.processes import python, race

SUNDAY, MONDAY = date(2024, 5, 12), date(2024, 5, 13)


@pytest.fixture
def zone(strict_bucket: str) -> str:
    return f"{strict_bucket}/events"


def staged(run_id: str, day: date) -> events.StagedFile:
    return events.StagedFile(f"{run_id}/event_date={day}/part-0.parquet", day, 1000, 10)


def test_a_commit_replaces_its_dates_alone(zone: str) -> None:
    assert events.open_table(zone) is None
    both = [staged("run-1", SUNDAY), staged("run-1", MONDAY)]
    assert events.commit(zone, "run-1", both, [SUNDAY, MONDAY], base_version=None) == 0
    assert events.commit(zone, "run-2", [staged("run-2", MONDAY)], [MONDAY], base_version=0) == 1

    table = events.open_table(zone)
    assert table is not None
    assert events.dates_in(table) == {SUNDAY, MONDAY}
    assert events.files_of(table) == [
        f"{zone}/run-1/event_date=2024-05-12/part-0.parquet",
        f"{zone}/run-2/event_date=2024-05-13/part-0.parquet",
    ]
    assert events.files_of(table, [SUNDAY]) == [f"{zone}/run-1/event_date=2024-05-12/part-0.parquet"]
    assert events.dates_changed_since(zone, 0) == {MONDAY}
    assert events.committed_version(table, "run-1") == 0
    assert events.committed_version(table, "run-2") == 1
    assert events.committed_version(table, "run-3") is None


def test_the_log_in_a_bucket_tells_causes_and_keeps_checkpoints(zone: str) -> None:
    for number in range(12):
        day, cause = (SUNDAY, "new_data") if number % 2 == 0 else (MONDAY, "replay")
        run_id = f"run-{number}"
        base_version = number - 1 if number else None
        version = events.commit(
            zone, run_id, [staged(run_id, day)], [day], base_version=base_version, causes={day: [cause]}
        )
        assert version == number
    logged = [entry.path for entry in storage_for(zone).list("_delta_log/")]
    assert "_delta_log/00000000000000000009.checkpoint.parquet" in logged
    assert len(logged) == 14  # and the commits, and _last_checkpoint

    # what the checkpoint stands for is not read any more
    for version in range(9):
        storage_for(zone).delete(f"_delta_log/{version:020}.json")
    table = events.open_table(zone)
    assert [events.committed_version(table, run_id) for run_id in ("run-0", "run-11", "run-12")] == [0, 11, None]
    assert events.newest_run(zone) == "run-11"
    assert events.causes_between(zone, 9, 11) == {SUNDAY: [("run-10", "new_data")], MONDAY: [("run-11", "replay")]}
    assert events.dates_changed_between(zone, 9, 10) == {SUNDAY}
    with pytest.raises(events.VersionGone, match=f"Version 8 of the events table {zone} cannot be read"):
        events.causes_between(zone, 7, 11)
    with pytest.raises(events.VersionGone, match="Version 8 "):
        events.dates_changed_between(zone, 8, None)


@pytest.mark.parametrize("base_version", [None, 0])
def test_of_two_commits_on_one_version_exactly_one_is_made(zone: str, base_version: int | None) -> None:
    if base_version is not None:
        events.commit(zone, "run-0", [staged("run-0", SUNDAY)], [SUNDAY], base_version=None)
    code = (
        "import sys; from datetime import date; from footfall.lake import events\n"
        "zone, run_id, base = sys.argv[1], sys.argv[2], None if sys.argv[3] == 'None' else int(sys.argv[3])\n"
        "day = date.fromisoformat(sys.argv[4]); events.open_table(zone)\n"
        "file = events.StagedFile(f'{run_id}/event_date={day}/part-0.parquet', day, 1000, 10)\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "try: print('made', events.commit(zone, run_id, [file], [day], base_version=base))\n"
        "except events.StaleRun as stale: print(stale)"
    )
    # also where their dates differ: both were staged without knowing of the other
    runs = {"run-a": SUNDAY, "run-b": MONDAY, "run-c": SUNDAY}
    answers = race([python(code, zone, run_id, base_version, day) for run_id, day in runs.items()])
    version = 0 if base_version is None else 1
    made = [run_id for run_id, answer in zip(runs, answers, strict=True) if answer == f"made {version}"]
    refused = [
        run_id for run_id, answer in zip(runs, answers, strict=True) if f"Run {run_id} was staged on a" in answer
    ]
    assert len(made) == 1, answers
    assert sorted([*made, *refused]) == ["run-a", "run-b", "run-c"], answers
    table = events.open_table(zone)
    assert events.version_of(table) == version
    assert [events.committed_version(table, run_id) for run_id in made] == [version]
    assert [events.committed_version(table, run_id) for run_id in refused] == [None, None]


def test_a_commit_whose_answer_was_lost_is_made(strict_bucket: str) -> None:
    """delta-rs puts it again, is told that the version exists, and cannot know that it is its own."""
    zone = f"{strict_bucket}/{LOSES_ANSWERS}"
    assert events.commit(zone, "run-1", [staged("run-1", SUNDAY)], [SUNDAY], base_version=None) == 0
    assert events.commit(zone, "run-2", [staged("run-2", SUNDAY)], [SUNDAY], base_version=0) == 1
    # another attempt of the same run is another commit
    with pytest.raises(events.StaleRun):
        events.commit(zone, "run-2", [staged("run-2", SUNDAY)], [SUNDAY], base_version=0)
    assert events.version_of(events.open_table(zone)) == 1
