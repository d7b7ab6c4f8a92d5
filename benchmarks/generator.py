"""How fast demo data is made.

    python -m benchmarks.generator [--lines 1000000] [--repetitions 5]

Each run is a fresh process that writes gzip files, seven days of them.
"""

from __future__ import annotations

import json
import statistics
import sys

from benchmarks.harness import DAYS, SEED, VISITORS_PER_LINE, machine, options, run, scratch

_GENERATE = """
import json, sys
from pathlib import Path
from footfall.generate import generate
output, lines, days, visitors, seed = sys.argv[1], *map(int, sys.argv[2:])
report = generate(Path(output), days=days, visitors=visitors, seed=seed, lines=lines)
print(json.dumps({"seconds": report.seconds, "bytes": report.bytes_written}))
"""


def main() -> None:
    arguments = options(__doc__, lines=1_000_000).parse_args()
    lines, visitors = arguments.lines, max(1, round(arguments.lines * VISITORS_PER_LINE))
    print(f"{machine()}; {lines:,} lines", file=sys.stderr)
    with scratch(arguments.scratch) as folder:
        command = [sys.executable, "-c", _GENERATE, folder / "generated", lines, DAYS, visitors, SEED]
        seconds = [json.loads(run(command).stdout)["seconds"] for _ in range(arguments.repetitions)]
    median = statistics.median(seconds)
    print(f"{lines / median:,.0f} lines/s (median {median:.2f} s, {min(seconds):.2f} to {max(seconds):.2f} s)")


if __name__ == "__main__":
    main()
