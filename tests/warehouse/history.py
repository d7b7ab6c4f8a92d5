"""A lake that changes: hits come in any order, every commit holds what a full sessionizing of them all would hold."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from footfall.lake import events
from footfall.settings import Settings
from footfall.warehouse import PUBLISHED_MARTS
from tests import builders

Row = dict[str, Any]
Hit = tuple[datetime, str, dict[str, Any]]  # when, who, other values of the contract


def sessionized(hits: list[Hit]) -> list[Row]:
    """The contract rows of these hits: a gap above 30 minutes begins a session."""
    rows: list[Row] = []
    last: dict[str, Row] = {}
    for when, visitor, values in sorted(hits, key=lambda hit: (hit[0], hit[1], repr(hit[2]))):
        before = last.get(visitor)
        position: Row = {"session_start_ts": when, "session_event_number": 1, "split_reason": "inactivity"}
        if before and when - before["event_ts"] <= timedelta(minutes=30):
            position = {
                "session_start_ts": before["session_start_ts"],
                "session_event_number": before["session_event_number"] + 1,
                "split_reason": before["split_reason"],
            }
        last[visitor] = builders.event(when, visitor_id=visitor, **values, **position)
        rows.append(last[visitor])
    return rows


class History:
    """The events zone of one home, committed state by state."""

    def __init__(self, settings: Settings) -> None:
        self._zone = settings.zone("events")
        self._rows: list[Row] = []

    def commit(self, rows: list[Row], cause: str = "new_data") -> set[date]:
        """Make ``rows`` all there is, replacing only the dates that differ; returns those dates."""
        before, after = _by_date(self._rows), _by_date(rows)
        touched = {day for day in before.keys() | after.keys() if before.get(day) != after.get(day)}
        base_version = events.version_of(events.open_table(self._zone))
        # a name that no earlier commit of this zone has used: a file under the name of another one is no change
        run_id = f"20240601T{1 if base_version is None else base_version + 2:06d}Z-test"
        staged = builders.write_staged(self._zone, run_id, [row for row in rows if row["event_date"] in touched])
        causes = {day: [cause] for day in touched}
        events.commit(self._zone, run_id, staged, touched, base_version=base_version, causes=causes)
        self._rows = rows
        return touched


def marts(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every mart in the build database, in one order."""
    with duckdb.connect(settings.build_db, read_only=True) as connection:
        return {
            mart: connection.execute(f"select * from footfall_build.{mart} order by all").fetchall()
            for mart in PUBLISHED_MARTS
        }


def lock_holder(path: Path) -> str:
    """A program that opens the DuckDB file ``path`` for writing, says so, and holds it until its stdin closes."""
    return (
        "import duckdb, sys\n"
        f"connection = duckdb.connect({str(path)!r})\n"
        "connection.execute('create or replace table held as select 1')\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )


def _by_date(rows: list[Row]) -> dict[date, list[Row]]:
    found: dict[date, list[Row]] = {}
    for row in rows:
        found.setdefault(row["event_date"], []).append(row)
    return found
