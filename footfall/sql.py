"""Text that goes into SQL, where a statement takes no parameters."""

from __future__ import annotations

import re
from collections.abc import Iterable


def string_literal(value: object) -> str:
    """``value`` as a string literal of DuckDB: in single quotes, those inside doubled."""
    return "'" + str(value).replace("'", "''") + "'"


def file_list(paths: Iterable[str]) -> str:
    """Paths as the list that DuckDB's file readers take; nothing in them is a wildcard."""
    literals = (string_literal(re.sub(r"([\[*?])", r"[\1]", path)) for path in paths)
    return f"[{', '.join(literals)}]"
