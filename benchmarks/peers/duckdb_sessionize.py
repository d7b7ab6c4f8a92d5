"""Run ``duckdb_sessionize.sql`` on one combined log and print what it took, as JSON.

Usage: python -m benchmarks.peers.duckdb_sessionize LOG OUTPUT [--threads N] [--steps]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from footfall.enrich.user_agents import DEVICE_FIELDS, device_columns

_SQL = Path(__file__).with_suffix(".sql")


def statements(output: Path) -> list[str]:
    """The script's statements, in order, writing below ``output``; one with ``{day}`` is for each day."""
    lines = [line for line in _SQL.read_text().splitlines() if not line.lstrip().startswith("--")]
    script = "\n".join(lines).replace("{output}", str(output).replace("'", "''"))
    return [text.strip() for text in script.split(";\n") if text.strip()]


def run(log: Path, output: Path, event_key: str, threads: int, verbose: bool = False) -> float:
    """Write ``output/event_date=*.parquet`` and ``output/quarantine.parquet``; returns seconds taken."""
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    began = time.perf_counter()
    db = duckdb.connect(config={"threads": threads})
    text = duckdb.sqltype("VARCHAR")
    device = duckdb.struct_type(dict.fromkeys(DEVICE_FIELDS, text))
    db.create_function("device_of", _describe, [text], device, type="arrow")
    for name, value in {
        "log": str(log),
        "event_key": event_key,
        "visitor_key": "another key of thirty-two bytes, 64 hex digits when written: 4567",
        "file_sha256": "0" * 64,
        "run_id": "20261101T000000Z-peer",
        "ingested_at": datetime.now(UTC),
    }.items():
        db.execute(f"set variable {name} = ?", [value])
    for statement in statements(output):
        step, cpu = time.perf_counter(), time.process_time()
        for day in _days(db) if "{day}" in statement else [""]:
            db.execute(statement.replace("{day}", day))
        if verbose:
            took, used = time.perf_counter() - step, time.process_time() - cpu
            print(f"{took:7.2f} s  {used:6.2f} s of CPU  {' '.join(statement.split())[:70]}")
    return time.perf_counter() - began


def _days(db: duckdb.DuckDBPyConnection) -> list[str]:
    query = "select distinct event_ts::date::varchar from parsed where reject_reason is null"
    return [day for (day,) in db.execute(query).fetchall()]


def _describe(user_agents: pa.ChunkedArray) -> pa.Array:
    return device_columns(user_agents.combine_chunks())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("log", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--event-key", default="k" * 80, help="stands before each line when it is hashed")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--steps", action="store_true", help="print the time of each statement")
    options = parser.parse_args()
    seconds = run(options.log, options.output, options.event_key, options.threads, options.steps)
    print(json.dumps({"seconds": round(seconds, 3)}))


if __name__ == "__main__":
    main()
