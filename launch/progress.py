"""One line per stage as it happens, while everything Airflow and dbt print goes to a log file."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pluggy
from rich.console import Console

# Airflow's own marker by its project name: importing Airflow for it takes a second nobody needs to wait.
hookimpl = pluggy.HookimplMarker("airflow")


@dataclass(frozen=True, slots=True)
class Stage:
    """A finished step: its name and how long it took."""

    name: str
    seconds: float


class StageReport:
    """Prints each stage when it ends, and keeps them for the summary.

    Airflow's task listener calls tell when a task begins and ends; in ``dag.test()`` they come from this process.
    """

    def __init__(self, log_path: Path) -> None:
        self.log_path = log_path
        self.stages: list[Stage] = []
        self.failure: str | None = None
        # A copy of the terminal: output_to_log() takes the original file descriptors away for a while.
        self._console = Console(file=os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1), highlight=False)
        self._status = self._console.status("")
        self._began = 0.0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a step of the launcher's own."""
        self._begin(name)
        try:
            yield
        except BaseException:
            self._status.stop()
            raise
        self._end(name)

    @contextmanager
    def watch_tasks(self) -> Iterator[None]:
        """Report the tasks of a ``dag.test()`` inside the block."""
        from airflow.sdk.listener import get_listener_manager

        listener = _TaskListener(self)
        get_listener_manager().add_listener(listener)
        try:
            yield
        finally:
            get_listener_manager().pm.unregister(listener)
            self._status.stop()

    @contextmanager
    def output_to_log(self) -> Iterator[None]:
        """Send what this process and its children write to stdout and stderr to the log file."""
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        sys.stdout.flush()
        sys.stderr.flush()
        kept = os.dup(1), os.dup(2)
        try:
            with self.log_path.open("ab") as log:
                os.dup2(log.fileno(), 1)
                os.dup2(log.fileno(), 2)
            yield
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for descriptor, copy in zip((1, 2), kept, strict=True):
                os.dup2(copy, descriptor)
                os.close(copy)

    def explain_failure(self) -> None:
        """Say what failed, what to do, and where the whole story is."""
        self._console.print(f"\n{self.failure or 'The run failed before a task began.'}", markup=False, soft_wrap=True)
        self._console.print(f"\nAll that was printed on the way: {self.log_path}", markup=False, soft_wrap=True)

    def task_began(self, name: str) -> None:
        self._begin(name)

    def task_ended(self, name: str) -> None:
        self._end(name)

    def task_skipped(self, name: str) -> None:
        self._status.stop()
        self._console.print(f"  [dim]-           {name} (skipped: nothing to do)[/]", soft_wrap=True)

    def task_failed(self, name: str, error: object, remedy: str | None) -> None:
        self._status.stop()
        self.failure = f"{name} failed: {error}\nWhat to do: {remedy or 'see docs/runbooks/airflow.md'}"
        self._console.print(f"  [red]✗[/]           {name}", soft_wrap=True)

    def _begin(self, name: str) -> None:
        self._began = time.monotonic()
        self._status.update(f"{name} ...")
        self._status.start()

    def _end(self, name: str) -> None:
        self._status.stop()
        stage = Stage(name, time.monotonic() - self._began)
        self.stages.append(stage)
        self._console.print(f"  [green]✓[/] {stage.seconds:6.1f} s  {stage.name}", soft_wrap=True)


class _TaskListener:
    """Passes Airflow's task events on to the report; pluggy finds the hooks by their names."""

    def __init__(self, report: StageReport) -> None:
        self._report = report

    @hookimpl
    def on_task_instance_running(self, previous_state: Any, task_instance: Any) -> None:
        self._report.task_began(_name(task_instance))

    @hookimpl
    def on_task_instance_success(self, previous_state: Any, task_instance: Any) -> None:
        self._report.task_ended(_name(task_instance))

    @hookimpl
    def on_task_instance_skipped(self, previous_state: Any, task_instance: Any) -> None:
        self._report.task_skipped(_name(task_instance))

    @hookimpl
    def on_task_instance_failed(self, previous_state: Any, task_instance: Any, error: Any) -> None:
        self._report.task_failed(_name(task_instance), error, task_instance.task.doc_md)


def _name(task_instance: Any) -> str:
    return f"{task_instance.dag_id}: {task_instance.task_id}"
