"""Compare two tables that should be the same, group by group (a date, a file, a letter), in bounded memory.

Every row is hashed over all of its columns; a group whose rows have the same number, sum and exclusive-or of hashes on
both sides is the same, in whatever order they lie. Only a group that differs is looked at row by row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb

from footfall.verify.finding import Difference, Example, shown
from footfall.warehouse.query import Config

MEMORY: Final = "2GB"  # for all of a comparison; what does not fit spills to the scratch place
EXAMPLES: Final = 3  # rows shown for each column of a group that differs


def bounds(scratch: Path) -> Config:
    """The configuration of a DuckDB connection to compare with: bounded memory, and what is more below ``scratch``."""
    return {"memory_limit": MEMORY, "temp_directory": str(scratch / "spill"), "preserve_insertion_order": "false"}


@dataclass(frozen=True, slots=True)
class Pair:
    """Two relations (anything that can follow FROM). ``key`` names a row within its group; ``group`` is SQL."""

    stored: str
    rebuilt: str
    key: str
    group: str
    columns: tuple[str, ...]
    hidden: frozenset[str] = frozenset()  # columns whose values are not shown

    @property
    def row_hash(self) -> str:
        """SQL: one number for all of a row's columns."""
        return f"hash({', '.join(map(_quoted, self.columns))})"


def column_types(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """Type of each column of a relation."""
    described = connection.execute(f"describe select * from {relation}").fetchall()
    return {row[0]: row[1] for row in described}


def differing_groups(connection: duckdb.DuckDBPyConnection, pair: Pair) -> tuple[dict[Any, int], int, list[Any]]:
    """(rows of every stored group, all rebuilt rows, the groups of either side that differ, in order)."""
    stored, rebuilt = (_digests(connection, pair, relation) for relation in (pair.stored, pair.rebuilt))
    differing = [group for group in stored.keys() | rebuilt.keys() if stored.get(group) != rebuilt.get(group)]
    rows = {group: digest[0] for group, digest in stored.items()}
    return rows, sum(digest[0] for digest in rebuilt.values()), sorted(differing, key=str)


def difference(connection: duckdb.DuckDBPyConnection, pair: Pair, group: Any, *, examples: bool) -> Difference:
    """How the two sides of a group differ; with ``examples`` also in which columns of which rows."""
    sides = [f"(select * from {relation} where {pair.group} = $1)" for relation in (pair.stored, pair.rebuilt)]
    # how often more a row is stored than rebuilt
    connection.execute(
        "create or replace temp table surplus as "
        "select hash, coalesce(stored.rows, 0) - coalesce(rebuilt.rows, 0) as rows from "
        + " full join ".join(
            f"(select {pair.row_hash} as hash, count(*) as rows from {side} group by all) as {name}"
            for side, name in zip(sides, ("stored", "rebuilt"), strict=True)
        )
        + " using (hash) where coalesce(stored.rows, 0) <> coalesce(rebuilt.rows, 0)",
        [group],
    )
    counts = [_one(connection, f"select count(*) from {side}", [group]) for side in sides]
    surplus = [
        _one(connection, f"select coalesce(sum(abs(rows)), 0)::bigint from surplus where rows {sign} 0")
        for sign in (">", "<")
    ]
    if not examples:
        return Difference(counts[0], counts[1], surplus[0], surplus[1])
    for side, name, sign in ((sides[0], "stored_rows", ">"), (sides[1], "rebuilt_rows", "<")):
        connection.execute(
            f"create or replace temp table {name} as select * from {side} "
            f"where {pair.row_hash} in (select hash from surplus where rows {sign} 0)",
            [group],
        )
    columns = _differing_columns(connection, pair)
    found = [*_one_sided(connection, pair, sides, group), *_changed(connection, pair, columns)]
    return Difference(counts[0], counts[1], surplus[0], surplus[1], columns, tuple(found))


def _digests(connection: duckdb.DuckDBPyConnection, pair: Pair, relation: str) -> dict[Any, tuple[Any, ...]]:
    rows = connection.execute(
        f"select {pair.group} as member, count(*), sum({pair.row_hash}), bit_xor({pair.row_hash}) "
        f"from {relation} group by member"
    ).fetchall()
    return {row[0]: row[1:] for row in rows}


def _differing_columns(connection: duckdb.DuckDBPyConnection, pair: Pair) -> dict[str, int]:
    """In how many rows of the same key each column differs, the most first."""
    names = [name for name in pair.columns if name != pair.key]
    if not names:
        return {}
    counted = ", ".join(
        f"count(*) filter (where stored_rows.{_quoted(n)} is distinct from rebuilt_rows.{_quoted(n)})" for n in names
    )
    row = connection.execute(f"select {counted} from {_joined(pair)}").fetchone()
    assert row is not None
    found = {name: count for name, count in zip(names, row, strict=True) if count}
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _changed(connection: duckdb.DuckDBPyConnection, pair: Pair, columns: Collection[str]) -> Iterator[Example]:
    """Rows of the same key, column by column."""
    key = _quoted(pair.key)
    for name in columns:
        one, other = f"stored_rows.{_quoted(name)}", f"rebuilt_rows.{_quoted(name)}"
        rows = connection.execute(
            f"select stored_rows.{key}, {one}, {other} from {_joined(pair)} where {one} is distinct from {other} "
            f"order by 1 limit {EXAMPLES}"
        ).fetchall()
        for row, stored, rebuilt in rows:
            values = ("(not shown)",) * 2 if name in pair.hidden else (shown(name, stored), shown(name, rebuilt))
            yield Example(_named(pair, row), name, *values)


def _one_sided(connection: duckdb.DuckDBPyConnection, pair: Pair, sides: list[str], group: Any) -> Iterator[Example]:
    """Keys of which one side has more rows than the other."""
    key = _quoted(pair.key)
    for ours, theirs in (("stored_rows", "rebuilt_rows"), ("rebuilt_rows", "stored_rows")):
        alone = connection.execute(
            f"select distinct {key} from {ours} where {key} not in (select {key} from {theirs} where {key} is not null)"
            f" order by 1 limit {EXAMPLES}"
        ).fetchall()
        for (row,) in alone:
            counts = [_one(connection, f"select count(*) from {side} where {key} = $2", [group, row]) for side in sides]
            yield Example(_named(pair, row), "", *("1 row" if n == 1 else f"{n} rows" for n in counts))


def _joined(pair: Pair) -> str:
    return f"stored_rows join rebuilt_rows on stored_rows.{_quoted(pair.key)} = rebuilt_rows.{_quoted(pair.key)}"


def _named(pair: Pair, row: Any) -> str:
    return f"{pair.key} {shown(pair.key, row)}"


def _one(connection: duckdb.DuckDBPyConnection, sql: str, parameters: list[Any] | None = None) -> int:
    row = connection.execute(sql, parameters).fetchone()
    assert row is not None
    return int(row[0])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
