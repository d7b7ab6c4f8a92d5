"""The DAGs on a laptop and on Google Cloud: the same tasks, edges and hand-over; other operators."""

from __future__ import annotations

import json
import re
import socket
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

pytestmark = pytest.mark.xdist_group("airflow")

MODELS = {
    "stg_footfall__events",
    "int_metrics__daily",
    "int_pages__daily",
    "int_sessions__measured",
    "int_visitors__daily",
    "agg_daily_metrics",
    "dim_pages",
    "dim_visitors",
    "fct_page_views",
    "fct_sessions",
}


def arguments(task: Any) -> list[str]:
    return list(task.arguments)


def edges(dag: Any, *task_ids: str) -> set[tuple[str, str]]:
    return {(task_id, after) for task_id in task_ids for after in dag.get_task(task_id).downstream_task_ids}


def assets(outlets_or_schedule: Any) -> list[str]:
    return [asset.name for asset in outlets_or_schedule]


@pytest.fixture(params=["laptop", "gcp"])
def dags(request: pytest.FixtureRequest, load_dags: Any, gcp_environment: dict[str, str]) -> dict[str, Any]:
    return load_dags(**(gcp_environment if request.param == "gcp" else {"FOOTFALL_ENV": "laptop"}))


def test_days_are_handed_over_by_partitioned_assets(dags: dict[str, Any]) -> None:
    ingest, sessionize, transform = (dags[name] for name in ("ingest", "sessionize", "transform"))

    assert type(ingest.timetable).__name__ == "CronPartitionTimetable"
    assert ingest.timetable.key_format == "%Y-%m-%d"
    assert ingest.timetable.run_offset == -1
    assert assets(ingest.get_task("ingest").outlets) == ["lake/raw"]

    assert type(sessionize.timetable).__name__ == "PartitionedAssetTimetable"
    assert sessionize.timetable.asset_condition.name == "lake/raw"
    assert assets(sessionize.get_task("commit").outlets) == ["lake/events"]
    assert not sessionize.get_task("stage").outlets

    assert type(transform.timetable).__name__ == "PartitionedAssetTimetable"
    assert transform.timetable.asset_condition.name == "lake/events"
    assert assets(transform.get_task("publish").outlets) == ["warehouse/marts"]


def test_a_backfill_takes_the_first_and_the_last_of_its_days_and_a_day_is_run_at_one_utc(load_dags: Any) -> None:
    from airflow.serialization.serialized_objects import DagSerialization
    from airflow.timetables.base import TimeRestriction

    ingest = DagSerialization.from_dict(DagSerialization.to_dict(load_dags()["ingest"]))
    runs = list(ingest.iter_dagrun_infos_between(datetime(2024, 5, 1, tzinfo=UTC), datetime(2024, 5, 3, tzinfo=UTC)))
    assert [run.partition_key for run in runs] == ["2024-05-01", "2024-05-02", "2024-05-03"]

    restriction = TimeRestriction(earliest=None, latest=None, catchup=True)
    scheduled = ingest.timetable.next_dagrun_info_v2(last_dagrun_info=runs[0], restriction=restriction)
    assert (scheduled.run_after, scheduled.partition_key) == (datetime(2024, 5, 2, 1, tzinfo=UTC), "2024-05-01")


def test_nothing_is_committed_before_the_audit_nor_published_before_the_build(dags: dict[str, Any]) -> None:
    assert edges(dags["sessionize"], "stage", "audit", "commit") == {("stage", "audit"), ("audit", "commit")}

    transform = dags["transform"]
    built = {task.task_id for task in transform.tasks if task.task_id.startswith("marts.")}
    assert transform.get_task("publish").upstream_task_ids == {"complete"}
    assert transform.get_task("complete").upstream_task_ids <= built
    before_publish = {task.task_id for task in transform.get_task("publish").get_flat_relatives(upstream=True)}
    assert before_publish == {"load", *built, "complete"}
    # Skipped nodes (nothing changed) let them through, failed ones do not.
    assert transform.get_task("complete").trigger_rule == transform.get_task("publish").trigger_rule == "none_failed"
    for task_id in built:
        before = {task.task_id for task in transform.get_task(task_id).get_flat_relatives(upstream=True)}
        assert "load" in before, f"{task_id} could run before the load"


def test_every_model_is_a_task_that_builds_the_touched_dates(dags: dict[str, Any]) -> None:
    tasks = {task.task_id: task for task in dags["transform"].tasks if task.task_id.startswith("marts.")}
    assert {task_id.removeprefix("marts.").removesuffix("_model_build") for task_id in tasks} >= MODELS
    for task in tasks.values():
        assert task.vars == "{{ dbt_vars(ti.xcom_pull(task_ids='load')) }}"
        assert "resource_type:unit_test" in str(task.exclude)


