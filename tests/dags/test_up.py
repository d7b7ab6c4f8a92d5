"""``python -m launch.up`` as a person uses it: start, trigger by REST, backfill, stop with Ctrl-C, nothing left."""

from __future__ import annotations

import signal
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dags.inbox import KEY_SETTINGS, fill
from tests.dags.scheduler import Scheduler
from tests.home import new_home
from tests.processes import outliving

pytestmark = [pytest.mark.xdist_group("airflow"), pytest.mark.slow, pytest.mark.timeout(900)]

DAY = "2026-10-03"


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory, real_footfall: dict[str, str]) -> Iterator[Scheduler]:
    folder = tmp_path_factory.mktemp("up")
    home = folder / "a home"
    inbox = fill(home / "inbox", days=3, visitors=60)
    scheduler = Scheduler(home, {**real_footfall, **KEY_SETTINGS, "FOOTFALL_INBOX": inbox}, folder / "output.txt")
    scheduler.start()
    yield scheduler
    scheduler.stop()


def test_a_day_triggered_by_rest_is_handed_on(scheduler: Scheduler) -> None:
    assert "Airflow: http://127.0.0.1:" in scheduler.said()
    code, refused = scheduler.call("dags/ingest/dagRuns", {"logical_date": None, "conf": {"day": "2024-13-40"}})
    assert (code, "Invalid input for param day" in refused) == (400, True)
    code, refused = scheduler.call("dags/ingest/dagRuns", {"logical_date": None, "partition_key": "12 May"})
    assert code == 400, refused

    code, run = scheduler.call("dags/ingest/dagRuns", {"logical_date": None, "conf": {"day": DAY}})
    assert code == 200, run
    path = f"dags/ingest/dagRuns/{urllib.parse.quote(run['dag_run_id'])}"
    scheduler.wait_for("end of ingest", lambda: scheduler.call(path)[1]["state"] in ("success", "failed"), 120)
    assert scheduler.call(path)[1]["state"] == "success"

    def handed_over() -> list[str]:
        runs = scheduler.call("dags/sessionize/dagRuns")[1]["dag_runs"]
        return [found["dag_run_id"] for found in runs if found["partition_key"] == DAY]

    scheduler.wait_for("run of sessionize for the day", handed_over, 60)


def test_a_backfill_of_three_days_ends_as_one_run_over_the_same_files(scheduler: Scheduler, tmp_path: Path) -> None:
    # test_kills.py follows thirty days as far as the marts
    code, paused = scheduler.call("dags/transform", {"is_paused": True}, method="PATCH")
    assert code == 200, paused
    code, backfill = scheduler.backfill("2026-10-01", "2026-10-03")
    assert code == 200, backfill
    days = "select partition_key from dag_run where backfill_id = ? order by 1"
    assert scheduler.rows(days, backfill["id"]) == [("2026-10-01",), ("2026-10-02",), ("2026-10-03",)]
    at_once = new_home(tmp_path / "at once")
    at_once.take(*(scheduler.home / "inbox").rglob("*.gz"))
    scheduler.wait_for("end of the backfill", lambda: scheduler.has_settled("ingest", "sessionize"), 400)

    assert scheduler.rows("select distinct state from dag_run where dag_id != 'transform'") == [("success",)]
    assert new_home(scheduler.home).table() == at_once.table()
    commits = "select count(*) from task_instance where task_id = 'commit' and state = 'success'"
    handed_over = "select count(*) from asset_event e join asset a on a.id = e.asset_id where a.name = 'lake/events'"
    assert scheduler.rows(handed_over) == scheduler.rows(commits)
    code, again = scheduler.backfill("2026-10-01", "2026-10-03")
    assert code == 200, again
    assert scheduler.rows(days, again["id"]) == []


def test_ctrl_c_leaves_nothing(scheduler: Scheduler) -> None:
    children = scheduler.processes()
    assert len(children) > 4, "scheduler, DAG processor, API server, triggerer and more"
    assert scheduler.stop(signal.SIGINT) == 0
    assert "Stopped." in scheduler.said()
    assert not outliving(children)
