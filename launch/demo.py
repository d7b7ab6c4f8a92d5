"""``python -m launch.demo``: raw logs to published marts through the three DAGs, in one process, no scheduler."""

from __future__ import annotations

import argparse
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from footfall.errors import EnvironmentProblem, FootfallError
from footfall.settings import Settings
from launch.bootstrap import DAG_IDS, DAGS_FOLDER, AirflowHome, finish_dbt_parse, make_metadata_db, start_dbt_parse
from launch.command import footfall, footfall_json
from launch.progress import StageReport
from launch.summary import print_nothing_new, print_summary


def main(arguments: list[str] | None = None) -> int:
    """Run the demo; 0 when every DAG run succeeded or there was nothing new to do."""
    options = _parse(arguments)
    settings = Settings() if options.home is None else Settings(home=options.home)
    try:
        return run(settings, options)
    except FootfallError as error:
        print(f"Error: {error}", file=sys.stderr)
        return error.exit_code


def run(settings: Settings, options: argparse.Namespace) -> int:
    """Demo data, the three DAGs, the summary.

    Raises:
        FootfallError: something on this machine is missing, or a footfall command failed.
    """
    if settings.env != "laptop":
        raise EnvironmentProblem(f"FOOTFALL_ENV is {settings.env!r}: the demo runs on a laptop. Unset FOOTFALL_ENV.")
    began = time.monotonic()
    home = AirflowHome(settings)
    environment = home.environment(
        FOOTFALL_DBT_EXECUTION="local",
        DBT_QUIET="1",
        # The demo runs the chain itself; a paused DAG queues no second run for the scheduler of a later `make up`.
        AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION="True",
    )
    inbox = Path(settings.inbox_uri)
    generated = inbox.is_dir() and any(inbox.iterdir())
    if generated and not has_work(footfall_json(["status", "--format", "json"], environment)):
        print_nothing_new(settings)
        return 0

    report = StageReport(log_path=home.path / "demo.log")
    with report.stage("set up Airflow"):
        parsing = start_dbt_parse(home, environment)
        os.environ.update(environment)
        with report.output_to_log():
            make_metadata_db()
        finish_dbt_parse(parsing)
    if not generated:
        with report.stage(f"generate {options.days} days of traffic"):
            footfall(_generate(inbox, options), environment)

    day = datetime.now(UTC).date().isoformat()
    for dag_id in DAG_IDS:
        if not run_dag(dag_id, day, report):
            report.explain_failure()
            return 1
    _let_the_scheduler_take_over(report)
    print_summary(environment, settings, report.stages, time.monotonic() - began)
    return 0


def has_work(status: dict[str, Any]) -> bool:
    """Whether ``footfall status`` reports files that are not in the published marts yet."""
    return bool(status["pending_files"] or status["inbox_files"] or status["unpublished_dates"])


def run_dag(dag_id: str, day: str, report: StageReport) -> bool:
    """Run one DAG for a day with ``dag.test()``; True when it succeeded.

    Raises:
        EnvironmentProblem: a DAG file cannot be imported.
    """
    with report.output_to_log(), report.watch_tasks():
        from airflow.dag_processing.dagbag import BundleDagBag

        # dag.test() leaks one run's params into the next on the same object: parse anew for each.
        bag = BundleDagBag(dag_folder=DAGS_FOLDER, bundle_path=DAGS_FOLDER, bundle_name="dags-folder")
        if bag.import_errors:
            raise EnvironmentProblem(f"Airflow cannot import {bag.import_errors}. Run 'footfall doctor'.")
        dag = bag.dags[dag_id]
        for task in dag.tasks:
            # A person is watching: show the cause at once instead of waiting for another attempt.
            task.retries = 0
        return bool(dag.test(run_conf={"day": day}).state == "success")


def _let_the_scheduler_take_over(report: StageReport) -> None:
    """Unpause the DAGs, so that `make up` finds them running."""
    with report.output_to_log():
        from airflow.models.dag import DagModel
        from airflow.utils.session import create_session
        from sqlalchemy import update

        with create_session() as session:
            session.execute(update(DagModel).where(DagModel.dag_id.in_(DAG_IDS)).values(is_paused=False))


def _generate(inbox: Path, options: argparse.Namespace) -> list[str]:
    command = ["generate", "--output", str(inbox), "--days", str(options.days)]
    return [*command, "--visitors", str(options.visitors), "--seed", str(options.seed)]


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m launch.demo", description=__doc__)
    parser.add_argument("--home", type=Path, default=None, help="where the data lives (FOOTFALL_HOME)")
    parser.add_argument("--days", type=int, default=3, help="days of traffic to generate (3)")
    parser.add_argument("--visitors", type=int, default=2000, help="visitors to generate (2000)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the generator (1)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
