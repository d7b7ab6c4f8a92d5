"""What the benchmarks share: input files, fresh processes and what they cost, paired repetitions, the printed table."""

from __future__ import annotations

import argparse
import math
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

from footfall.generate import generate
from footfall.settings import PROJECT_ROOT
from spark.session import cores

DAYS, VISITORS_PER_LINE, SEED = 7, 0.06, 1
_SAMPLE_SECONDS = 0.05
_PROC_IO = Path("/proc/self/io")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process and its children cost: seconds of wall and of CPU, the most memory they held together, and the
    bytes they asked the system to read, from the disk or its cache (nan where there is no ``/proc``).
    """

    seconds: float
    cpu_seconds: float
    peak_rss_bytes: int
    bytes_read: float
    stdout: str
    stderr: str


def options(description: str | None, *, lines: int, repetitions: int = 5) -> argparse.ArgumentParser:
    """The options every benchmark has."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=lines, help=f"lines of the log (default {lines:,})")
    parser.add_argument("--repetitions", type=int, default=repetitions, help="runs of each (default %(default)s)")
    parser.add_argument("--scratch", type=Path, help="folder for input and output (default: a temporary one)")
    return parser


@contextmanager
def scratch(given: Path | None) -> Iterator[Path]:
    """The folder to work in: the one given, which stays, or a temporary one, which goes."""
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="footfall-bench-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def combined_log(folder: Path, lines: int) -> Path:
    """One plain combined log of exactly ``lines`` lines over seven days, made once and kept in ``folder``."""
    log = folder / f"access-{lines}.log"
    if log.exists():
        return log
    parts = folder / "parts"
    report = generate(
        parts, days=DAYS, visitors=max(1, round(lines * VISITORS_PER_LINE)), seed=SEED, lines=lines, compress=False
    )
    unfinished = log.with_suffix(".unfinished")
    with unfinished.open("wb") as out:
        for part in report.files:
            with part.open("rb") as content:
                shutil.copyfileobj(content, out, 1 << 22)
    shutil.rmtree(parts)
    unfinished.rename(log)
    return log


def python(module: str, *arguments: object) -> list[str]:
    """The command that runs a module of this checkout with this interpreter."""
    return [sys.executable, "-m", module, *map(str, arguments)]


def footfall(*arguments: object) -> list[str]:
    """The ``footfall`` command of the environment that this interpreter runs in."""
    return [str(Path(sys.executable).with_name("footfall")), *map(str, arguments)]


def run(command: Sequence[object], environment: Mapping[str, str] | None = None, stdin: str = "") -> Cost:
    """Run a command to its end and watch its process tree. Exits with its errors if it fails."""
    words = [str(part) for part in command]
    peak = 0
    cpu_before = _children_cpu_seconds()
    with (
        tempfile.TemporaryFile("w+") as given,
        tempfile.TemporaryFile("w+") as out,
        tempfile.TemporaryFile("w+") as err,
    ):
        given.write(stdin)
        given.seek(0)
        began = time.perf_counter()
        process = subprocess.Popen(
            words, cwd=PROJECT_ROOT, env={**os.environ, **(environment or {})}, stdin=given, stdout=out, stderr=err
        )
        done = threading.Event()

        def watch() -> None:
            nonlocal peak
            while not done.wait(_SAMPLE_SECONDS):
                peak = max(peak, tree_rss_bytes(process.pid))

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        bytes_read = _bytes_read_to_the_end(process.pid)
        process.wait()
        seconds = time.perf_counter() - began
        done.set()
        watcher.join()
        stdout, stderr = (_text(stream) for stream in (out, err))
    if process.returncode:
        sys.exit(f"{' '.join(words)} ended with exit code {process.returncode}\n{stdout[-2000:]}\n{stderr[-4000:]}")
    return Cost(seconds, _children_cpu_seconds() - cpu_before, peak, bytes_read, stdout, stderr)


def _text(stream: IO[str]) -> str:
    stream.seek(0)
    return stream.read()


def _bytes_read_to_the_end(pid: int) -> float:
    """Wait for a child and say what it read, with all its children that it waited for; it is left to be reaped.

    Linux adds a process' counters to its parent's when the parent reaps it, so the child's hold the whole tree's.
    What is read through a memory map is not in them: of the code that is the shared libraries.
    """
    if not _PROC_IO.exists():
        return math.nan
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    counters = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    return int(counters["rchar"])


def _children_cpu_seconds() -> float:
    times = os.times()
    return times.children_user + times.children_system


def tree_rss_bytes(pid: int) -> int:
    """Resident memory of a process and all below it. Pages they share count once for each: never too little."""
    total = 0
    try:
        parent = psutil.Process(pid)
        family = [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    for process in family:
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def interleave(contestants: Mapping[str, Callable[[], float]], repetitions: int) -> dict[str, list[float]]:
    """Seconds of each contestant: all of them once, then all again, so that a busy minute falls on all alike."""
    results: dict[str, list[float]] = {name: [] for name in contestants}
    for repetition in range(1, repetitions + 1):
        for name, contestant in contestants.items():
            results[name].append(contestant())
            print(
                f"  run {repetition}/{repetitions}  {name:32s} {results[name][-1]:8.2f} s", file=sys.stderr, flush=True
            )
    return results


def paired_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Median of the ratios of runs that stood side by side."""
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


def table(results: Mapping[str, Sequence[float]], base: str) -> str:
    """A Markdown table: median seconds of each, lowest and highest, and the paired ratio to ``base``."""
    rows = ["| what | median s | lowest to highest s | ratio |", "|---|---:|---:|---:|"]
    for name, seconds in results.items():
        ratio = "1" if name == base else f"{paired_ratio(seconds, results[base]):.2f}"
        rows.append(
            f"| {name} | {statistics.median(seconds):.2f} | {min(seconds):.2f} to {max(seconds):.2f} | {ratio} |"
        )
    return "\n".join(rows)


def machine() -> str:
    """One line about where the figures come from."""
    memory = psutil.virtual_memory().total / 2**30
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{cores()} cores, {memory:.0f} GiB, {system}, load at the start {os.getloadavg()[0]:.1f}"
