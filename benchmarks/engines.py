"""The same job on both engines: the embedded one (Sail) and Apache Spark on a local JVM, cold and warm.

    python -m benchmarks.engines [--lines 1000000] [--repetitions 5]

One process an engine stays up; the two stage the same pending file in turns. The first run of each is its cold one and
is not in the medians. Needs Java 17 or later; ends with a message where there is none.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.harness import combined_log, interleave, machine, options, python, scratch, table
from benchmarks.lake import land
from footfall.settings import PROJECT_ROOT

SAIL, SPARK = "Sail (embedded)", "Apache Spark (JVM), warm"


class Worker:
    """A ``benchmarks.stage_worker`` that stays up."""

    def __init__(self, engine: str, home: Path) -> None:
        self._errors = home / f"{engine}.stderr"
        self._engine, self._runs = engine, 0
        self.answer: dict[str, Any] = {}
        self._process = subprocess.Popen(
            python("benchmarks.stage_worker", "--engine", engine), cwd=PROJECT_ROOT, text=True,
            env={**os.environ, "FOOTFALL_HOME": str(home)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self._errors.open("w"),
        )  # fmt: skip

    def stage(self) -> float:
        """Seconds of one more run."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._runs += 1
        print(f"{self._engine}-{self._runs}", file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            sys.exit(f"Engine {self._engine} died:\n{self._errors.read_text()[-4000:]}")
        self.answer = json.loads(line)
        return float(self.answer["seconds"])

    def close(self) -> None:
        """Let it end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(60)


def main() -> None:
    arguments = options(__doc__, lines=1_000_000).parse_args()
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        sys.exit("No Java found: install a JDK 17 or later to measure the JVM engine.")
    with scratch(arguments.scratch) as folder:
        measure(arguments, folder)


def measure(arguments: argparse.Namespace, folder: Path) -> None:
    """Run both engines in turns in ``folder``, print the table, exit when they do not agree."""
    print(f"{machine()}; {arguments.lines:,} lines", file=sys.stderr)
    home = folder / "home"
    land(home, [combined_log(folder, arguments.lines)])
    workers = {SAIL: Worker("sail", home), SPARK: Worker("spark", home)}
    cold = {name: worker.stage() for name, worker in workers.items()}
    results = interleave({name: worker.stage for name, worker in workers.items()}, arguments.repetitions)
    for worker in workers.values():
        worker.close()
    print(table(results, SAIL))
    print("\nFirst run of the process: " + ", ".join(f"{name.split(',')[0]} {cold[name]:.1f} s" for name in workers))
    found = {name: {key: worker.answer[key] for key in ("events", "sessions")} for name, worker in workers.items()}
    print(found[SAIL])
    if found[SAIL] != found[SPARK]:
        sys.exit(f"The engines do not agree: {found}")


if __name__ == "__main__":
    main()
