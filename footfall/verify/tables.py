"""Whole tables against the rebuild's: the events by date, each mart by its date or by the first letter of its key."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb

from footfall.contract import COLUMN_NAMES, PARTITION_COLUMN
from footfall.lake import events
from footfall.settings import Settings
from footfall.sql import string_literal
from footfall.verify.compare import Pair, column_types, difference, differing_groups
from footfall.verify.finding import Finding, merged
from footfall.verify.rebuild import Rebuild
from footfall.verify.snapshot import Snapshot
from footfall.warehouse import PUBLISHED_MARTS, PUBLISHED_TABLES
from footfall.warehouse.build_db import BUILD_SCHEMA
from footfall.warehouse.load import select_events
from footfall.warehouse.query import MARTS

GROUPS_WITH_EXAMPLES = 5  # of a table that differs; of the others the numbers are given


def stored_events(lake: Snapshot) -> str:
    """The relation of the lake's events."""
    return f"({select_events(lake.event_files)})"


def rebuilt_events(built: Settings) -> str:
    """The relation of the scratch lake's events."""
    table = events.open_table(built.zone("events"))
    return f"({select_events([] if table is None else events.files_of(table))})"


def compare_events(lake: Snapshot, made: Rebuild) -> tuple[dict[date, int], list[Finding]]:
    """(events of each stored date, the dates that differ from the rebuild)."""
    pair = Pair(
        stored=stored_events(lake),
        rebuilt=rebuilt_events(made.settings),
        key="event_id",
        group=PARTITION_COLUMN,
        columns=COLUMN_NAMES,
    )
    return _compared(lake.connection, "events", pair)


def count_sessions(lake: Snapshot) -> int:
    """How many sessions are stored, by their first events."""
    row = lake.connection.execute(
        f"select count(*) from {stored_events(lake)} where session_event_number = 1"
    ).fetchone()
    assert row is not None
    return int(row[0])


def compare_marts(lake: Snapshot, made: Rebuild) -> tuple[dict[str, int], list[Finding]]:
    """(rows of each published mart, where they and the tables below them differ from the rebuild)."""
    if not lake.has_marts:
        return {}, []
    if made.refused is not None:
        return {}, [Finding(MARTS, f"The rebuild has none: {made.refused}")]
    connection, built = lake.connection, made.settings.build_db
    if made.has_marts:
        # under the name of its file, by which its views name their tables
        connection.execute(f"attach {string_literal(built)} as {built.stem} (read_only)")
    dates = {table.name: table.date_column for table in PUBLISHED_TABLES}
    rows: dict[str, int] = {}
    findings: list[Finding] = []
    connection.begin()  # now() is the same on both sides: whether a date is final depends on it
    for name in (*PUBLISHED_MARTS, *(name for name in dates if name not in PUBLISHED_MARTS)):
        stored = f"{MARTS}.{'main' if name in PUBLISHED_MARTS else BUILD_SCHEMA}.{name}"
        # a lake without events has no marts
        rebuilt = f"{built.stem}.{BUILD_SCHEMA}.{name}" if made.has_marts else f"(from {stored} where false)"
        try:
            counted, found = _compared_mart(connection, name, stored, rebuilt, dates.get(name))
        except duckdb.CatalogException as error:
            findings.append(Finding(name, f"It is not there: {str(error).splitlines()[0]}"))
            continue
        findings += found
        if name in PUBLISHED_MARTS:
            rows[name] = counted
    connection.rollback()
    return rows, findings


def _compared_mart(
    connection: duckdb.DuckDBPyConnection, mart: str, stored: str, rebuilt: str, date_column: str | None
) -> tuple[int, list[Finding]]:
    findings = []
    ours, theirs = column_types(connection, stored), column_types(connection, rebuilt)
    both = tuple(name for name, kind in ours.items() if theirs.get(name) == kind)
    if len(both) < len(ours) or len(both) < len(theirs):
        stray = sorted({f"{name} {kind}" for name, kind in ours.items() ^ theirs.items()})
        findings.append(Finding(mart, f"Its columns are not those of the models as they are now: {', '.join(stray)}."))
    key = next(iter(ours))
    # of the views one has a row a date
    dated = date_column or (key if ours[key] == "DATE" else None)
    if not {key, dated or key} <= set(both):
        return 0, findings
    pair = Pair(stored, rebuilt, key=key, group=dated or f"left({key}, 1)", columns=both)
    rows, found = _compared(connection, mart, pair)
    return sum(rows.values()), [*findings, *found]


def _compared(connection: duckdb.DuckDBPyConnection, table: str, pair: Pair) -> tuple[dict[Any, int], list[Finding]]:
    rows, rebuilt, differing = differing_groups(connection, pair)
    differences = {
        group: difference(connection, pair, group, examples=number < GROUPS_WITH_EXAMPLES)
        for number, group in enumerate(differing)
    }
    what = "The rows are not those of a rebuild."
    dated = {group: found for group, found in differences.items() if isinstance(group, date)}
    findings = [Finding(table, what, day, found) for day, found in dated.items()]
    if others := [found for group, found in differences.items() if group not in dated]:
        findings.append(Finding(table, what, None, merged(others, stored=sum(rows.values()), rebuilt=rebuilt)))
    return rows, findings
