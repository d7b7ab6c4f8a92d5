"""The day, the run id, the failure message, and what a task does with a command's end."""

from __future__ import annotations

import json
import logging
import threading
import time
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from tests.processes import outliving

pytestmark = pytest.mark.xdist_group("airflow")


class OutletEvents(dict[Any, SimpleNamespace]):
    """Notes the partitions a task hands its outlets over under."""

    def __missing__(self, asset: Any) -> SimpleNamespace:
        keys: list[str] = []
        self[asset] = SimpleNamespace(keys=keys, add_partitions=keys.append)
        return self[asset]


def test_the_day_is_the_partition_key_and_else_the_param(dag_run: SimpleNamespace) -> None:
    from conventions import run_day

    assert run_day(dag_run, {"day": "2024-01-01"}) == "2024-05-12"
    dag_run.partition_key = None
    assert run_day(dag_run, {"day": "2024-01-01"}) == "2024-01-01"


@pytest.mark.parametrize(("key", "message"), [(None, "says no day"), ("2024-05", "'2024-05' of run .* is not a day")])
def test_a_run_without_a_day_is_refused_with_a_remedy(dag_run: SimpleNamespace, key: str | None, message: str) -> None:
    from conventions import run_day

    dag_run.partition_key = key
    with pytest.raises(ValueError, match=message) as caught:
        run_day(dag_run, {})
    assert "Trigger it again" in str(caught.value)


def test_run_ids_sort_by_time_and_belong_to_one_run(dag_run: SimpleNamespace) -> None:
    from conventions import lake_run_id

    first = lake_run_id(dag_run)
    assert first.startswith("20240513T010000Z-")
    assert lake_run_id(dag_run) == first, "a retry must find its own staged files"
    other = SimpleNamespace(**{**vars(dag_run), "run_id": "manual__2024-05-13T01:00:00+00:00"})
    assert lake_run_id(other) != first, "two runs of the same moment must not share staged files"
    later = SimpleNamespace(**{**vars(dag_run), "run_after": dag_run.run_after + timedelta(days=240)})
    assert lake_run_id(later) > first


def test_a_failure_says_what_where_and_what_to_do(dag_run: SimpleNamespace, caplog: pytest.LogCaptureFixture) -> None:
    from conventions import report_failure

    ti = SimpleNamespace(task_id="audit", dag_id="sessionize", try_number=3, log_url="http://localhost/log/7")
    task = SimpleNamespace(doc_md="Correct the files,\n  then clear 'stage'.")
    with caplog.at_level(logging.ERROR, logger="airflow.task"):
        report_failure(
            {"ti": ti, "task": task, "dag_run": dag_run, "exception": RuntimeError("3 rows have no visitor.")}
        )
    message = caplog.records[-1].getMessage()
    for part in ("audit", "sessionize", dag_run.run_id, "2024-05-12", "attempt 3", "3 rows have no visitor", "log/7"):
        assert part in message
    assert "What to do: Correct the files, then clear 'stage'." in message
    assert "\n" not in message, "one paragraph"


@pytest.mark.parametrize("result", [None, {}, {"touched_dates": []}, "done"])
def test_dbt_never_gets_an_empty_list_of_dates(result: Any) -> None:
    from steps import dbt_vars

    # dbt takes no dates for "rebuild everything".
    with pytest.raises(ValueError, match="touched_dates"):
        dbt_vars(result)


def test_dbt_gets_the_dates_the_load_named() -> None:
    from steps import dbt_vars

    assert json.loads(dbt_vars({"touched_dates": ["2024-05-11", "2024-05-12"]})) == {
        "touched_dates": ["2024-05-11", "2024-05-12"]
    }


def run_task(dag_run: SimpleNamespace, **kwargs: Any) -> tuple[Any, OutletEvents]:
    from steps import FootfallOperator

    events = OutletEvents()
    context = {"dag_run": dag_run, "params": {"day": "2024-05-12"}, "outlet_events": events}
    return FootfallOperator(task_id="t", **kwargs).execute(context), events


def test_arguments_reach_the_command_as_they_are(dag_run: SimpleNamespace, footfall_says: Any) -> None:
    calls = footfall_says("echo staged")
    result, _ = run_task(dag_run, arguments=["stage", "--run-id", "x; touch /tmp/pwned $(id)"])
    assert calls.read_text() == "stage --run-id x; touch /tmp/pwned $(id)\n"
    assert result == "staged"


