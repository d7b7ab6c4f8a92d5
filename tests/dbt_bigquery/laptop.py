"""The laptop's side: the same project built by dbt-duckdb in a DuckDB file, state after state, and read back."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from unittest import mock

import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager

from tests import builders
from tests.dbt_bigquery.compile import Node, run_dbt
from tests.dbt_bigquery.rows import Row
from tests.dbt_bigquery.table import Table

# No width but these: a model that lets DuckDB widen or narrow a column has another type than its BigQuery twin.
_TYPES: Final = {
    "VARCHAR": "STRING", "BIGINT": "INT64", "DOUBLE": "FLOAT64", "DECIMAL(38,9)": "NUMERIC", "BOOLEAN": "BOOL",
    "TIMESTAMP": "TIMESTAMP", "DATE": "DATE",
}  # fmt: skip


class Laptop:
    """One DuckDB build file below a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._database = folder / "build.duckdb"
        self._loads = 0

    def load(self, rows: list[Row], source: Node) -> None:
        """Make these rows all that the source table holds, as Parquet files by date behind a view."""
        self._loads += 1
        run_id = f"load-{self._loads}"
        builders.write_staged(self._folder, run_id, rows)
        assert source.path is not None
        _, schema, table = source.path
        with duckdb.connect(self._database) as connection:
            connection.execute(f"create schema if not exists {schema}")
            connection.execute(
                f"create or replace view {schema}.{table} as select * from read_parquet("
                f"'{self._folder}/{run_id}/*/*.parquet', hive_partitioning = true, hive_types = {{'event_date': date}})"
            )

    def build(self, variables: Mapping[str, Any], *flags: str) -> None:
        """Run every model with the target ``laptop``."""
        with mock.patch.dict(os.environ, {"FOOTFALL_BUILD_DB": str(self._database)}):
            run_dbt(["run", "--target", "laptop", *flags], self._folder / "target", variables)
        DuckDBConnectionManager.close_all_connections()  # dbt-duckdb keeps the file open for its process's life

    def tables(self, names: Iterable[str]) -> dict[str, Table]:
        """What the build holds under these model names, types by BigQuery's names, timestamps as UTC."""
        with duckdb.connect(self._database, read_only=True) as connection:
            connection.execute("set TimeZone = 'UTC'")
            where = dict(
                connection.execute("select table_name, table_schema from information_schema.tables").fetchall()
            )
            return {name: _read(connection, f'"{where[name]}"."{name}"') for name in names}


def _read(connection: duckdb.DuckDBPyConnection, relation: str) -> Table:
    cursor = connection.execute(f"select * from {relation}")
    columns = {name: _bigquery_name(str(kind)) for name, kind, *_ in cursor.description}
    return Table(columns, [tuple(map(_aware, row)) for row in cursor.fetchall()])


def _bigquery_name(duckdb_type: str) -> str:
    if array := re.fullmatch(r"(.+)\[\]", duckdb_type):
        return f"ARRAY<{_bigquery_name(array[1])}>"
    return _TYPES.get(duckdb_type, f"{duckdb_type} (no BigQuery type)")


def _aware(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value
