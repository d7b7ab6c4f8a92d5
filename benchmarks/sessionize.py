"""Combined log to parsed, sessionized Parquet: ours, DuckDB by hand, and GoAccess, which only counts.

    python -m benchmarks.sessionize [--lines 1000000] [--repetitions 5]

Every run is a fresh process on the same file, in turns. "job" is the time inside the process from the first call to
the last file written, engine start included; "command" is the whole process. What Footfall and
DuckDB wrote is compared line by line and column by column; the benchmark fails when they differ.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
from pathlib import Path
from typing import Any

from benchmarks.agreement import disagreements, rejected
from benchmarks.harness import combined_log, interleave, machine, options, python, run, scratch, table
from benchmarks.lake import land
from spark.session import SECRET_PREFIX

EVENT_KEY = "5eed" * 16

OURS, DUCKDB, GOACCESS = "Footfall stage, job", "DuckDB SQL, job", "GoAccess, command"
OURS_COMMAND, DUCKDB_COMMAND, INGEST = "Footfall stage, command", "DuckDB SQL, command", "Footfall ingest, job (once)"


def main() -> None:
    arguments = options(__doc__, lines=1_000_000).parse_args()
    with scratch(arguments.scratch) as folder:
        measure(arguments, folder)


def measure(arguments: argparse.Namespace, folder: Path) -> None:
    """Run the contestants in turns in ``folder``, print the table, exit when they do not agree."""
    print(f"{machine()}; {arguments.lines:,} lines", file=sys.stderr)
    log = combined_log(folder, arguments.lines)
    home = folder / "home"
    ingest_seconds = land(home, [log])
    commands: dict[str, list[float]] = {OURS_COMMAND: [], DUCKDB_COMMAND: []}
    cpu: dict[str, list[float]] = {OURS: [], DUCKDB: [], GOACCESS: []}
    counts: dict[str, Any] = {}
    staged, output = home / "lake" / "events" / "bench", folder / "duckdb"

    def ours() -> float:
        shutil.rmtree(staged, ignore_errors=True)
        environment = {"FOOTFALL_HOME": str(home), "FOOTFALL_PRIVACY__EVENT_KEY": EVENT_KEY}
        cost = run(python("benchmarks.stage_worker", "--keep"), environment, "bench\n")
        commands[OURS_COMMAND].append(cost.seconds)
        cpu[OURS].append(cost.cpu_seconds)
        counts.update(json.loads(cost.stdout))
        return float(counts["seconds"])

    def by_hand() -> float:
        # the text that ours puts before a line, so that both give an event the same id
        key = SECRET_PREFIX + EVENT_KEY
        cost = run(python("benchmarks.peers.duckdb_sessionize", log, output, "--event-key", key))
        commands[DUCKDB_COMMAND].append(cost.seconds)
        cpu[DUCKDB].append(cost.cpu_seconds)
        return float(json.loads(cost.stdout)["seconds"])

    def goaccess() -> float:
        report = folder / "goaccess.json"
        command = ["goaccess", log, "--log-format=COMBINED", "--no-global-config", "--no-progress", "-o", report]
        cost = run(command)
        cpu[GOACCESS].append(cost.cpu_seconds)
        return cost.seconds

    contestants = {OURS: ours, DUCKDB: by_hand}
    if shutil.which("goaccess"):
        contestants[GOACCESS] = goaccess
    else:
        print("GoAccess is not installed (Debian: apt install goaccess); left out", file=sys.stderr)
    results = interleave(contestants, arguments.repetitions)
    print(table(results | commands, DUCKDB))
    print(f"\n{INGEST}: {ingest_seconds:.2f} s")
    for name, seconds in cpu.items():
        if seconds:
            print(f"{name.split(',')[0]}: {statistics.median(seconds):.1f} s of CPU, the whole process")
    print(", ".join(f"{counts[key]:,} {key}" for key in ("events", "quarantined", "sessions")))
    wrong = {
        **disagreements(counts["event_files"], f"{output}/event_date=*.parquet"),
        **rejected(counts["rejected_files"], output / "quarantine.parquet"),
    }
    if wrong:
        sys.exit(f"The two do not agree, so their times cannot be compared: {wrong}")
    print("Footfall and DuckDB agree on every line and column.")


if __name__ == "__main__":
    main()
