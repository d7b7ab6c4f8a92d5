"""``kill -9`` under the scheduler: Airflow's own retries bring everything to the end of an undisturbed run."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.dags.inbox import KEY_SETTINGS, fill, processed_at_once, tables
from tests.dags.kills import commands_of, is_command, signal_all
from tests.dags.scheduler import Scheduler

pytestmark = [pytest.mark.xdist_group("airflow"), pytest.mark.prove, pytest.mark.timeout(3600)]

# DAG, task, seconds after its command (or, without one, the task itself) has started: when most of the imports are done
TARGETS = [
    ("ingest", "ingest", 0.2),
    ("sessionize", "stage", 2.5),
    ("sessionize", "audit", 2.0),
    ("sessionize", "commit", 0.2),
    ("transform", "load", 0.3),
    ("transform", "marts.dbt_producer_watcher", 6.0),
    ("transform", "publish", 0.3),
]


def new_scheduler(folder: Path, environment: dict[str, str], *, days: int, visitors: int) -> Scheduler:
    home = folder / "home"
    inbox = fill(home / "inbox", days=days, visitors=visitors)
    return Scheduler(home, {**environment, **KEY_SETTINGS, "FOOTFALL_INBOX": inbox}, folder / "output.txt")


@pytest.mark.parametrize("command_lives_on", [False, True], ids=["with its command", "without its command"])
def test_a_killed_task_is_retried_and_nothing_is_lost_or_doubled(
    tmp_path: Path, real_footfall: dict[str, str], command_lives_on: bool
) -> None:
    scheduler = new_scheduler(tmp_path, real_footfall, days=2, visitors=200)
    expected = processed_at_once(tmp_path / "at once", scheduler.environment)
    scheduler.start()
    try:
        days = sorted(day.name for day in (scheduler.home / "inbox").iterdir())
        # The first day goes through untouched, so that readers have marts to lose
        trigger(scheduler, days[0])
        scheduler.wait_for("end of the first day", scheduler.has_settled, 300)
        before = tables(scheduler.home)

        trigger(scheduler, days[1])
        for dag_id, task_id, delay in TARGETS:
            kill_attempt(scheduler, dag_id, task_id, delay, command_lives_on=command_lives_on)
            seen = tables(scheduler.home)
            assert seen in ({**before, "events": seen["events"]}, {**expected, "events": seen["events"]})
        scheduler.wait_for("end of the second day", scheduler.has_settled, 600)

        assert tables(scheduler.home) == expected
        assert scheduler.rows("select dag_id, run_id from dag_run where state != 'success'") == []
        tries = scheduler.rows("select dag_id, task_id from task_instance where try_number > 1")
        assert set(tries) >= {(dag_id, task_id) for dag_id, task_id, _ in TARGETS}
    finally:
        scheduler.stop()


def test_a_backfill_of_thirty_days_survives_the_death_of_the_scheduler(
    tmp_path: Path, real_footfall: dict[str, str]
) -> None:
    # Airflow gives a task up for dead after five minutes of silence; here it need not take so long
    impatient = {
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "10",
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "30",
    }
    scheduler = new_scheduler(tmp_path, {**real_footfall, **impatient}, days=30, visitors=300)
    expected = processed_at_once(tmp_path / "at once", scheduler.environment)
    scheduler.start()
    try:
        code, backfill = scheduler.backfill("2026-10-01", "2026-10-30")
        assert code == 200, backfill
        for dag_id, task_id, delay in TARGETS:
            if task_id not in ("ingest", "stage", "marts.dbt_producer_watcher"):
                continue
            scheduler.wait_for_attempt(dag_id, task_id, 1, starts_command=not task_id.startswith("marts."))
            time.sleep(delay)
            # The task's command, an orphan now, runs to its end beside the next scheduler
            scheduler.kill(spare=is_command)
            scheduler.start()
        scheduler.wait_for("end of the backfill", scheduler.has_settled, 2400)

        landed = "select count(distinct partition_key) from dag_run where backfill_id = ? and state = 'success'"
        assert scheduler.rows(landed, backfill["id"]) == [(30,)]
        assert tables(scheduler.home) == expected
        for behaviour, last, count in (
            ("none", "2026-10-30", 0),
            ("failed", "2026-10-30", 0),
            ("completed", "2026-10-05", 5),
        ):
            code, again = scheduler.backfill("2026-10-01", last, behaviour)
            assert code == 200, again
            scheduler.wait_for("end of the same again", scheduler.has_settled, 900)
            assert scheduler.rows("select count(*) from dag_run where backfill_id = ?", again["id"]) == [(count,)]
            assert tables(scheduler.home) == expected
    finally:
        scheduler.stop()


def trigger(scheduler: Scheduler, day: str) -> None:
    code, run = scheduler.call("dags/ingest/dagRuns", {"logical_date": None, "partition_key": day})
    assert code == 200, run


def kill_attempt(scheduler: Scheduler, dag_id: str, task_id: str, delay: float, *, command_lives_on: bool) -> None:
    """Kill the first attempt at a task.

    A command that lives on is stalled until the second attempt is at work, and then goes on beside it.
    """
    starts_command = not task_id.startswith("marts.")
    task = scheduler.wait_for_attempt(dag_id, task_id, 1, starts_command=starts_command)
    time.sleep(delay)
    command = commands_of(task)
    if command_lives_on:
        signal_all("suspend", command)
    signal_all("kill", [task, *([] if command_lives_on else command)])
    if command_lives_on and command:
        scheduler.wait_for_attempt(dag_id, task_id, 2, starts_command=starts_command)
        signal_all("resume", command)
