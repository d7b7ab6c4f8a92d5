"""Read the published marts with SQL: one statement that reads, and nothing else."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

import duckdb
import pyarrow as pa

from footfall.errors import InputError
from footfall.settings import Settings
from footfall.sql import string_literal
from footfall.warehouse.published_file import held

# DESCRIBE, SHOW, SUMMARIZE, FROM ..., VALUES and TABLE are SELECTs to DuckDB. EXPLAIN is not among them: EXPLAIN
# ANALYZE runs what it explains, a COPY too.
_READING = duckdb.StatementType.SELECT
MARTS: Final = "marts"  # what the published file is called in SQL
Config = dict[str, str | bool | int | float | list[str]]  # of a DuckDB connection


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
    # A folder of its own for what does not fit into memory: DuckDB lets SQL reach everything in its temp_directory.
    spill = tempfile.TemporaryDirectory(prefix="footfall-query-")
    with ExitStack() as stack:
        stack.callback(spill.cleanup)
        connection = attached(settings, stack, {"temp_directory": spill.name})
        connection.execute(f"use {MARTS}")
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        yield connection


def attached(settings: Settings, stack: ExitStack, config: Config) -> duckdb.DuckDBPyConnection:
    """A connection with the published file as MARTS, which is held until ``stack`` is unwound.

    Raises InputError when nothing has been published yet, or the file cannot be read.
    """
    path = settings.published_db
    while True:
        inode = None
        with ExitStack() as attempt:
            try:
                inode = attempt.enter_context(held(path))
                # Attached, not connected to: connecting to a path shares the instance of any connection this process
                # still has open on it, and with it the file that has since been replaced.
                connection = attempt.enter_context(duckdb.connect(config=config))
                connection.execute(f"attach {string_literal(path)} as {MARTS} (read_only)")
                if path.stat().st_ino == inode:
                    stack.enter_context(attempt.pop_all())
                    return connection
                # replaced between the two: what is held may not be what is read
            except (duckdb.Error, OSError) as error:
                if inode is None or not path.exists() or path.stat().st_ino == inode:
                    raise InputError(_why_not(settings, error)) from error


def _why_not(settings: Settings, error: Exception) -> str:
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
