"""``python -m launch.up`` as a person uses it: start, trigger by REST, stop with Ctrl-C, nothing left."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from footfall.settings import PROJECT_ROOT
from launch.up import free_port
from tests.processes import outliving

pytestmark = [pytest.mark.xdist_group("airflow"), pytest.mark.slow, pytest.mark.timeout(420)]

DAY = "2024-05-12"
LINE = '192.0.2.7 - - [12/May/2024:10:00:00 +0000] "GET / HTTP/1.1" 200 512 "-" "Mozilla/5.0 Firefox/126.0"\n'


class Api:
    """Airflow's REST API, without a login."""

    def __init__(self, port: int) -> None:
        self._root = f"http://127.0.0.1:{port}/api/v2/"

    def call(self, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._root + path, data=data, headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


def wait_for(what: str, check: Callable[[], Any], process: subprocess.Popen[str], log: Path, seconds: float) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, f"it ended by itself: {log.read_text()}"
        try:
            if found := check():
                return found
        except OSError:
            pass
        time.sleep(1)
    raise AssertionError(f"no {what} after {seconds:.0f} s: {log.read_text()}")


@pytest.fixture
def up(tmp_path: Path, real_footfall: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], Api, Path]]:
    home = tmp_path / "a home"
    (home / "inbox").mkdir(parents=True)
    (home / "inbox" / "access.log").write_text(LINE)
    port, output = free_port(), tmp_path / "output.txt"
    command = [sys.executable, "-u", "-m", "launch.up", "--home", str(home), "--port", str(port)]
    with output.open("w") as out:
        process = subprocess.Popen(
            [*command, "--dashboard-port", str(free_port())],
            cwd=PROJECT_ROOT,
            env=real_footfall,
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    try:
        yield process, Api(port), output
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def test_a_day_triggered_by_rest_runs_and_ctrl_c_leaves_nothing(
    up: tuple[subprocess.Popen[str], Api, Path],
) -> None:
    process, api, output = up
    wait_for("address on the screen", lambda: "Ctrl-C stops everything" in output.read_text(), process, output, 180)
    wait_for("DAGs", lambda: len(api.call("dags")[1]["dags"]) == 3, process, output, 120)
    assert "Airflow: http://127.0.0.1:" in output.read_text()

    code, refused = api.call("dags/ingest/dagRuns", {"logical_date": None, "conf": {"day": "2024-13-40"}})
    assert (code, "Invalid input for param day" in refused) == (400, True)
    code, refused = api.call("dags/ingest/dagRuns", {"logical_date": None, "partition_key": "12 May"})
    assert code == 400, refused

    code, run = api.call("dags/ingest/dagRuns", {"logical_date": None, "conf": {"day": DAY}})
    assert code == 200, run
    path = f"dags/ingest/dagRuns/{urllib.parse.quote(run['dag_run_id'])}"
    states = ("success", "failed")
    wait_for("end of ingest", lambda: api.call(path)[1]["state"] in states, process, output, 120)
    assert api.call(path)[1]["state"] == "success"

    def handed_over() -> list[str]:
        runs = api.call("dags/sessionize/dagRuns")[1]["dag_runs"]
        return [found["dag_run_id"] for found in runs if found["partition_key"] == DAY]

    wait_for("run of sessionize for the day", handed_over, process, output, 60)

    children = psutil.Process(process.pid).children(recursive=True)
    assert len(children) > 4, "scheduler, DAG processor, API server, triggerer and more"
    process.send_signal(signal.SIGINT)
    assert process.wait(90) == 0
    assert "Stopped." in output.read_text()
    assert not outliving(children)
