"""The steps a DAG is made of. ``FOOTFALL_ENV`` (laptop, gcp) picks the operator; the DAGs keep one shape."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from airflow.sdk import BaseOperator, TaskGroup
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from conventions import WAREHOUSE_POOL, run_day

PROJECT_ROOT = Path(__file__).resolve().parents[1]
RUN_ID = "{{ lake_run_id(dag_run) }}"
DAY = "{{ run_day(dag_run, params) }}"

# Exit codes of the footfall command that another attempt cannot cure: bad input, and the quality gate's refusal.
FINAL_EXIT_CODES = {2, 3}

# Settings a Dataproc batch must not see: secrets (it reads Secret Manager itself) and paths of this machine.
STAYS_HERE = ("FOOTFALL_PRIVACY__", "FOOTFALL_HOME", "FOOTFALL_DBT_", "FOOTFALL_BUILD_DB")


def environment() -> str:
    """``laptop`` or ``gcp``, from FOOTFALL_ENV."""
    name = os.environ.get("FOOTFALL_ENV", "laptop")
    if name not in ("laptop", "gcp"):
        raise ValueError(f"FOOTFALL_ENV is {name!r}: it must be 'laptop' or 'gcp'. Set it to one of them.")
    return name


def gcp_setting(field: str) -> str:
    """A required FOOTFALL_GCP__* variable; Airflow shows the error on the DAG's page when it is missing."""
    variable = f"FOOTFALL_GCP__{field.upper()}"
    value = os.environ.get(variable, "")
    if not value:
        raise ValueError(f"{variable} is not set: with FOOTFALL_ENV=gcp the DAGs need it. Set it in the environment.")
    return value


