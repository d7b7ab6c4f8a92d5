"""Rows with named, typed columns: what both engines take and give here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Table:
    """Columns by name with BigQuery's name of their type, and rows of Python values in that order.

    TIMESTAMP is an aware datetime in UTC, NUMERIC a Decimal, ARRAY a list.
    """

    columns: dict[str, str]
    rows: list[tuple[Any, ...]]

    def dicts(self) -> Iterator[dict[str, Any]]:
        """Each row as a dictionary by column name."""
        for row in self.rows:
            yield dict(zip(self.columns, row, strict=True))

    def ordered(self, names: Iterable[str]) -> Table:
        """The same rows with the columns in this order. Raises KeyError for a column the table does not have."""
        columns = {name: self.columns[name] for name in names}
        return Table(columns, [tuple(row[name] for name in columns) for row in self.dicts()])
