"""Read the published marts with SQL: one statement that reads, and nothing else."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pyarrow as pa

from footfall.errors import InputError
from footfall.settings import Settings
from footfall.sql import string_literal

# DESCRIBE, SHOW, SUMMARIZE, FROM ..., VALUES and TABLE are SELECTs to DuckDB. EXPLAIN is not among them: EXPLAIN
# ANALYZE runs what it explains, a COPY too.
_READING = duckdb.StatementType.SELECT


def query(settings: Settings, sql: str) -> pa.Table:
    """Run one reading statement on the published marts and return its rows as an Arrow table.

    Tables need no prefix. It reads the file that is published when it starts, whatever is being built or published
    meanwhile. Timestamps are UTC.

    Raises InputError when nothing has been published yet, and when ``sql`` is not one reading statement or fails.
    """
    if settings.env == "gcp":
        from footfall.warehouse.bigquery import query as query_bigquery

        return query_bigquery(settings, sql)
    with published(settings) as connection:
        try:
            _refuse_writing(connection, sql)
            return connection.sql(sql).to_arrow_table()
        except duckdb.Error as error:
            message = " ".join(str(error).split("\n\nLINE")[0].split())
            raise InputError(
                f"The query failed: {message}. Correct the SQL; `show tables` lists the marts and `describe <mart>` "
                "their columns."
            ) from error


@contextmanager
def published(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to the newest published marts of a laptop, with no way to other files or the network.

    Raises InputError when nothing has been published yet.
    """
    # Attached, not connected to: connecting to a path shares the instance of any connection this process still has
    # open on it, and with it the file that has since been replaced.
    # A folder of its own for what does not fit into memory: DuckDB lets SQL reach everything in its temp_directory.
    spill = tempfile.TemporaryDirectory(prefix="footfall-query-")
    connection = duckdb.connect(config={"temp_directory": spill.name})
    try:
        try:
            connection.execute(f"attach {string_literal(settings.published_db)} as marts (read_only)")
        except duckdb.Error as error:
            raise InputError(_why_not(settings, error)) from error
        connection.execute("use marts")
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        yield connection
    finally:
        connection.close()
        spill.cleanup()


def _why_not(settings: Settings, error: duckdb.Error) -> str:
    if not settings.published_db.exists():
        return (
            f"Nothing has been published in {settings.warehouse_dir} yet: there are no marts to read. "
            "Run `footfall run PATH...` first, or choose another folder with --home."
        )
    return (
        f"{settings.published_db} cannot be read ({str(error).splitlines()[0]}): it must be a DuckDB file this user "
        "can read. Correct its access, or remove it and run `footfall publish`."
    )


def _refuse_writing(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    statements = connection.extract_statements(sql)
    if len(statements) != 1:
        raise InputError(
            f"The query holds {len(statements)} statements: give exactly one. Run them one after the other."
        )
    kind = statements[0].type
    if kind == duckdb.StatementType.MULTI:
        raise InputError(
            "A PIVOT that looks its columns up is two statements: give one. "
            "Name the values: PIVOT ... ON column IN (...)."
        )
    if kind != _READING:
        raise InputError(
            f"{kind.name} is not a query: the published marts are read-only. "
            "Give one SELECT, FROM, WITH, DESCRIBE, SHOW or SUMMARIZE statement."
        )
