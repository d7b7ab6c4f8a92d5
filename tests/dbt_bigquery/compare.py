"""Two tables of one model held side by side: equal, or a list of what differs that a person can act on."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from tests.dbt_bigquery.table import Table

_SHOWN: Final = 10


def differences(google: Table, duckdb: Table, key: Sequence[str]) -> list[str]:
    """One line for each thing the engines disagree about: columns, rows one lacks, values. Empty when they agree.

    Rows pair up by ``key``, else by the first columns that single rows out; where none do, as bags of whole rows.
    """
    if list(google.columns) != list(duckdb.columns):
        return [f"columns: duckdb has {list(duckdb.columns)}, google has {list(google.columns)}"]
    types = [
        f"type of {name}: duckdb {duckdb.columns[name]}, google {kind}"
        for name, kind in google.columns.items()
        if duckdb.columns[name] != kind
    ]
    if types:
        return types
    key = key or _leading_key(google, duckdb)
    theirs, ours = _keyed(google, key), _keyed(duckdb, key)
    repeated = [
        f"{len(table.rows) - len(rows)} rows of {engine} repeat another's {', '.join(key)}"
        for engine, table, rows in (("duckdb", duckdb, ours), ("google", google, theirs))
        if len(table.rows) != len(rows)
    ]
    if repeated:
        surplus = _surplus(google, duckdb)
        return [*repeated, *surplus] if surplus else []
    lines = []
    for identity in sorted(theirs.keys() | ours.keys(), key=repr):
        where = ", ".join(f"{name}={value!r}" for name, value in zip(key, identity, strict=True))
        if identity not in theirs:
            lines.append(f"{where}: only duckdb has this row: {ours[identity]}")
        elif identity not in ours:
            lines.append(f"{where}: only google has this row: {theirs[identity]}")
        else:
            lines += [
                f"{where}, column {name}: duckdb {ours[identity][name]!r}, google {theirs[identity][name]!r}"
                for name in google.columns
                if not same(ours[identity][name], theirs[identity][name])
            ]
    return lines


def same(one: Any, other: Any) -> bool:
    """Equal in kind and value. Floats may differ in their last bits, because sums of them depend on the order."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return math.isclose(one, other, rel_tol=1e-12) or (math.isnan(one) and math.isnan(other))
    return bool(one == other)


def report(subject: str, lines: Sequence[str]) -> str:
    """The message of a failing comparison: the subject, then the first of what differs."""
    shown = [*lines[:_SHOWN], *([f"... and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else [])]
    return "\n  ".join([f"{subject} ({len(lines)} differences)", *shown])


def _leading_key(*tables: Table) -> Sequence[str]:
    names = list(tables[0].columns)
    for count in range(1, len(names)):
        if all(len(_keyed(table, names[:count])) == len(table.rows) for table in tables):
            return names[:count]
    return names


def _keyed(table: Table, key: Sequence[str]) -> dict[tuple[Any, ...], dict[str, Any]]:
    return {tuple(_hashable(row[name]) for name in key): row for row in table.dicts()}


def _surplus(google: Table, duckdb: Table) -> list[str]:
    theirs, ours = (Counter(tuple(map(_hashable, row)) for row in table.rows) for table in (google, duckdb))
    return [
        f"only {engine} has this row, {count} times: {row}"
        for engine, rows in (("duckdb", ours - theirs), ("google", theirs - ours))
        for row, count in sorted(rows.items(), key=repr)
    ]


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
