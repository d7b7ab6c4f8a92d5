"""Run dbt from Python: the right target and variables in, a small result or one clear error out."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from footfall.errors import TransformError
from footfall.settings import PROJECT_ROOT, Settings
from footfall.warehouse.build_db import PASSING, in_use

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult

DBT_PROJECT = PROJECT_ROOT / "dbt"


@dataclass(frozen=True, slots=True)
class Build:
    """What one dbt build did."""

    models: int
    tests: int
    seconds: float


def build(settings: Settings, dates: Iterable[date], *, full_refresh: bool = False) -> Build:
    """Build and test every model for ``dates`` (all dates when there are none, or with ``full_refresh``).

    Call :func:`footfall.warehouse.load.load` first: it names the dates and shows dbt their events. Unit tests are
    left to the test suite; data tests run and fail the build.

    Raises TransformError naming the first node that failed and what dbt said about it (what was published stands),
    EnvironmentProblem when another process is building.
    """
    touched = [] if full_refresh else [day.isoformat() for day in dates]
    arguments = ["build", "--exclude-resource-type", "unit_test", "--vars", f"touched_dates: {touched}"]
    started = time.monotonic()
    outcome = _invoke(settings, arguments + (["--full-refresh"] if full_refresh else []))
    results = list(getattr(outcome.result, "results", None) or ())
    failed = [result for result in results if str(result.status) not in PASSING]
    broken = [result for result in failed if str(result.status) != "skipped"] or failed
    if broken:
        raise TransformError(_explain(broken[0], others=len(broken) - 1))
    if "could not set lock" in str(outcome.exception).lower():
        raise in_use(settings)
    if outcome.exception is not None or not outcome.success:
        raise TransformError(
            f"dbt stopped before it built anything: {_one_line(outcome.exception)}. The published marts still stand; "
            "correct the dbt project, then run `footfall transform` again."
        )
    kinds = [str(result.node.resource_type) for result in results]
    return Build(kinds.count("model"), kinds.count("test"), time.monotonic() - started)


def _invoke(settings: Settings, arguments: list[str]) -> dbtRunnerResult:
    # dbt takes two seconds to import, which a run with nothing to build must not pay
    from dbt.cli.main import dbtRunner

    scratch = settings.warehouse_dir / "dbt"
    common = [
        "--quiet",
        "--log-level", "none",
        "--log-level-file", "info",
        "--no-version-check",
        "--project-dir", str(DBT_PROJECT),
        "--profiles-dir", str(DBT_PROJECT),
        "--target", "bigquery" if settings.env == "gcp" else "laptop",
        "--target-path", str(scratch / "target"),
        "--log-path", str(scratch / "logs"),
    ]  # fmt: skip
    with _environment(settings):
        try:
            return dbtRunner().invoke([*arguments, *common])
        finally:
            if settings.env == "laptop":
                _release_build_db()


def _release_build_db() -> None:
    """Close the file dbt-duckdb would hold, and lock, for the life of this process."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]


@contextmanager
def _environment(settings: Settings) -> Iterator[None]:
    """The variables the dbt project reads, taken from the settings for the time of one call."""
    values = {
        "FOOTFALL_BUILD_DB": str(settings.build_db),
        "FOOTFALL_MARTS__FINAL_AFTER_HOURS": str(settings.marts.final_after_hours),
        "FOOTFALL_GCP__PROJECT": settings.gcp.project,
        "FOOTFALL_GCP__REGION": settings.gcp.region,
        "FOOTFALL_GCP__BUILD_DATASET": settings.gcp.build_dataset,
        "FOOTFALL_GCP__EVENTS_DATASET": settings.gcp.events_dataset,
        "DO_NOT_TRACK": "1",
    }
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _explain(result: Any, *, others: int) -> str:
    node = result.node
    where = getattr(node, "original_file_path", "")
    more = f" ({others} more failed)" if others else ""
    return (
        f"dbt {node.resource_type} {node.name} ({where}) failed{more}: {_one_line(result.message)}. "
        "The published marts still stand; correct the model or the data, then run `footfall transform` again."
    )


def _one_line(message: object) -> str:
    return " ".join(str(message).split()).rstrip(".")[:1000]
