"""The events zone: a Delta table of contract rows, partitioned by event_date, committed without a JVM.

The Spark engine writes plain Parquet files below ``<events zone>/<run id>/event_date=.../``. They are invisible until
:func:`commit` replaces the touched dates in one Delta transaction: a reader sees the old version or the new one, and
a job killed half-way leaves the old.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from urllib.parse import unquote

import pyarrow as pa
from deltalake import DeltaTable, Schema
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, CommitProperties, create_table_with_add_actions

from footfall.contract import EVENT_COLUMNS, PARTITION_COLUMN, Type
from footfall.errors import FootfallError
from footfall.lake.storage import StorageProblem

_ARROW: dict[Type, pa.DataType] = {
    Type.STRING: pa.string(),
    Type.INT64: pa.int64(),
    Type.FLOAT64: pa.float64(),
    Type.NUMERIC: pa.decimal128(38, 9),
    Type.BOOL: pa.bool_(),
    Type.TIMESTAMP: pa.timestamp("us", tz="UTC"),
    Type.DATE: pa.date32(),
    Type.STRING_ARRAY: pa.list_(pa.string()),
}

_DELTA: dict[Type, object] = {
    Type.STRING: "string",
    Type.INT64: "long",
    Type.FLOAT64: "double",
    Type.NUMERIC: "decimal(38,9)",
    Type.BOOL: "boolean",
    Type.TIMESTAMP: "timestamp",
    Type.DATE: "date",
    Type.STRING_ARRAY: {"type": "array", "elementType": "string", "containsNull": True},
}


def arrow_schema(*, with_partition: bool = True) -> pa.Schema:
    """The contract as an Arrow schema; without the partition column it is the schema of one Parquet file."""
    return pa.schema(
        [
            pa.field(column.name, _ARROW[column.type])
            for column in EVENT_COLUMNS
            if with_partition or column.name != PARTITION_COLUMN
        ]
    )


def delta_schema() -> Schema:
    """The contract as a Delta schema. All columns are nullable there: the quality gate holds the required ones."""
    fields = [
        {"name": column.name, "type": _DELTA[column.type], "nullable": True, "metadata": {}} for column in EVENT_COLUMNS
    ]
    return Schema.from_json(json.dumps({"type": "struct", "fields": fields}))


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A Parquet file an engine wrote below the events zone, not yet part of the table."""

    path: str  # relative to the events zone
    event_date: date
    size_bytes: int
    rows: int


def open_table(zone: str) -> DeltaTable | None:
    """The events table, or None before the first commit."""
    try:
        return DeltaTable(zone)
    except TableNotFoundError:
        return None


def version_of(table: DeltaTable | None) -> int | None:
    """The table's version; None when there is no table."""
    return None if table is None else table.version()


class StaleRun(FootfallError):
    """Another run committed after this one was staged."""

    def __init__(self, run_id: str) -> None:
        super().__init__(
            f"Run {run_id} was staged on a version of the events table that another run has since replaced; nothing "
            "was committed. Stage it again (its files are still pending): `footfall sessionize`."
        )


_ANSI = re.compile(r"\x1b\[[0-9;]*m")  # delta-rs paints its messages


