"""What is in the published file, written from the build database.

The tables and views of dbt lie in the schema they have in the build database, so that the SQL of the views holds in
both; ``main``, where readers look, has one view for each mart, and the records publish keeps. The functions take a
connection to the build database with the file being written attached as FRESH and, unless it is the first publish, the
file readers see as PUBLISHED.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime

import duckdb

from footfall.warehouse import (
    PUBLICATIONS_TABLE,
    PUBLISHED_MARTS,
    PUBLISHED_TABLES,
    PUBLISHED_VIEWS,
    RESTATEMENTS_TABLE,
)
from footfall.warehouse.build_db import BUILD_SCHEMA
from footfall.warehouse.publication import PUBLICATION_COLUMNS, Publication, newest_of

FRESH = "fresh"
PUBLISHED = "published"
_RECORDS = f"""
create table {FRESH}.{PUBLICATIONS_TABLE} (
    run_id varchar, published_at timestamp, events_version bigint, built_at timestamp, table_id varchar,
    project_sha256 varchar, rebuild_id varchar
);
create table {FRESH}.{RESTATEMENTS_TABLE} (
    metric varchar, metric_date date, old_value double, new_value double, cause varchar, run_id varchar,
    restated_at timestamp, was_final boolean
);
"""
_TIMES = {PUBLICATIONS_TABLE: "published_at", RESTATEMENTS_TABLE: "restated_at"}
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")


def newest_in(connection: duckdb.DuckDBPyConnection, database: str) -> Publication | None:
    """The last publication a published file tells of."""
    found = connection.execute(f"select * from {database}.{PUBLICATIONS_TABLE} order by published_at desc limit 1")
    names = [column[0] for column in found.description or ()]
    return newest_of(dict(zip(names, row, strict=True)) for row in found.fetchall())


def last_in_common(connection: duckdb.DuckDBPyConnection) -> datetime | None:
    """When the last publication was published that FRESH and PUBLISHED both tell of."""
    (found,) = connection.execute(
        f"select max(published_at) from {FRESH}.{PUBLICATIONS_TABLE} "
        f"semi join {PUBLISHED}.{PUBLICATIONS_TABLE} using (run_id, published_at)"
    ).fetchall()[0]
    return found if isinstance(found, datetime) else None


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill an empty FRESH with every table as it was built, and the records as they were published."""
    connection.execute(f"create schema {FRESH}.{BUILD_SCHEMA}")
    for table in PUBLISHED_TABLES:
        name = f"{BUILD_SCHEMA}.{table.name}"
        connection.execute(f"create table {FRESH}.{name} as select * from {name}")
    connection.execute(_RECORDS)
    for record in _TIMES:
        if _columns(connection, PUBLISHED, record):  # none in a first publish, and of an older Footfall
            connection.execute(f"insert into {FRESH}.{record} by name select * from {PUBLISHED}.{record}")


def replace_dates(connection: duckdb.DuckDBPyConnection, event_dates: Iterable[date], records_since: datetime) -> None:
    """Give FRESH what was built of these dates in place of what it has, and the records that came since."""
    dates = set(event_dates)
    for table in PUBLISHED_TABLES:
        name, touched = f"{BUILD_SCHEMA}.{table.name}", table.touched(dates)
        connection.execute(f"delete from {FRESH}.{name} where {touched}")
        connection.execute(f"insert into {FRESH}.{name} select * from {name} where {touched}")
    for record, time in _TIMES.items():
        # a publish that was killed before the swap left records of what nobody has seen
        connection.execute(f"delete from {FRESH}.{record} where {time} > $1", [records_since])
        connection.execute(
            f"insert into {FRESH}.{record} by name select * from {PUBLISHED}.{record} where {time} > $1",
            [records_since],
        )


def create_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Give FRESH the views as the build database has them, and a name in ``main`` for each mart."""
    build, views = connection.execute(
        "select current_database(), map_from_entries(list((view_name, sql))) from duckdb_views() "
        "where database_name = current_database() and schema_name = $1",
        [BUILD_SCHEMA],
    ).fetchall()[0]
    connection.execute(f"use {FRESH}")
    for view in PUBLISHED_VIEWS:
        connection.execute(f"drop view if exists {BUILD_SCHEMA}.{view}")
        connection.execute(views[view])
    for mart in PUBLISHED_MARTS:
        connection.execute(f"create or replace view main.{mart} as select * from {BUILD_SCHEMA}.{mart}")
    connection.execute(f'use "{build}"')


def add_publication(connection: duckdb.DuckDBPyConnection, publication: Publication) -> None:
    """Say in FRESH what it holds."""
    values = [getattr(publication, name) for name in PUBLICATION_COLUMNS]
    marks = ", ".join("?" for _ in values)
    connection.execute(
        f"insert into {FRESH}.{PUBLICATIONS_TABLE} ({', '.join(PUBLICATION_COLUMNS)}) values ({marks})", values
    )


def write_out(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring what was committed from the log into the file: one rename cannot carry two files."""
    connection.execute(f"checkpoint {FRESH}")


def metrics_in_both(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    """The columns of numbers that ``table`` has in the build database and readers see, in order."""
    known: Collection[str] = _columns(connection, PUBLISHED, table)
    built = connection.execute(f"describe {BUILD_SCHEMA}.{table}").fetchall()
    return [name for name, kind, *_ in built if kind.startswith(_NUMBERS) and name in known]


def _columns(connection: duckdb.DuckDBPyConnection, database: str, table: str) -> list[str]:
    found = connection.execute(
        "select column_name from duckdb_columns() where database_name = $1 and schema_name = 'main' "
        "and table_name = $2 order by column_index",
        [database, table],
    ).fetchall()
    return [row[0] for row in found]