def test_the_commands_take_the_day_and_the_run(dags: dict[str, Any]) -> None:
    run_id = "{{ lake_run_id(dag_run) }}"
    assert arguments(dags["ingest"].get_task("ingest")) == [
        "ingest",
        "--inbox",
        "--day",
        "{{ run_day(dag_run, params) }}",
        "--cause",
        "{{ 'backfill' if dag_run.run_type == 'backfill' else 'new_data' }}",
    ]
    assert arguments(dags["sessionize"].get_task("audit")) == ["audit", "--run-id", run_id]
    assert arguments(dags["sessionize"].get_task("commit")) == ["commit", "--run-id", run_id]
    assert arguments(dags["transform"].get_task("load")) == ["load"]
    assert arguments(dags["transform"].get_task("complete")) == ["transform"]
    assert arguments(dags["transform"].get_task("publish")) == ["publish"]


def test_a_laptop_stages_with_the_command_and_builds_in_duckdb(load_dags: Any) -> None:
    dags = load_dags()
    stage = dags["sessionize"].get_task("stage")
    assert type(stage).__name__ == "FootfallOperator"
    assert arguments(stage) == ["stage", "--run-id", "{{ lake_run_id(dag_run) }}"]
    model = dags["transform"].get_task("marts.fct_sessions_model_build")
    assert type(model).__name__ == "DbtBuildLocalOperator"
    assert model.profile_config.target_name == "laptop"


def test_google_cloud_stages_on_dataproc_and_builds_in_bigquery(
    load_dags: Any, gcp_environment: dict[str, str]
) -> None:
    dags = load_dags(**gcp_environment)
    stage = dags["sessionize"].get_task("stage")
    assert type(stage).__name__ == "DataprocCreateBatchOperator"
    assert stage.deferrable
    assert (stage.project_id, stage.region) == ("acme-web", "europe-west1")
    job = stage.batch["pyspark_batch"]
    assert job["main_python_file_uri"] == "gs://acme-web-code/release-7/spark/sessionize_job.py"
    assert job["python_file_uris"] == ["gs://acme-web-code/release-7/footfall.zip"]
    assert job["args"] == ["--run-id", "{{ lake_run_id(dag_run) }}"]
    execution = stage.batch["environment_config"]["execution_config"]
    assert execution["service_account"] == "footfall-spark@acme-web.iam.gserviceaccount.com"
    model = dags["transform"].get_task("marts.fct_sessions_model_build")
    assert model.profile_config.target_name == "bigquery"
    assert model.pool == "default_pool"


def test_the_batch_gets_the_settings_but_no_secret(load_dags: Any, gcp_environment: dict[str, str]) -> None:
    stage = load_dags(**gcp_environment)["sessionize"].get_task("stage")
    properties = stage.batch["runtime_config"]["properties"]
    assert properties["spark.dataproc.driverEnv.FOOTFALL_LAKE__EVENTS"] == "gs://acme-web-events"
    assert properties["spark.executorEnv.FOOTFALL_ENV"] == "gcp"
    assert "do-not-hand-on" not in json.dumps(stage.batch)


def test_a_batch_id_is_one_dataproc_takes_and_new_for_every_attempt(
    load_dags: Any, gcp_environment: dict[str, str], dag_run: Any
) -> None:
    dag = load_dags(**gcp_environment)["sessionize"]
    template = dag.get_task("stage").batch_id
    ids = {
        dag.get_template_env()
        .from_string(template)
        .render(**dag.user_defined_macros, dag_run=dag_run, ti=SimpleNamespace(try_number=attempt))
        for attempt in (1, 2)
    }
    assert len(ids) == 2
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9-]{2,61}[a-z0-9]", batch_id) for batch_id in ids), ids


def test_the_cloud_shape_needs_no_network(
    load_dags: Any, gcp_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("parsing a DAG file opened a connection")

    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert set(load_dags(**gcp_environment)) == {"ingest", "sessionize", "transform"}


@pytest.mark.parametrize("missing", ["FOOTFALL_GCP__PROJECT", "FOOTFALL_GCP__CODE_BUCKET"])
def test_a_missing_cloud_setting_is_named_where_people_look(
    load_dags: Any, gcp_environment: dict[str, str], missing: str
) -> None:
    variables = {name: value for name, value in gcp_environment.items() if name != missing}
    errors = load_dags(errors=True, **variables)
    assert missing in next(error for path, error in errors.items() if path.endswith("sessionize.py"))


def test_an_unknown_environment_is_refused(load_dags: Any) -> None:
    errors = load_dags(errors=True, FOOTFALL_ENV="aws")
    assert any("FOOTFALL_ENV is 'aws'" in error for error in errors.values())


def test_under_the_scheduler_one_dbt_build_is_watched(load_dags: Any) -> None:
    transform = load_dags(FOOTFALL_DBT_EXECUTION="watcher")["transform"]
    producer = transform.get_task("marts.dbt_producer_watcher")
    assert producer.vars == "{{ dbt_vars(ti.xcom_pull(task_ids='load')) }}"
    assert "load" in producer.upstream_task_ids
    assert "marts.dbt_producer_watcher_done" in transform.get_task("complete").upstream_task_ids
