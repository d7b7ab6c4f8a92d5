"""What every DAG must have. Each failure says what to change."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Any

import pytest

from launch.bootstrap import DAG_IDS, POOLS

pytestmark = pytest.mark.xdist_group("airflow")

DAGS_FOLDER = Path(__file__).resolve().parents[2] / "dags"
SHARED = {"conventions.py", "steps.py"}
FILES = sorted(DAGS_FOLDER.glob("*.py"))
DAG_FILES = [path for path in FILES if path.name not in SHARED]
ALLOWED_IMPORTS = {"airflow", "cosmos", "pendulum", "conventions", "steps"} | set(sys.stdlib_module_names)
MAX_LINES = 150
DOC_SECTIONS = ("Purpose.", "Owner.", "When it fails.", "Safe to run again?")


@pytest.fixture(params=DAG_IDS)
def dag(request: pytest.FixtureRequest, load_dags: Any) -> Any:
    return load_dags()[request.param]


def test_the_dags_folder_holds_the_dags_the_launchers_run(load_dags: Any) -> None:
    assert set(load_dags()) == set(DAG_IDS), (
        "dags/ and launch.bootstrap.DAG_IDS name different DAGs: add the new DAG to DAG_IDS, in the order it runs."
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_dag_file_imports_nothing_of_ours(path: Path) -> None:
    imported = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])
    assert imported <= ALLOWED_IMPORTS, (
        f"{path.name} imports {sorted(imported - ALLOWED_IMPORTS)}: a DAG launches and holds no logic. Put the logic "
        "behind a footfall command and call that with steps.footfall()."
    )


@pytest.mark.parametrize("path", DAG_FILES, ids=lambda path: path.name)
def test_a_dag_file_is_short_and_well_named(path: Path) -> None:
    lines = len(path.read_text().splitlines())
    assert lines <= MAX_LINES, f"{path.name} has {lines} lines, more than {MAX_LINES}: move what is shared to steps.py."
    assert not path.name.startswith("dbt_"), f"{path.name}: Cosmos misreads files called dbt_*. Give it another name."
    assert path.stem in DAG_IDS, f"{path.name} must be called after its DAG, one DAG a file."


def test_shared_modules_are_no_dag_files() -> None:
    ignored = set((DAGS_FOLDER / ".airflowignore").read_text().split())
    assert ignored == SHARED, f"Airflow would parse {SHARED ^ ignored} as a DAG file: list it in dags/.airflowignore."


def test_a_dag_tells_people_what_it_is_for(dag: Any) -> None:
    missing = [section for section in DOC_SECTIONS if section not in (dag.doc_md or "")]
    assert not missing, f"The docstring of {dag.dag_id} lacks {missing}: it is the page people see at three at night."
    assert dag.description, f"{dag.dag_id} has no description: give it one line for the list of DAGs."
    assert "footfall" in dag.tags, f"{dag.dag_id} lacks the tag 'footfall': add it, so that people can filter by it."


def test_a_dag_does_not_run_into_itself_or_its_past(dag: Any) -> None:
    assert not dag.catchup, f"{dag.dag_id} would run every day since its start date: set catchup=False."
    assert dag.max_active_runs == 1, f"{dag.dag_id} takes what is pending: two runs at once would take it twice."


def test_a_task_retries_with_backoff_and_reports_its_failure(dag: Any) -> None:
    for task in dag.tasks:
        if task.task_id.endswith("dbt_producer_watcher_done"):
            continue
        assert task.owner not in ("", "airflow"), f"{task.task_id} has no owner: use conventions.DEFAULT_ARGS."
        assert task.retries > 0, f"{task.task_id} gives up at the first hiccup: use conventions.DEFAULT_ARGS."
        assert task.retry_exponential_backoff > 1, f"{task.task_id} hammers what is down: use conventions.DEFAULT_ARGS."
        assert task.on_failure_callback, f"{task.task_id} fails in silence: use conventions.DEFAULT_ARGS."
        assert task.execution_timeout, f"{task.task_id} can hang for ever: use conventions.DEFAULT_ARGS."


def test_a_task_says_what_to_do_when_it_fails(dag: Any) -> None:
    for task in dag.tasks:
        remedy = task.doc_md or ""
        assert "lear" in remedy, f"{task.task_id} does not say what to clear after a failure: give it a remedy."


def test_a_pool_exists_before_a_task_waits_for_it(dag: Any) -> None:
    named = {task.pool for task in dag.tasks} - {"default_pool"}
    assert named <= set(POOLS), f"{named - set(POOLS)} would never run: add the pool to launch.bootstrap.POOLS."


def test_only_one_task_at_a_time_writes_to_duckdb(load_dags: Any) -> None:
    assert POOLS["warehouse"][0] == 1
    pools = {task.task_id: task.pool for task in load_dags()["transform"].tasks}
    assert set(pools.values()) == {"warehouse"}, f"DuckDB lets one process in: put all of {pools} in that pool."


@pytest.mark.parametrize("bad", ["2024-13-01", "2024-5-1", "yesterday", "2024-05-01; rm -rf /", "", 20240501])
def test_a_bad_day_is_refused(dag: Any, bad: Any) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError, match="day"):
        dag.params["day"] = bad


def test_a_good_day_is_accepted(dag: Any) -> None:
    dag.params["day"] = "2024-02-29"
    assert dag.params.dump()["day"] == "2024-02-29"
