"""The events table in a bucket: the same commits as in a folder, over the protocol that delta-rs speaks to gs://.

What "put once" is worth, the emulator's extension (xml_emulator.py) says and not Google: these tests hold that a
commit asks for it, and that a refused one loses nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from deltalake.exceptions import CommitFailedError
from deltalake.transaction import AddAction

from footfall.lake import events
from footfall.lake.storage import storage_for

BUCKET = "footfall-delta"
SUNDAY, MONDAY = date(2024, 5, 12), date(2024, 5, 13)


@pytest.fixture(scope="module")
def emulator() -> Iterator[str]:
    program = Path(__file__).with_name("xml_emulator.py")
    process = subprocess.Popen([sys.executable, str(program), BUCKET], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    assert address, "the emulator did not start"
    yield address
    process.kill()
    process.wait()


@pytest.fixture
def zone(emulator: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """An events zone of its own for one test. delta-rs and Google's library each have their variable."""
    account = {"gcs_base_url": emulator, "disable_oauth": True}
    account |= {"client_email": "", "private_key": "", "private_key_id": ""}
    monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT_KEY", json.dumps(account))
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", emulator)
    return f"gs://{BUCKET}/{request.node.name}/events"


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


def test_the_storage_sees_what_delta_wrote(zone: str) -> None:
    events.commit(zone, "run-1", [staged("run-1", SUNDAY)], [SUNDAY], base_version=None)
    assert [entry.path for entry in storage_for(zone).list("_delta_log/")] == ["_delta_log/00000000000000000000.json"]


def test_of_two_commits_on_one_version_the_second_is_refused(zone: str) -> None:
    events.commit(zone, "run-1", [staged("run-1", SUNDAY)], [SUNDAY], base_version=None)
    late = events.open_table(zone)
    assert late is not None
    events.commit(zone, "run-2", [staged("run-2", SUNDAY)], [SUNDAY], base_version=0)
    action = AddAction(
        path="run-3/event_date=2024-05-12/part-0.parquet",
        size=1000,
        partition_values={"event_date": "2024-05-12"},
        modification_time=0,
        data_change=True,
        stats="{}",
    )
    with pytest.raises(CommitFailedError, match="concurrent transaction"):
        late.create_write_transaction(
            [action],
            mode="overwrite",
            schema=events.delta_schema(),
            partition_by=["event_date"],
            partition_filters=[("event_date", "in", ["2024-05-12"])],
        )
    table = events.open_table(zone)
    assert table is not None
    assert events.files_of(table) == [f"{zone}/run-2/event_date=2024-05-12/part-0.parquet"]
