"""Make the events zone visible to dbt, and say which dates changed since the last complete build."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import UTC, date, datetime

import duckdb
from deltalake import DeltaTable

from footfall.contract import EVENT_COLUMNS, PARTITION_COLUMN, Type
from footfall.lake import events
from footfall.run_id import new_run_id
from footfall.settings import PROJECT_ROOT, Settings
from footfall.sql import file_list
from footfall.warehouse.build_db import BUILD_SCHEMA, BuildState, Load, open_build_db, read_state, write_load

_DUCKDB_TYPES = {
    Type.STRING: "varchar",
    Type.INT64: "bigint",
    Type.FLOAT64: "double",
    Type.NUMERIC: "decimal(38, 9)",
    Type.BOOL: "boolean",
    Type.TIMESTAMP: "timestamptz",
    Type.DATE: "date",
    Type.STRING_ARRAY: "varchar[]",
}


def load(settings: Settings) -> list[date]:
    """Show dbt the newest version of the events zone; return the dates to build, in order.

    The dates are those whose files changed since the last build that finished green, so nothing is lost when a
    build fails or a process dies in between. An empty list means that everything is built. On a laptop dbt sees a
    view over the version's Parquet files; on Google Cloud the dates are loaded into BigQuery.

    All dates are returned, and what was built is dropped, when the events table is another one than before or the
    dbt project has changed: the answer must equal a full rebuild.

    Raises EnvironmentProblem when another process is building.
    """
    if settings.env == "gcp":
        from footfall.warehouse.bigquery_load import load as load_bigquery

        return load_bigquery(settings)
    zone = settings.zone("events")
    if events.open_table(zone) is None:
        return []
    with open_build_db(settings) as connection:
        state = read_state(connection)
        table, dates, from_nothing = _changes(zone, state)
        if not dates:
            return []
        connection.begin()
        if from_nothing:
            connection.execute(f"drop schema if exists {BUILD_SCHEMA} cascade")
        _show(connection, settings, events.files_of(table))
        now, load_id = datetime.now(UTC), new_run_id()
        write_load(
            connection,
            Load(
                load_id=load_id,
                table_id=str(table.metadata().id),
                events_version=table.version(),
                project_sha256=project_sha256(),
                touched_dates=tuple(dates),
                loaded_at=now.replace(tzinfo=None),
                built_version=None if from_nothing else _built_version(state),
                rebuild_id=load_id if from_nothing or state.load is None else state.load.rebuild_id,
            ),
        )
        connection.commit()
    return dates


def project_sha256() -> str:
    """Hash of everything in the dbt project that decides what the marts hold."""
    digest = hashlib.sha256()
    project = PROJECT_ROOT / "dbt"
    paths = [project / "dbt_project.yml", *(project / "models").rglob("*.*"), *(project / "macros").rglob("*.sql")]
    for path in sorted(paths):
        digest.update(str(path.relative_to(project)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _changes(zone: str, state: BuildState) -> tuple[DeltaTable, list[date], bool]:
    """The table to show, the dates to build of it, and whether what is built must go."""
    while True:
        table = events.open_table(zone)
        assert table is not None
        dates, from_nothing = _dates_to_build(zone, table, state)
        newest = events.open_table(zone)
        # a commit between the two looks would leave dates unnamed
        if newest is not None and newest.version() == table.version():
            return table, sorted(dates), from_nothing


def _dates_to_build(zone: str, table: DeltaTable, state: BuildState) -> tuple[set[date], bool]:
    loaded, built = state.load, _built_version(state)
    if loaded is None:
        return events.dates_in(table), True
    # dates of the load before are named although they may hold nothing any more: an empty list is "all is built"
    everything = events.dates_in(table) | set(loaded.touched_dates)
    if loaded.table_id != str(table.metadata().id) or built is None or loaded.project_sha256 != project_sha256():
        return everything, True
    # an unfinished build may have rewritten dates that a later commit has put back
    unfinished = set() if state.complete else set(loaded.touched_dates)
    try:
        return events.dates_changed_since(zone, built) | unfinished, False
    except events.VersionGone:
        return everything, True


def _built_version(state: BuildState) -> int | None:
    if state.load is None:
        return None
    return state.load.events_version if state.complete else state.load.built_version


def _show(connection: duckdb.DuckDBPyConnection, settings: Settings, files: Collection[str]) -> None:
    """Point the view dbt reads at ``files``; filters on event_date skip whole files."""
    schema = settings.gcp.events_dataset
    connection.execute(f'create schema if not exists "{schema}"')
    connection.execute(f'create or replace view "{schema}".events as {select_events(files)}')


def select_events(files: Collection[str]) -> str:
    """The query that reads the contract's columns from Parquet files of the events zone; no rows without files."""
    if files:
        # the columns are named: a folder such as a=b above the zone would come out as a column too
        return (
            f"select {', '.join(column.name for column in EVENT_COLUMNS)} from read_parquet({file_list(files)}, "
            f"hive_partitioning = true, hive_types = {{'{PARTITION_COLUMN}': date}})"
        )
    columns = ", ".join(f"cast({c.name} as {_DUCKDB_TYPES[c.type]}) as {c.name}" for c in EVENT_COLUMNS)
    return f"select {columns} from (select {', '.join(f'null as {c.name}' for c in EVENT_COLUMNS)}) where false"