def test_a_json_line_becomes_the_result(dag_run: SimpleNamespace, footfall_says: Any) -> None:
    footfall_says("""echo Loading; echo '{"touched_dates": ["2024-05-12"]}'""")
    result, _ = run_task(dag_run, arguments=["load"], skip_without="touched_dates")
    assert result == {"touched_dates": ["2024-05-12"]}


@pytest.mark.parametrize(("name", "value"), [("touched_dates", []), ("staged", False)])
def test_nothing_to_do_skips_what_follows(
    dag_run: SimpleNamespace, footfall_says: Any, name: str, value: object
) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    footfall_says(f"echo '{json.dumps({name: value})}'")
    with pytest.raises(AirflowSkipException, match=name):
        run_task(dag_run, arguments=["load"], skip_without=name)


@pytest.mark.parametrize(("code", "retried"), [(1, True), (2, False), (3, False), (4, True)])
def test_only_what_another_attempt_can_cure_is_retried(
    dag_run: SimpleNamespace, footfall_says: Any, code: int, retried: bool
) -> None:
    from airflow.sdk.exceptions import AirflowException, AirflowFailException

    footfall_says(f"echo 'event_id is not unique on 2024-05-12' >&2; exit {code}")
    with pytest.raises(AirflowException, match="event_id is not unique on 2024-05-12") as caught:
        run_task(dag_run, arguments=["audit"])
    assert isinstance(caught.value, AirflowFailException) is not retried


def test_the_whole_message_of_the_command_reaches_the_failure(dag_run: SimpleNamespace, footfall_says: Any) -> None:
    from airflow.sdk.exceptions import AirflowException

    footfall_says("echo 'audit 0.3 s'; echo 'error: 3 of 5 rows'; echo; echo '  by reason: cut_off 3'; exit 3")
    with pytest.raises(AirflowException) as caught:
        run_task(dag_run, arguments=["audit"])
    assert str(caught.value) == "'footfall audit' ended with exit code 3: 3 of 5 rows\n  by reason: cut_off 3"


def test_a_manual_run_hands_over_under_its_day(dag_run: SimpleNamespace, footfall_says: Any) -> None:
    from conventions import LAKE_RAW

    footfall_says("echo landed")
    dag_run.partition_key = None
    _, events = run_task(dag_run, arguments=["ingest"], outlets=[LAKE_RAW])
    assert events[LAKE_RAW].keys == ["2024-05-12"]


def test_a_partitioned_run_leaves_the_hand_over_to_airflow(dag_run: SimpleNamespace, footfall_says: Any) -> None:
    from conventions import LAKE_RAW

    footfall_says("echo landed")
    _, events = run_task(dag_run, arguments=["ingest"], outlets=[LAKE_RAW])
    assert not events


def test_a_killed_task_takes_its_command_with_it(dag_run: SimpleNamespace, footfall_says: Any) -> None:
    from airflow.sdk.exceptions import AirflowException

    from steps import FootfallOperator

    calls = footfall_says("sleep 60")
    task = FootfallOperator(task_id="t", arguments=["stage"])
    context = {"dag_run": dag_run, "params": {}, "outlet_events": OutletEvents()}
    errors: list[BaseException] = []

    def execute() -> None:
        try:
            task.execute(context)
        except AirflowException as error:
            errors.append(error)

    before = set(psutil.Process().children(recursive=True))
    worker = threading.Thread(target=execute)
    began = time.monotonic()
    worker.start()
    while not calls.exists():
        assert time.monotonic() - began < 20
        time.sleep(0.01)
    started = set(psutil.Process().children(recursive=True)) - before
    task.on_kill()
    worker.join(20)
    assert errors
    assert started
    assert not outliving(started)


def test_a_kill_that_comes_before_the_command_ends_it_too(dag_run: SimpleNamespace, footfall_says: Any) -> None:
    from airflow.sdk.exceptions import AirflowException

    from steps import FootfallOperator

    footfall_says("sleep 60")
    task = FootfallOperator(task_id="t", arguments=["stage"])
    task.on_kill()
    began = time.monotonic()
    with pytest.raises(AirflowException):
        task.execute({"dag_run": dag_run, "params": {}, "outlet_events": OutletEvents()})
    assert time.monotonic() - began < 30
