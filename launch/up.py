"""``python -m launch.up``: Airflow and the dashboard on this machine, until Ctrl-C. Loopback only, no login."""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from rich.console import Console

from footfall.errors import EnvironmentProblem, FootfallError
from footfall.settings import PROJECT_ROOT, Settings
from launch.bootstrap import AirflowHome, finish_dbt_parse, start_dbt_parse
from launch.service import Service

LOOPBACK = "127.0.0.1"
# Above what a busy machine needs: after a crash the tasks that were left begin at once, beside what is still starting
START_TIMEOUT_SECONDS = 600
DASHBOARD = PROJECT_ROOT / "dashboard" / "overview.py"


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the services listen: two a person opens, and one that is for Airflow's tasks alone."""

    airflow: int
    dashboard: int
    tasks: int


class Stopped(Exception):
    """A person or the system asked us to stop."""


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; 0 after such a stop, 1 when a service ended by itself."""
    options = _parse(arguments)
    settings = Settings() if options.home is None else Settings(home=options.home)
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, _stop)
    try:
        return serve(settings, Ports(options.port, options.dashboard_port, free_port()))
    except FootfallError as error:
        print(f"Error: {error}", file=sys.stderr)
        return error.exit_code
    except Stopped:
        return 0


def serve(settings: Settings, ports: Ports) -> int:
    """Start the services, print their addresses, and stop all of them when one ends or we are asked to.

    Raises:
        EnvironmentProblem: a port is taken, or a service did not answer in time.
    """
    console = Console(highlight=False)
    for name, port in (("Airflow", ports.airflow), ("the dashboard", ports.dashboard)):
        refuse_busy_port(name, port)
    home = AirflowHome(settings)
    environment = home.environment(**airflow_settings(ports))
    console.print("Reading the dbt project, making Airflow's database ...")
    parsing = start_dbt_parse(home, environment)
    prepare_metadata_db(environment)
    finish_dbt_parse(parsing)

    services = [task_api_service(home, environment, ports.tasks), airflow_service(home, environment, ports.airflow)]
    if DASHBOARD.exists():
        services.append(dashboard_service(home, environment, ports.dashboard))
    else:
        console.print("There is no dashboard/overview.py: starting Airflow alone.")
    try:
        for service in services:
            console.print(f"Starting {service.name} ... (log: {service.log_path})", soft_wrap=True)
            service.start()
        return _watch(services, console)
    except Stopped:
        # A second Ctrl-C of an impatient person must not leave half of the processes behind.
        for signum in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signum, signal.SIG_IGN)
        console.print("Stopping ...")
        return 0
    finally:
        for service in reversed(services):
            service.stop()
        console.print("Stopped.")


def airflow_settings(ports: Ports) -> dict[str, str]:
    """What Airflow needs beyond its home: small, on loopback, without a login."""
    return {
        "AIRFLOW__API__HOST": LOOPBACK,
        "AIRFLOW__API__PORT": str(ports.airflow),
        "AIRFLOW__API__BASE_URL": f"http://{LOOPBACK}:{ports.airflow}",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        # One key for all the processes: the first of them to start would make one up and the next another.
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(48),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://{LOOPBACK}:{ports.tasks}/execution/",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "60",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        # Fixed ports of their own would clash with another Airflow on the machine.
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
        "FOOTFALL_DBT_EXECUTION": "watcher",
    }


def prepare_metadata_db(environment: dict[str, str]) -> None:
    """Make Airflow's database, in a process of its own: the environment must be in place before Airflow is imported.

    Raises:
        EnvironmentProblem: Airflow could not make it.
    """
    script = "from launch.bootstrap import make_metadata_db; make_metadata_db()"
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()[-1]
        raise EnvironmentProblem(
            f"Airflow's database in {environment['AIRFLOW_HOME']} could not be made: {said}. Give this user access to "
            "that folder, or move it away to have it made anew."
        )


def airflow_service(home: AirflowHome, environment: dict[str, str], port: int) -> Service:
    """Airflow's scheduler, DAG processor, API server and triggerer, over a database that is there already."""
    return Service(
        name="Airflow",
        command=["airflow", "standalone"],
        environment=environment,
        url=f"http://{LOOPBACK}:{port}",
        ready_url=f"http://{LOOPBACK}:{port}/api/v2/version",
        log_path=home.path / "standalone.log",
        # Standalone stops its parts itself on one SIGINT; a signal to the whole group dead-locks its scheduler.
        stop_signal=signal.SIGINT,
    )


