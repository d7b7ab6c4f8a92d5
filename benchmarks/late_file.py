"""What a late file costs: events that day 57 of 60 lacked, against one more day on top of the same 60.

    python -m benchmarks.late_file --scratch DIR [--days 60] [--events 200000] [--repetitions 5]

The history is the one of ``benchmarks.flat_cost``, made here where DIR does not have it. Each run is on a fresh copy of
its lake, and the late file and the normal day take turns.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.harness import interleave, machine, scratch, table
from benchmarks.history import STEPS, History, feed, options, total

AIM = 3


def main() -> None:
    arguments = options(__doc__).parse_args()
    with scratch(arguments.scratch) as folder:
        measure(arguments, folder)


def measure(arguments: argparse.Namespace, folder: Path) -> None:
    """Feed late file and normal day in turns in ``folder`` and print the tables."""
    print(f"{machine()}; {arguments.days} days of {arguments.events:,} lines", file=sys.stderr)
    history = History.below(folder, arguments)
    history.fed()
    late, normal = f"late file for day {history.late_day}", f"day {history.days + 1}"
    files = {late: history.late_file, normal: history.day_file(history.days + 1)}
    costs: dict[str, list[dict[str, dict[str, float]]]] = {name: [] for name in files}

    def fed(name: str) -> Callable[[], float]:
        def feed_it() -> float:
            costs[name].append(feed(history.fresh_home(), files[name]))
            return total(costs[name][-1], "seconds")

        return feed_it

    seconds = interleave({name: fed(name) for name in files}, arguments.repetitions)
    print(table(seconds, normal))
    print(f"\nThe aim is a ratio of at most {AIM}.\n")
    print(by_step(costs))


def by_step(costs: Mapping[str, Sequence[Mapping[str, Mapping[str, float]]]]) -> str:
    """A Markdown table: median seconds and MB read of every step."""
    heads = [f"{name}, {unit}" for name in costs for unit in ("s", "MB read")]
    rows = [f"| step | {' | '.join(heads)} |", "|---|" + "---:|" * len(heads)]
    for step in STEPS:
        cells = [
            f"{statistics.median(run[step][figure] for run in runs) / scale:,.1f}"
            for runs in costs.values()
            for figure, scale in (("seconds", 1), ("bytes_read", 1e6))
        ]
        rows.append(f"| {step} | {' | '.join(cells)} |")
    return "\n".join(rows)


if __name__ == "__main__":
    main()
