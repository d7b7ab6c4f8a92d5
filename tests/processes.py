"""Python processes beside the tests' own: to kill, to restrict, or to let race."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterable, Sequence

import psutil

from footfall.settings import PROJECT_ROOT
from launch.service import is_alive


def python(code: str, *arguments: object, prefix: Sequence[str] = ()) -> subprocess.Popen[str]:
    """Start ``code`` with the project importable; its input and output are pipes."""
    command = [*prefix, sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, cwd=PROJECT_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def race(processes: list[subprocess.Popen[str]]) -> list[str]:
    """What processes print that each say ready, wait for a line, and then go, all at once."""
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return [process.communicate()[0].strip() for process in processes]


def outliving(processes: Iterable[psutil.Process], seconds: float = 20) -> list[psutil.Process]:
    """Those that still run after a time: a process told to end needs a moment, and an orphan may stay a zombie."""
    deadline = time.monotonic() + seconds
    left = [process for process in processes if is_alive(process)]
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = [process for process in left if is_alive(process)]
    return left