class FootfallOperator(BaseOperator):
    """Run one ``footfall`` command, without a shell, in the worker's environment.

    Returns the last line it printed, parsed where that is a JSON object. Outlets of a run that has no partition
    key (a manual run with the param ``day``) are handed over under that day, so that the next DAG still runs.
    ``skip_without`` names a value in the result: when it is false or empty, the task ends as skipped, and so do those
    that need what it makes.

    Raises:
        AirflowSkipException: the value named by ``skip_without`` is false or empty.
        AirflowFailException: the command refused its input or the quality gate refused the events: no retry.
        AirflowException: it failed in another way: retried as the task says.
    """

    template_fields: Sequence[str] = ("arguments",)
    ui_color = "#e8f0fe"

    def __init__(self, *, arguments: list[str], skip_without: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.arguments = arguments
        self.skip_without = skip_without
        self._process: subprocess.Popen[str] | None = None
        self._killed = False

    def execute(self, context: Any) -> Any:
        command = ["footfall", *self.arguments]
        code, lines = self._run(command)
        if code != 0:
            error = AirflowFailException if code in FINAL_EXIT_CODES else AirflowException
            raise error(f"{' '.join(command)!r} ended with exit code {code}: {_cause(lines)}")
        if self.outlets and not context["dag_run"].partition_key:
            day = run_day(context["dag_run"], context["params"])
            for outlet in self.outlets:
                context["outlet_events"][outlet].add_partitions(day)
        last = lines[-1] if lines else ""
        value = json.loads(last) if last.startswith("{") else last
        if self.skip_without and isinstance(value, dict) and not value.get(self.skip_without, True):
            raise AirflowSkipException(f"{' '.join(command)!r}: {self.skip_without} is {value[self.skip_without]!r}.")
        return value

    def on_kill(self) -> None:
        self._killed = True
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)

    def _run(self, command: list[str]) -> tuple[int, list[str]]:
        """Exit code and lines of a command; each line goes to the task's log as it comes."""
        self._process = subprocess.Popen(
            command,
            # Without a terminal Rich breaks lines at 80 characters; a log is read and searched by the sentence.
            env={**os.environ, "COLUMNS": "1000"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="backslashreplace",
            start_new_session=True,
        )
        if self._killed:  # while the command was being started: on_kill could not know it
            self.on_kill()
        lines = []
        for line in self._process.stdout or ():
            self.log.info("%s", line.rstrip())
            lines.append(line.rstrip())
        return self._process.wait(), [line for line in lines if line]


def _cause(lines: list[str]) -> str:
    """The command's message: from its last ``error:`` on, else its last line."""
    starts = [number for number, line in enumerate(lines) if line.startswith("error:")]
    if not starts:
        return lines[-1] if lines else "it printed nothing"
    return "\n".join(lines[starts[-1] :]).removeprefix("error:").strip()


def footfall(task_id: str, *arguments: str, remedy: str, **kwargs: Any) -> FootfallOperator:
    """A ``footfall`` command as a task; ``remedy`` is what its page and its failure message tell people to do."""
    return FootfallOperator(task_id=task_id, arguments=list(arguments), doc_md=remedy, **kwargs)


def stage(task_id: str, *, remedy: str) -> BaseOperator:
    """The Spark job: on this machine with the embedded engine, or as a Dataproc Serverless batch."""
    if environment() == "laptop":
        return footfall(task_id, "stage", "--run-id", RUN_ID, skip_without="staged", remedy=remedy)
    # A second to import, which a laptop must not pay at every parse of every file.
    from airflow.providers.google.cloud.operators.dataproc import DataprocCreateBatchOperator

    code = gcp_setting("code_bucket").rstrip("/")
    handed_on = sorted(
        (name, value)
        for name, value in os.environ.items()
        if name.startswith("FOOTFALL_") and not name.startswith(STAYS_HERE)
    )
    return DataprocCreateBatchOperator(
        task_id=task_id,
        doc_md=remedy,
        project_id=gcp_setting("project"),
        region=gcp_setting("region"),
        # A retry needs an id of its own: under the old one Dataproc hands back the batch that failed.
        batch_id="footfall-{{ lake_run_id(dag_run) | lower }}-{{ ti.try_number }}",
        batch={
            "pyspark_batch": {
                "main_python_file_uri": f"{code}/spark/sessionize_job.py",
                "python_file_uris": [f"{code}/footfall.zip"],
                "args": ["--run-id", RUN_ID],
            },
            "runtime_config": {
                "version": "3.0",
                "properties": {
                    f"{prefix}.{name}": value
                    for prefix in ("spark.dataproc.driverEnv", "spark.executorEnv")
                    for name, value in handed_on
                },
            },
            "environment_config": {"execution_config": {"service_account": gcp_setting("spark_service_account")}},
        },
        deferrable=True,
    )


def dbt_vars(load_result: Any) -> str:
    """The ``--vars`` of a dbt run as JSON: the event dates that ``footfall load`` reported as touched.

    Raises:
        ValueError: the load named no dates; dbt would take that for "rebuild everything".
    """
    if not isinstance(load_result, dict) or not load_result.get("touched_dates"):
        raise ValueError(
            f'The load handed over {load_result!r}: its last line must be {{"touched_dates": [...]}} with dates in it. '
            "Clear the task 'load' and all that follow it."
        )
    return json.dumps({"touched_dates": load_result["touched_dates"]})


def marts(group_id: str, *, load_task_id: str, remedy: str) -> TaskGroup:
    """The dbt project as a group of tasks, a node each, read from dbt's manifest.

    FOOTFALL_DBT_EXECUTION says how they run. ``local`` (unless set): a dbt call for each node, which is what
    ``dag.test()`` can run. ``watcher``: one dbt build in one process, which the other tasks watch; faster, but it
    needs a scheduler and a triggerer.
    """
    # As above: only the transform DAG needs Cosmos.
    from cosmos import DbtTaskGroup, ExecutionConfig, ProfileConfig, ProjectConfig, RenderConfig
    from cosmos.constants import ExecutionMode, InvocationMode, LoadMode, TestBehavior

    project = Path(os.environ.get("FOOTFALL_DBT_PROJECT", PROJECT_ROOT / "dbt"))
    watched = os.environ.get("FOOTFALL_DBT_EXECUTION", "local") == "watcher"
    # Every task of the group, for on a retry the watching tasks run their dbt nodes themselves.
    one_writer: dict[str, Any] = {"pool": WAREHOUSE_POOL} if environment() == "laptop" else {}
    return DbtTaskGroup(
        group_id=group_id,
        project_config=ProjectConfig(
            dbt_project_path=project,
            manifest_path=os.environ.get("FOOTFALL_DBT_MANIFEST", project / "target" / "manifest.json"),
            install_dbt_deps=False,
        ),
        profile_config=ProfileConfig(
            profile_name="footfall",
            target_name="laptop" if environment() == "laptop" else "bigquery",
            profiles_yml_filepath=project / "profiles.yml",
        ),
        execution_config=ExecutionConfig(
            execution_mode=ExecutionMode.WATCHER if watched else ExecutionMode.LOCAL,
            invocation_mode=InvocationMode.DBT_RUNNER,
        ),
        render_config=RenderConfig(
            load_method=LoadMode.DBT_MANIFEST,
            # Unit tests prove the SQL, not the data; they belong to the project's test suite.
            exclude=["resource_type:unit_test"],
            # A watched build runs the tests itself; its tasks for them only watch.
            test_behavior=TestBehavior.AFTER_EACH if watched else TestBehavior.BUILD,
            should_detach_multiple_parents_tests=True,
            emit_datasets=False,
        ),
        operator_args={
            "vars": f"{{{{ dbt_vars(ti.xcom_pull(task_ids={load_task_id!r})) }}}}",
            "doc_md": remedy,
            **one_writer,
        },
    )
