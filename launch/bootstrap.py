"""Airflow's home on one machine: its environment, metadata database, pools and dbt's manifest. Safe to repeat."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from footfall.errors import EnvironmentProblem
from footfall.settings import PROJECT_ROOT, Settings

DAGS_FOLDER = PROJECT_ROOT / "dags"
DBT_PROJECT = Path(os.environ.get("FOOTFALL_DBT_PROJECT", PROJECT_ROOT / "dbt"))
DAG_IDS = ("ingest", "sessionize", "transform")

# Name: (slots, why). A task of a pool that does not exist stays scheduled for ever, so bootstrap makes them.
POOLS = {"warehouse": (1, "Writers of the laptop's DuckDB file: it lets one process in at a time.")}

# dbt's own working folders inside its project; a change in them is no change of the project.
DBT_OUTPUT_DIRS = {"target", "logs", "dbt_packages"}

QUIET = {
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__COSMOS__ENABLE_TELEMETRY": "False",
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "False",
    "DO_NOT_TRACK": "1",
    "GX_ANALYTICS_ENABLED": "False",
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
}


@dataclass(frozen=True, slots=True)
class AirflowHome:
    """Where Airflow keeps its state on this machine, below Footfall's home."""

    settings: Settings

    @property
    def path(self) -> Path:
        return self.settings.home.absolute() / "airflow"

    @property
    def manifest(self) -> Path:
        return self.path / "dbt" / "manifest.json"

    def environment(self, **more: str) -> dict[str, str]:
        """This process's environment with what Airflow, Cosmos and the footfall command need added.

        Raises:
            EnvironmentProblem: the footfall command is not installed.
        """
        bin_dir = str(Path(sys.executable).parent)
        search_path = os.pathsep.join([bin_dir, os.environ.get("PATH", "")])
        if not shutil.which("footfall", path=search_path):
            raise EnvironmentProblem(
                f"There is no 'footfall' command in {bin_dir} or on PATH. Run 'make install' first."
            )
        return {
            **os.environ,
            **QUIET,
            "PATH": search_path,
            "FOOTFALL_ENV": self.settings.env,
            "FOOTFALL_HOME": str(self.settings.home.absolute()),
            "FOOTFALL_BUILD_DB": str(self.settings.build_db),
            "FOOTFALL_DBT_PROJECT": str(DBT_PROJECT),
            "FOOTFALL_DBT_MANIFEST": str(self.manifest),
            "AIRFLOW_HOME": str(self.path),
            "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS_FOLDER),
            # SQLite has one writer: under load the others wait for it rather than answer with an error.
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.path / 'airflow.db'}?timeout=60",
            "AIRFLOW__COSMOS__CACHE_DIR": str(self.path / "cosmos"),
            **more,
        }


def start_dbt_parse(home: AirflowHome, environment: dict[str, str]) -> subprocess.Popen[str] | None:
    """Begin to write dbt's manifest, from which Cosmos draws its tasks; None when it is newer than the project."""
    if home.manifest.exists() and home.manifest.stat().st_mtime > _newest_change(DBT_PROJECT):
        return None
    command = ["dbt", "--quiet", "parse", "--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)]
    command += ["--profile", "footfall", "--target-path", str(home.manifest.parent)]
    home.path.mkdir(parents=True, exist_ok=True)
    return subprocess.Popen(
        [*command, "--log-path", str(home.path / "logs" / "dbt")],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish_dbt_parse(process: subprocess.Popen[str] | None) -> None:
    """Wait for the manifest.

    Raises:
        EnvironmentProblem: dbt does not accept the project.
    """
    if process is None:
        return
    output, _ = process.communicate()
    if process.returncode != 0:
        raise EnvironmentProblem(f"dbt cannot read the project in {DBT_PROJECT}: {output.strip()}")


def make_metadata_db() -> None:
    """Create or migrate Airflow's metadata database and make the pools; the environment must be in place already."""
    from airflow.models.pool import Pool
    from airflow.utils.db import initdb
    from airflow.utils.session import create_session

    initdb()
    with create_session() as session:
        for name, (slots, description) in POOLS.items():
            Pool.create_or_update_pool(name, slots, description, include_deferred=False, session=session)


def _newest_change(folder: Path) -> float:
    """Latest modification time of a file or folder (a deletion changes its folder) of the dbt project."""
    newest = folder.stat().st_mtime
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in DBT_OUTPUT_DIRS]
        for name in folders + files:
            newest = max(newest, Path(parent, name).stat().st_mtime)
    return newest
