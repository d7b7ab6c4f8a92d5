"""Rows that fit the event contract, and an events zone made of them, for tests that start past Spark."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from footfall.contract import COLUMN_NAMES
from footfall.lake import events
from footfall.lake.event_schema import arrow_schema

_LANDED = datetime(2024, 6, 1, tzinfo=UTC)


def event(event_ts: datetime, **values: Any) -> dict[str, Any]:
    """One contract row: a page view that is its own session unless ``values`` says otherwise."""
    visitor = values.get("visitor_id", "visitor-1")
    session_start = values.get("session_start_ts", event_ts)
    row: dict[str, Any] = dict.fromkeys(COLUMN_NAMES)
    row |= {
        "event_id": hashlib.sha256(repr((event_ts, sorted(values.items(), key=str))).encode()).hexdigest()[:32],
        "event_ts": event_ts,
        "event_date": event_ts.date(),
        "event_name": "page_view",
        "is_page_view": True,
        "source": "combined",
        "visitor_id": visitor,
        "session_id": hashlib.sha256(f"{visitor}|{session_start.isoformat()}".encode()).hexdigest()[:32],
        "session_start_ts": session_start,
        "session_event_number": 1,
        "split_reason": "inactivity",
        "page_url": "/",
        "page_path": "/",
        "http_method": "GET",
        "http_status": 200,
        "bytes_sent": 1024,
        "browser": "Firefox",
        "browser_version": "126.0",
        "os": "Linux",
        "device_type": "desktop",
        "file_sha256": "0" * 64,
        "line_number": 1,
        "ingest_run_id": "20240601T000000Z-test",
        "ingested_at": _LANDED,
    }
    unknown = values.keys() - row.keys()
    if unknown:
        raise KeyError(f"not in the contract: {sorted(unknown)}")
    return row | values


def write_staged(zone: str | Path, run_id: str, rows: list[dict[str, Any]]) -> list[events.StagedFile]:
    """Write rows as a Spark engine would: one Parquet file a date below ``<zone>/<run_id>/``."""
    by_date: dict[date, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_date[row["event_date"]].append(row)
    schema = arrow_schema(with_partition=False)
    staged = []
    for day, day_rows in sorted(by_date.items()):
        relative = f"{run_id}/event_date={day.isoformat()}/part-0.parquet"
        target = Path(zone) / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(day_rows, schema=schema), target, compression="zstd")
        staged.append(events.StagedFile(relative, day, target.stat().st_size, len(day_rows)))
    return staged


def write_events_zone(zone: str | Path, rows: list[dict[str, Any]], run_id: str = "20240601T000000Z-test") -> int:
    """Commit rows to the Delta table at ``zone``, replacing their dates; returns the table's version."""
    staged = write_staged(zone, run_id, rows)
    base_version = events.version_of(events.open_table(str(zone)))
    return events.commit(str(zone), run_id, staged, {file.event_date for file in staged}, base_version=base_version)
