"""Python processes beside the tests' own: to kill, to restrict, or to let race."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

from footfall.settings import PROJECT_ROOT


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
