"""Airflow as ``make up`` starts it, for a test: on ports of its own, killed or stopped, and started again."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from footfall.settings import PROJECT_ROOT
from launch.bootstrap import DAG_IDS
from launch.up import START_TIMEOUT_SECONDS, free_port
from tests.dags.kills import commands_of, kill_tree, words


@dataclass
class Scheduler:
    """``python -m launch.up`` on one home; ``environment`` holds what is set for it and its tasks."""

    home: Path
    environment: dict[str, str]
    output: Path
    port: int = 0
    process: subprocess.Popen[str] | None = field(default=None, init=False)

    def start(self) -> None:
        """Return when Airflow and the dashboard answer and the DAGs are known."""
        self.port = free_port()
        command = [sys.executable, "-u", "-m", "launch.up", "--home", str(self.home), "--port", str(self.port)]
        with self.output.open("w") as out:
            self.process = subprocess.Popen(
                [*command, "--dashboard-port", str(free_port())],
                cwd=PROJECT_ROOT,
                env=self.environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        self.wait_for("address on the screen", lambda: "Ctrl-C stops everything" in self.said(), START_TIMEOUT_SECONDS)
        self.wait_for("DAGs", lambda: len(self.call("dags")[1]["dags"]) == 3, 120)

    def said(self) -> str:
        return self.output.read_text()

    def call(self, path: str, body: dict[str, Any] | None = None, method: str | None = None) -> tuple[int, Any]:
        """Status code and answer of Airflow's REST API; a POST when there is a body, unless told otherwise."""
        data = None if body is None else json.dumps(body).encode()
        url = f"http://127.0.0.1:{self.port}/api/v2/{path}"
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(url, data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def backfill(self, first: str, last: str, reprocess: str = "none") -> tuple[int, Any]:
        """Create a backfill of ``ingest`` over days, both included, when the one before it is over."""
        # Airflow looks every half minute whether one is
        open_ones = "select count(*) from backfill where completed_at is null"
        self.wait_for("end of the backfill before", lambda: self.rows(open_ones) == [(0,)], 120)
        body = {"dag_id": "ingest", "from_date": f"{first}T00:00:00Z", "to_date": f"{last}T00:00:00Z"}
        return self.call("backfills", {**body, "reprocess_behavior": reprocess})

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """What Airflow's own database holds."""
        database = f"file:{self.home / 'airflow' / 'airflow.db'}?mode=ro"
        with closing(sqlite3.connect(database, uri=True, timeout=60)) as connection:
            return connection.execute(sql, values).fetchall()

    def has_settled(self, *dag_ids: str) -> bool:
        """Whether every run of these DAGs (of all, unless named) has ended, those that follow by assets included."""
        dags = ", ".join(f"'{dag_id}'" for dag_id in dag_ids or DAG_IDS)
        unfinished = f"select count(*) from dag_run where dag_id in ({dags}) and state not in ('success', 'failed')"
        # Airflow notes a hand-over together with the success of the task that made it
        waiting = (
            "select count(*) from asset_partition_dag_run "
            f"where target_dag_id in ({dags}) and created_dag_run_id is null"
        )
        return self.rows(unfinished) == self.rows(waiting) == [(0,)]

    def wait_for(self, what: str, check: Callable[[], Any], seconds: float) -> Any:
        """The first true answer of ``check``."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            assert self.process is not None
            assert self.process.poll() is None, f"it ended by itself: {self.said()}"
            try:
                if found := check():
                    return found
            except OSError:
                pass
            time.sleep(1)
        states = self.rows("select dag_id, task_id, state, count(*) from task_instance group by 1, 2, 3")
        raise AssertionError(f"no {what} after {seconds:.0f} s: {self.said()}\n{states}")

    def processes(self) -> list[psutil.Process]:
        assert self.process is not None
        return psutil.Process(self.process.pid).children(recursive=True)

    def kill(self, *, spare: Callable[[psutil.Process], bool]) -> None:
        """``kill -9`` for all of it at once, but for what is spared."""
        assert self.process is not None
        kill_tree(psutil.Process(self.process.pid), spare=spare)
        self.process.wait()

    def wait_for_attempt(
        self, dag_id: str, task_id: str, number: int, *, starts_command: bool, seconds: float = 900
    ) -> psutil.Process:
        """The process of an attempt at a task, once it runs, and runs its command where it starts one."""
        sql = "select id from task_instance where dag_id = ? and task_id = ? and state = 'running' and try_number = ?"
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            # Airflow names the process of a task by the task's id
            titles = {f"airflow worker -- {uuid.UUID(ti_id)}" for (ti_id,) in self.rows(sql, dag_id, task_id, number)}
            for process in self.processes() if titles else []:
                if " ".join(words(process)).strip() in titles and (commands_of(process) or not starts_command):
                    return process
            time.sleep(0.05)
        raise AssertionError(f"no attempt {number} at {dag_id}.{task_id} after {seconds:.0f} s: {self.said()}")

    def stop(self, signum: signal.Signals = signal.SIGTERM) -> int:
        """Exit code of an orderly stop, the known one of a process that has ended."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signum)
        return self.process.wait(90)
