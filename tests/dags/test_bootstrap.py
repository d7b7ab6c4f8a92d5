"""Airflow's home: made once, made again without harm, fresh when the dbt project changes."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from footfall.errors import EnvironmentProblem
from footfall.settings import Settings
from launch import bootstrap
from launch.bootstrap import AirflowHome, finish_dbt_parse, make_metadata_db, start_dbt_parse
from launch.service import Service
from launch.up import Ports, airflow_settings, refuse_busy_port
from tests.processes import outliving

pytestmark = pytest.mark.xdist_group("airflow")


def test_bootstrap_makes_the_pools_and_can_be_repeated(metadata_db: None) -> None:
    from airflow.models.pool import Pool
    from airflow.utils.session import create_session

    with create_session() as session:
        Pool.create_or_update_pool("warehouse", 16, "set by hand", include_deferred=False, session=session)
    make_metadata_db()
    with create_session() as session:
        assert Pool.get_pool("warehouse", session=session).slots == 1
        assert Pool.get_pool("default_pool", session=session) is not None


def test_the_home_is_offline_quiet_and_below_the_footfall_home(tmp_path: Path, footfall_says: Any) -> None:
    footfall_says("true")
    home = tmp_path / "a home"
    environment = AirflowHome(Settings(home=home)).environment(FOOTFALL_DBT_EXECUTION="local")
    assert environment["AIRFLOW_HOME"] == str(home / "airflow")
    assert environment["FOOTFALL_HOME"] == str(home)
    assert environment["FOOTFALL_BUILD_DB"] == str(home / "warehouse" / "build.duckdb")
    assert environment["FOOTFALL_DBT_EXECUTION"] == "local"
    for switch in ("AIRFLOW__CORE__LOAD_EXAMPLES", "AIRFLOW__COSMOS__ENABLE_TELEMETRY", "GX_ANALYTICS_ENABLED"):
        assert environment[switch] == "False"


def test_a_missing_command_is_named_with_its_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(EnvironmentProblem, match="make install"):
        AirflowHome(Settings(home=tmp_path)).environment()


def test_the_manifest_is_made_again_when_a_model_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, footfall_says: Any, manifest: Path
) -> None:
    project = tmp_path / "dbt"
    ignored = shutil.ignore_patterns(*bootstrap.DBT_OUTPUT_DIRS)
    shutil.copytree(bootstrap.PROJECT_ROOT / "dbt", project, ignore=ignored)
    monkeypatch.setattr(bootstrap, "DBT_PROJECT", project)
    footfall_says("true")
    home = AirflowHome(Settings(home=tmp_path / "home"))
    environment = home.environment()

    home.manifest.parent.mkdir(parents=True)
    shutil.copy(manifest, home.manifest)
    assert start_dbt_parse(home, environment) is None

    changed = project / "models" / "marts" / "fct_sessions.sql"
    changed.write_text("{{ this is not sql")
    os.utime(changed, (time.time() + 5, time.time() + 5))
    with pytest.raises(EnvironmentProblem, match="dbt cannot read the project"):
        finish_dbt_parse(start_dbt_parse(home, environment))


def test_the_login_free_api_listens_on_loopback_alone() -> None:
    settings = airflow_settings(Ports(airflow=8080, dashboard=8501, tasks=18080))
    assert settings["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS"] == "True"
    assert settings["AIRFLOW__API__HOST"] == "127.0.0.1"


def test_tasks_call_an_api_in_a_process_of_its_own() -> None:
    # In one process a trigger by REST could wait a minute for a task that waited for it, and end in an error
    settings = airflow_settings(Ports(airflow=8080, dashboard=8501, tasks=18080))
    assert settings["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:18080/execution/"


def test_a_busy_port_is_refused_with_a_remedy() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(EnvironmentProblem, match=f"Port {port} for Airflow is taken .* --port"):
            refuse_busy_port("Airflow", port)


def test_stopping_a_service_ends_what_it_left_in_other_sessions(tmp_path: Path) -> None:
    # The child starts a session of its own and ignores the polite signal, as a task's command may.
    grandchild = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(99)"
    )
    script = (
        "import subprocess, sys, time\n"
        f"subprocess.Popen([sys.executable, '-c', {grandchild!r}], start_new_session=True)\n"
        "time.sleep(99)\n"
    )
    service = Service(
        name="test",
        command=[sys.executable, "-c", script],
        environment=dict(os.environ),
        url="",
        ready_url="",
        log_path=tmp_path / "service.log",
        stop_signal=signal.SIGINT,
    )
    ours = set(psutil.Process().children(recursive=True))  # other tests of this process may keep some up
    service.start()
    deadline = time.monotonic() + 20
    while "up" not in service.log_path.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    service.note_children()
    left = set(psutil.Process().children(recursive=True)) - ours
    assert len(left) == 2
    service.stop()
    assert service.exit_code() is not None
    assert not outliving(left)


def test_up_says_in_one_line_why_it_does_not_start(tmp_path: Path, footfall_says: Any) -> None:
    footfall_says("true")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        command = [sys.executable, "-m", "launch.up", "--home", str(tmp_path), "--port", str(other.getsockname()[1])]
        done = subprocess.run(command, cwd=bootstrap.PROJECT_ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == EnvironmentProblem.exit_code
    assert done.stderr.startswith("Error: Port ")
    assert done.stderr.count("\n") == 1