def task_api_service(home: AirflowHome, environment: dict[str, str], port: int) -> Service:
    """The API that Airflow's tasks call, in a process of its own.

    The public API logs every change in its event loop. In one process with the tasks' API, that write would wait for a
    task's transaction, whose end waits for the event loop: SQLite ends it after its timeout, with an error.
    """
    return Service(
        name="Airflow's API for tasks",
        command=["airflow", "api-server", "--apps", "execution", "--host", LOOPBACK, "--port", str(port)],
        environment=environment,
        url=f"http://{LOOPBACK}:{port}",
        ready_url=f"http://{LOOPBACK}:{port}/execution/health",
        log_path=home.path / "task-api.log",
        stop_signal=signal.SIGTERM,
    )


def dashboard_service(home: AirflowHome, environment: dict[str, str], port: int) -> Service:
    """The Streamlit dashboard on the published marts."""
    python_path = [environment["PYTHONPATH"]] if environment.get("PYTHONPATH") else []
    options = {"address": LOOPBACK, "port": str(port), "headless": "true", "fileWatcherType": "none"}
    return Service(
        name="the dashboard",
        command=["streamlit", "run", str(DASHBOARD), *(f"--server.{name}={value}" for name, value in options.items())],
        # Streamlit puts the page's folder on the path, not the project.
        environment={**environment, "PYTHONPATH": os.pathsep.join([str(PROJECT_ROOT), *python_path])},
        url=f"http://{LOOPBACK}:{port}",
        ready_url=f"http://{LOOPBACK}:{port}/_stcore/health",
        log_path=home.path / "dashboard.log",
        stop_signal=signal.SIGTERM,
    )


def refuse_busy_port(name: str, port: int) -> None:
    """Raise EnvironmentProblem when something listens on the port already."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            option = "--port" if name == "Airflow" else "--dashboard-port"
            raise EnvironmentProblem(
                f"Port {port} for {name} is taken by another program. Stop that program, or choose another port "
                f"with {option}."
            ) from None


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _watch(services: list[Service], console: Console) -> int:
    """Print each address once it answers; return 1 when a service ends by itself."""
    began = time.monotonic()
    waiting = list(services)
    while True:
        for service in services:
            code = service.exit_code()
            if code is not None:
                console.print(f"{service.name} ended with exit code {code}; see {service.log_path}.", soft_wrap=True)
                return 1
        for service in list(waiting):
            if _answers(service.ready_url):
                waiting.remove(service)
                console.print(f"{service.name}: {service.url} (after {time.monotonic() - began:.0f} s)")
                if not waiting:
                    console.print("Ctrl-C stops everything.")
        if waiting and time.monotonic() - began > START_TIMEOUT_SECONDS:
            names = ", ".join(f"{service.name} ({service.log_path})" for service in waiting)
            raise EnvironmentProblem(
                f"No answer after {START_TIMEOUT_SECONDS} s from {names}. Read the log named there."
            )
        for service in services:
            service.note_children()
        time.sleep(0.5)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _stop(signum: int, frame: FrameType | None) -> None:
    raise Stopped


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m launch.up", description=__doc__)
    parser.add_argument("--home", type=Path, default=None, help="where the data lives (FOOTFALL_HOME)")
    parser.add_argument("--port", type=int, default=8080, help="port of Airflow (8080)")
    parser.add_argument("--dashboard-port", type=int, default=8501, help="port of the dashboard (8501)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