def commit(
    zone: str,
    run_id: str,
    files: Iterable[StagedFile],
    dates: Iterable[date],
    *,
    base_version: int | None,
) -> int:
    """Replace ``dates`` by ``files`` in one transaction and return the new version of the table.

    A date in ``dates`` without a file becomes empty. The run id is kept in the commit, so that a rerun can tell
    that it has been made (:func:`committed_version`). ``base_version`` is the version the files were made from (None:
    there was no table): raises :class:`StaleRun` when it is no longer the newest, and
    :class:`~footfall.lake.storage.StorageProblem` when the disk is full or refuses.
    """
    actions = [
        AddAction(
            path=file.path,
            size=file.size_bytes,
            partition_values={PARTITION_COLUMN: file.event_date.isoformat()},
            modification_time=0,
            data_change=True,
            stats=json.dumps({"numRecords": file.rows}),
        )
        for file in files
    ]
    properties = CommitProperties(custom_metadata={"footfall_run_id": run_id})
    table = open_table(zone)
    if version_of(table) != base_version:
        raise StaleRun(run_id)
    try:
        _write(zone, table, actions, dates, properties)
    except DeltaError as error:
        lost_the_race = isinstance(error, CommitFailedError) or (table is None and open_table(zone) is not None)
        if not lost_the_race:
            raise
        raise StaleRun(run_id) from error
    except OSError as error:
        why = _ANSI.sub("", str(error)).strip().splitlines()[-1].strip(" ↳")
        raise StorageProblem(
            f"Run {run_id} could not be committed to {zone}: {why}. Nothing was committed; make room or give this user "
            f"access, then `footfall commit --run-id {run_id}`."
        ) from error
    committed = open_table(zone)
    assert committed is not None
    return committed.version()


def _write(
    zone: str,
    table: DeltaTable | None,
    actions: list[AddAction],
    dates: Iterable[date],
    properties: CommitProperties,
) -> None:
    if table is None:
        create_table_with_add_actions(
            zone,
            delta_schema(),
            actions,
            mode="error",
            partition_by=[PARTITION_COLUMN],
            commit_properties=properties,
        )
    else:
        stale = sorted({day.isoformat() for day in dates})
        table.create_write_transaction(
            [*actions],
            mode="overwrite",
            schema=delta_schema(),
            partition_by=[PARTITION_COLUMN],
            partition_filters=[(PARTITION_COLUMN, "in", stale)],
            commit_properties=properties,
        )


def committed_version(table: DeltaTable | None, run_id: str) -> int | None:
    """The table version a run committed, or None if it has not committed."""
    if table is None:
        return None
    return next((entry["version"] for entry in table.history() if entry.get("footfall_run_id") == run_id), None)


def newest_run(zone: str) -> str | None:
    """The run that made the newest version of the table; None when there is no table, or no run made it."""
    table = open_table(zone)
    return None if table is None else table.history(1)[0].get("footfall_run_id")


def dates_in(table: DeltaTable | None) -> set[date]:
    """The dates the table holds events of."""
    if table is None:
        return set()
    return {date.fromisoformat(str(partition[PARTITION_COLUMN])) for partition in table.partitions()}


def files_of(table: DeltaTable, dates: Iterable[date] | None = None) -> list[str]:
    """Absolute paths (or gs:// URIs) of the Parquet files of ``dates`` (all dates unless given) in this version."""
    if dates is None:
        uris = table.file_uris()
    else:
        wanted = sorted({day.isoformat() for day in dates})
        uris = table.file_uris(partition_filters=[(PARTITION_COLUMN, "in", wanted)]) if wanted else []
    # delta-rs percent-encodes what it hands out: a home with spaces would not be found
    return sorted(unquote(uri) for uri in uris)


def dates_changed_since(zone: str, version: int | None) -> set[date]:
    """Dates whose files differ between ``version`` (None: an empty table) and now, emptied dates included.

    The Delta log is the change feed: whoever loads the table remembers the version it saw, nothing else.
    """
    now = _files_by_date(open_table(zone))
    before = _files_by_date(DeltaTable(zone, version=version)) if version is not None else {}
    return {day for day in now.keys() | before.keys() if now.get(day) != before.get(day)}


def _files_by_date(table: DeltaTable | None) -> dict[date, frozenset[str]]:
    if table is None:
        return {}
    actions = pa.table(table.get_add_actions(flatten=True))
    found: dict[date, set[str]] = {}
    paths, days = actions["path"].to_pylist(), actions[f"partition.{PARTITION_COLUMN}"].to_pylist()
    for path, day in zip(paths, days, strict=True):
        found.setdefault(day, set()).add(path)
    return {day: frozenset(files) for day, files in found.items()}
