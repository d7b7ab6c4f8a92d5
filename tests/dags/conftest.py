"""Airflow for the tests: a home of its own, set before anything imports Airflow, and dbt's manifest made once."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
DAGS_FOLDER = ROOT / "dags"

# A space in the path, for a home may have one.
_SCRATCH = Path(tempfile.mkdtemp(prefix="footfall tests dags "))
atexit.register(shutil.rmtree, _SCRATCH, ignore_errors=True)
os.environ.update(
    AIRFLOW_HOME=str(_SCRATCH / "airflow"),
    AIRFLOW__CORE__DAGS_FOLDER=str(DAGS_FOLDER),
    AIRFLOW__CORE__LOAD_EXAMPLES="False",
    AIRFLOW__CORE__UNIT_TEST_MODE="False",
    AIRFLOW__COSMOS__ENABLE_TELEMETRY="False",
    AIRFLOW__COSMOS__CACHE_DIR=str(_SCRATCH / "cosmos"),
    AIRFLOW__LOGGING__LOGGING_LEVEL="WARNING",
    DBT_SEND_ANONYMOUS_USAGE_STATS="False",
    DO_NOT_TRACK="1",
    GX_ANALYTICS_ENABLED="False",
)
sys.path.append(str(DAGS_FOLDER))

GCP = {
    "FOOTFALL_ENV": "gcp",
    "FOOTFALL_GCP__PROJECT": "acme-web",
    "FOOTFALL_GCP__REGION": "europe-west1",
    "FOOTFALL_GCP__CODE_BUCKET": "gs://acme-web-code/release-7",
    "FOOTFALL_GCP__SPARK_SERVICE_ACCOUNT": "footfall-spark@acme-web.iam.gserviceaccount.com",
    "FOOTFALL_LAKE__EVENTS": "gs://acme-web-events",
    "FOOTFALL_PRIVACY__VISITOR_KEY": "do-not-hand-on",
}


@pytest.fixture
def gcp_environment() -> dict[str, str]:
    return dict(GCP)


@pytest.fixture
def dag_run() -> SimpleNamespace:
    """What the macros read of a scheduled run."""
    return SimpleNamespace(
        dag_id="sessionize",
        run_id="scheduled__2024-05-12T01:00:00+00:00",
        run_after=datetime(2024, 5, 13, 1, 0, tzinfo=UTC),
        partition_key="2024-05-12",
    )


LoadDags = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def manifest() -> Path:
    """dbt's manifest of the real project."""
    target = _SCRATCH / "dbt"
    command = [str(Path(sys.executable).with_name("dbt")), "--quiet", "parse", "--project-dir", str(ROOT / "dbt")]
    command += ["--profiles-dir", str(ROOT / "dbt"), "--target-path", str(target), "--log-path", str(target / "logs")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"dbt cannot read the project: {done.stdout}{done.stderr}"
    return target / "manifest.json"


@pytest.fixture
def load_dags(manifest: Path, monkeypatch: pytest.MonkeyPatch) -> LoadDags:
    """Parse the DAG files under the given environment variables; their DAGs by id, or their import errors."""

    def load(*, errors: bool = False, **variables: str) -> dict[str, Any]:
        from airflow.dag_processing.dagbag import BundleDagBag

        for name in [name for name in os.environ if name.startswith("FOOTFALL_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("FOOTFALL_DBT_MANIFEST", str(manifest))
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        bag = BundleDagBag(dag_folder=DAGS_FOLDER, bundle_path=DAGS_FOLDER, bundle_name="dags-folder")
        if errors:
            return dict(bag.import_errors)
        assert not bag.import_errors, bag.import_errors
        return dict(bag.dags)

    return load


@pytest.fixture(scope="session")
def metadata_db() -> None:
    """Airflow's metadata database with the pools, as the launchers make it."""
    from launch.bootstrap import make_metadata_db

    make_metadata_db()


@pytest.fixture(scope="session")
def real_footfall(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment with the ``footfall`` command of this checkout on PATH, and none of the settings around us."""
    command = tmp_path_factory.mktemp("bin") / "footfall"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m footfall.cli "$@"\n')
    command.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FOOTFALL_", "AIRFLOW"))}
    bin_dirs = [str(command.parent), str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    return {**kept, "PATH": os.pathsep.join(bin_dirs), "PYTHONPATH": str(ROOT)}


@pytest.fixture
def footfall_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Put a ``footfall`` command on PATH that runs the given shell lines and notes its arguments in the file returned.

    For what the DAGs do with a command's exit code and output; the real command runs in test_chain.py and test_up.py.
    """

    def install(lines: str) -> Path:
        calls = tmp_path / "calls.txt"
        command = tmp_path / "bin" / "footfall"
        command.parent.mkdir(exist_ok=True)
        command.write_text(f'#!/bin/sh\necho "$*" >> "{calls}"\n{lines}\n')
        command.chmod(0o755)
        monkeypatch.setenv("PATH", f"{command.parent}{os.pathsep}{os.environ['PATH']}")
        return calls

    return install
