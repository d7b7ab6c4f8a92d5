"""What a person waits for: ``footfall run`` from a raw file to published marts, and ``make demo`` once installed.

    python -m benchmarks.commands [--lines 1000000] [--repetitions 5] [--skip-demo]

Every ``footfall run`` gets a lake of its own, every ``make demo`` an empty FOOTFALL_HOME; the installation is there.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from benchmarks.harness import combined_log, footfall, interleave, machine, options, run, scratch, table

RUN, DEMO = "footfall run, {lines:,} lines to published marts", "make demo, installed, empty home"


def main() -> None:
    parser = options(__doc__, lines=1_000_000)
    parser.add_argument("--skip-demo", action="store_true", help="only footfall run")
    arguments = parser.parse_args()
    with scratch(arguments.scratch) as folder:
        measure(arguments, folder)


def measure(arguments: argparse.Namespace, folder: Path) -> None:
    """Run the commands in turns in ``folder`` and print the table."""
    print(f"{machine()}; {arguments.lines:,} lines", file=sys.stderr)
    log = combined_log(folder, arguments.lines)

    def pipeline() -> float:
        return run(footfall("run", log), _empty(folder / "home-run")).seconds

    def demo() -> float:
        return run(["make", "demo"], _empty(folder / "home-demo")).seconds

    name = RUN.format(lines=arguments.lines)
    contestants = {name: pipeline} if arguments.skip_demo else {name: pipeline, DEMO: demo}
    print(table(interleave(contestants, arguments.repetitions), name))


def _empty(home: Path) -> dict[str, str]:
    shutil.rmtree(home, ignore_errors=True)
    return {"FOOTFALL_HOME": str(home)}


if __name__ == "__main__":
    main()
