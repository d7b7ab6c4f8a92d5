"""Text that goes into SQL, where a statement takes no parameters."""

from __future__ import annotations


def string_literal(value: object) -> str:
    """``value`` as a string literal of DuckDB: in single quotes, those inside doubled."""
    return "'" + str(value).replace("'", "''") + "'"
