"""``kill -9`` as a machine out of memory does it: everything at once, or a task without the command it started."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable

import psutil

from tests.processes import outliving


def is_command(process: psutil.Process) -> bool:
    """Whether it is a ``footfall`` command or the Spark job of one: neither dies with the task that started it."""
    return any(part.endswith(("/footfall", "footfall.cli", "spark.sessionize_job")) for part in words(process)[:3])


def commands_of(process: psutil.Process) -> list[psutil.Process]:
    """The commands below a process, and what they started."""
    try:
        return [child for child in process.children(recursive=True) if is_command(child)]
    except psutil.NoSuchProcess:
        return []


def words(process: psutil.Process) -> list[str]:
    """Its command line; empty for a process that has ended."""
    try:
        return process.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return []


def kill_tree(root: psutil.Process, *, spare: Callable[[psutil.Process], bool] = lambda process: False) -> None:
    """Kill a process and all that it started, but for what is spared."""
    doomed = [process for process in (root, *root.children(recursive=True)) if not spare(process)]
    signal_all("suspend", doomed)  # so that none sees another one die, and tidies up
    signal_all("kill", doomed)
    assert not outliving(doomed)


def signal_all(what: str, processes: Iterable[psutil.Process]) -> None:
    """``suspend``, ``resume`` or ``kill`` those that have not ended by themselves."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            getattr(process, what)()
