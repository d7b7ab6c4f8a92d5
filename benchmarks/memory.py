"""Peak memory of staging 10 million lines on the embedded engine, over the whole process tree.

    python -m benchmarks.memory [--lines 10000000] [--engine sail]

Resident memory is sampled every 50 ms and summed over the process and all its children; pages they share are counted
for each, so the figure is never too low.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks.harness import combined_log, machine, options, python, run, scratch
from benchmarks.lake import land


def main() -> None:
    parser = options(__doc__, lines=10_000_000, repetitions=1)
    parser.add_argument("--engine", choices=["sail", "spark"], default="sail")
    arguments = parser.parse_args()
    with scratch(arguments.scratch) as folder:
        measure(arguments, folder)


def measure(arguments: argparse.Namespace, folder: Path) -> None:
    """Stage in ``folder`` and print one row a run."""
    print(f"{machine()}; {arguments.lines:,} lines", file=sys.stderr)
    log = combined_log(folder, arguments.lines)
    home = folder / "home"
    land(home, [log])
    print("| lines | log MB | seconds | peak memory GiB |\n|---:|---:|---:|---:|")
    for _ in range(arguments.repetitions):
        worker = python("benchmarks.stage_worker", "--engine", arguments.engine)
        cost = run(worker, {"FOOTFALL_HOME": str(home)}, "bench\n")
        staged = json.loads(cost.stdout)
        size = log.stat().st_size / 1e6
        peak = cost.peak_rss_bytes / 2**30
        print(f"| {arguments.lines:,} | {size:,.0f} | {staged['seconds']:.1f} | {peak:.2f} |", flush=True)


if __name__ == "__main__":
    main()
