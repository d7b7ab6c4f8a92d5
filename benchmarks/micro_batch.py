"""Seconds from a file of 10,000 new events to published marts, on top of 60 days, and where they go.

    python -m benchmarks.micro_batch --scratch DIR [--days 60] [--events 200000] [--batch 10000] [--repetitions 5]

The history is the one of ``benchmarks.flat_cost``, made here where DIR does not have it. On a copy of its lake the
first half of the next day is fed in one file. Then come the batches, each the next lines of that day, each one
``footfall run``. Imports are measured apart, by processes that import the same modules and end.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from benchmarks.harness import footfall, machine, run, scratch
from benchmarks.history import History, lines_of, options, write_lines

AIM_SECONDS = 20
_STEP = re.compile(r"^(?P<step>[a-z][a-z -]*) (?P<seconds>[\d.]+) s$", re.MULTILINE)
_OUTSIDE, _ALL = "start and end of the command", "all"
# what takes long to import, by the step whose time it is a part of
_IMPORTS: Final = {
    _OUTSIDE: "footfall.cli",
    "stage": "spark.sessionize_job",
    "audit": "footfall.quality",
    "transform": "dbt.cli.main, dbt.adapters.duckdb",
}
_WHAT: Final = {
    "ingest": "hash, line index, copy into the raw zone",
    "stage": "Spark, a process of its own",
    "audit": "Great Expectations",
    "commit": "Delta",
    "transform": "load and dbt: models and tests",
    "publish": "to the file readers see",
    _OUTSIDE: "Python, settings, printing",
}


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--batch", type=int, default=10_000, help="lines of a batch (default %(default)s)")
    arguments = parser.parse_args()
    with scratch(arguments.scratch) as folder:
        measure(arguments, folder)


def measure(arguments: argparse.Namespace, folder: Path) -> None:
    """Feed the batches one after another in ``folder`` and print the table."""
    print(f"{machine()}; {arguments.days} days of {arguments.events:,} lines", file=sys.stderr)
    history = History.below(folder, arguments)
    history.fed()
    head, *batches = cut(history, arguments.batch, arguments.repetitions)
    environment = {"FOOTFALL_HOME": str(history.fresh_home())}
    run(footfall("run", head), environment)
    runs = []
    for number, batch in enumerate(batches, 1):
        cost = run(footfall("run", batch), environment)
        runs.append(by_step(cost.seconds, cost.stderr))
        print(f"  batch {number}/{len(batches)}  {cost.seconds:8.2f} s", file=sys.stderr, flush=True)
    print(breakdown(runs, import_seconds(arguments.repetitions)))
    print(f"\nThe aim is less than {AIM_SECONDS} s for all.")


def cut(history: History, batch: int, count: int) -> list[Path]:
    """Files of the day after the history: its first half, then ``count`` batches of the lines that follow."""
    day, half = history.day_file(history.days + 1), history.events // 2
    if half + batch * count > history.events:
        sys.exit(
            f"{count} batches of {batch:,} lines are more than half a day of {history.events:,}: give a smaller --batch"
        )
    folder = history.folder / "batches"
    folder.mkdir(exist_ok=True)
    lines = lines_of(day)
    files = []
    for number in range(count + 1):
        files.append(folder / f"{day.name.removesuffix('.log.gz')}-{number}.log.gz")
        write_lines(files[-1], list(islice(lines, batch if number else half)))
    return files


def by_step(seconds: float, messages: str) -> dict[str, float]:
    """What ``footfall run`` says of its steps, what none of them took, and all; in seconds."""
    steps = {found["step"]: float(found["seconds"]) for found in _STEP.finditer(messages)}
    return {**steps, _OUTSIDE: seconds - sum(steps.values()), _ALL: seconds}


def import_seconds(repetitions: int) -> dict[str, float]:
    """Median seconds that a fresh process takes to import what a step needs, Python's own start included."""
    return {
        step: statistics.median(run([sys.executable, "-c", f"import {names}"]).seconds for _ in range(repetitions))
        for step, names in _IMPORTS.items()
    }


def breakdown(runs: Sequence[Mapping[str, float]], imports: Mapping[str, float]) -> str:
    """A Markdown table: median seconds of each part, and those of them that imports take."""
    rows = ["| part | what it is | median s | lowest to highest s | of these imports, s |", "|---|---|---:|---:|---:|"]
    for part in runs[0]:
        seconds = [one[part] for one in runs]
        of_imports = f"{imports[part]:.1f}" if part in imports else ""
        rows.append(
            f"| {part} | {_WHAT.get(part, '')} | {statistics.median(seconds):.1f} "
            f"| {min(seconds):.1f} to {max(seconds):.1f} | {of_imports} |"
        )
    return "\n".join(rows)


if __name__ == "__main__":
    main()
