"""A process that stages the pending files of one lake each time it is told to; started by the benchmarks.

    python -m benchmarks.stage_worker --engine sail|spark

Reads a run id a line from stdin, stages under it, and answers with one JSON line: seconds, and what was staged where.
Staged but never committed files stay pending, so that every run does the same work. The first run of a process is a
cold one.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq

from footfall.settings import Settings
from spark.sessionize_job import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=["sail", "spark"], default="sail")
    parser.add_argument("--keep", action="store_true", help="leave what was staged on the disk")
    options = parser.parse_args()
    settings = Settings()
    settings.engine.name = options.engine
    for line in sys.stdin:
        run_id = line.strip()
        began = time.perf_counter()
        manifest = run(settings, run_id)
        seconds = time.perf_counter() - began
        if manifest is None:
            sys.exit(f"nothing is pending in {settings.home}: ingest a file first")
        zone = Path(settings.zone("events"))
        sessions = set()
        for file in manifest.staged_files:
            sessions.update(pq.read_table(zone / file.path, columns=["session_id"])["session_id"].unique().to_pylist())
        counts = manifest.counts
        answer = {
            "seconds": seconds,
            "events": sum(sum(of_file.events.values()) for of_file in counts),
            "repeated": sum(sum(of_file.repeated.values()) for of_file in counts),
            "quarantined": sum(sum(of_file.quarantined.values()) for of_file in counts),
            "sessions": len(sessions),
            "event_files": [str(zone / file.path) for file in manifest.staged_files],
            "rejected_files": [str(zone / path) for path in manifest.rejected_paths],
        }
        if not options.keep:
            shutil.rmtree(zone / run_id)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
