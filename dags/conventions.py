"""What every DAG shares: the assets that link them, the day of a run, retries, and what a failure says."""

from __future__ import annotations

import hashlib
import logging
from datetime import date, timedelta
from typing import Any

import pendulum
from airflow.sdk import Asset, Param

LAKE_RAW = Asset(name="lake/raw", uri="footfall://lake/raw")
LAKE_EVENTS = Asset(name="lake/events", uri="footfall://lake/events")
WAREHOUSE_MARTS = Asset(name="warehouse/marts", uri="footfall://warehouse/marts")

DAY_FORMAT = "%Y-%m-%d"
START_DATE = pendulum.datetime(2024, 1, 1, tz="UTC")

# One process holds the lock of a DuckDB file, so on a laptop everything that writes to it shares one slot.
WAREHOUSE_POOL = "warehouse"

# The schema refuses a bad value when the run is triggered (HTTP 400), before any task has started.
DAY_PARAM = {
    "day": Param(
        None,
        type=["null", "string"],
        format="date",
        pattern=r"^\d{4}-\d{2}-\d{2}$",
        title="Day (UTC)",
        description="Partition to run, YYYY-MM-DD. Needed only for a manual run without a partition key.",
    )
}


def run_day(dag_run: Any, params: Any) -> str:
    """Day of the run as YYYY-MM-DD: its partition key, else the param ``day``; never "today".

    Raises:
        ValueError: neither is given, or the partition key is not a day.
    """
    day = dag_run.partition_key or params.get("day")
    if not day:
        raise ValueError(
            f"Run {dag_run.run_id!r} says no day: a run needs a partition key or the param 'day' (YYYY-MM-DD). "
            "Trigger it again with one of them."
        )
    try:
        return date.fromisoformat(day).strftime(DAY_FORMAT)
    except ValueError:
        raise ValueError(
            f"Partition key {day!r} of run {dag_run.run_id!r} is not a day: it must read YYYY-MM-DD. "
            "Trigger it again with such a key."
        ) from None


def lake_run_id(dag_run: Any) -> str:
    """Footfall's own id of a DAG run, such as ``20240512T101500Z-ab12cd``.

    It sorts by time and is the same for every task and every retry of the run, so that a step which runs again
    finds its own staged files and no others.
    """
    digest = hashlib.sha256(f"{dag_run.dag_id}/{dag_run.run_id}".encode()).hexdigest()[:6]
    return f"{dag_run.run_after:%Y%m%dT%H%M%SZ}-{digest}"


def report_failure(context: Any) -> None:
    """Log one paragraph a person on call can act on: what failed, for which day, where the log is, what to do."""
    ti, dag_run, task = context["ti"], context["dag_run"], context["task"]
    day = dag_run.partition_key or context.get("params", {}).get("day") or "not given"
    remedy = " ".join((task.doc_md or "See docs/runbooks/airflow.md.").split())
    logging.getLogger("airflow.task").error(
        "Task %s of DAG %s failed (run %s, day %s, attempt %s): %s. What to do: %s Log: %s",
        ti.task_id,
        ti.dag_id,
        dag_run.run_id,
        day,
        ti.try_number,
        " ".join(str(context.get("exception") or "no exception was recorded").split()).rstrip("."),
        remedy,
        getattr(ti, "log_url", None) or "in the task's Logs tab",
    )


DEFAULT_ARGS: dict[str, Any] = {
    "owner": "data-engineering",
    "retries": 2,
    "retry_delay": timedelta(seconds=30),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=10),
    "execution_timeout": timedelta(hours=2),
    "on_failure_callback": report_failure,
}

# What the three DAGs do alike: no runs for days past, one run at a time, and a day for each.
DAG_DEFAULTS: dict[str, Any] = {
    "start_date": START_DATE,
    "catchup": False,
    "max_active_runs": 1,
    "params": DAY_PARAM,
    "default_args": DEFAULT_ARGS,
}

# Macros the tasks' templates use: {{ run_day(dag_run, params) }}, {{ lake_run_id(dag_run) }}.
MACROS = {"run_day": run_day, "lake_run_id": lake_run_id}
