"""Requests as columns: one row a line of the log that is to be written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]

DAY_SECONDS: Final = 86_400
GET, POST, HEAD, NONSENSE = 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class Hits:
    """Columns of equal length. ``second`` is Unix time; paths, queries and referrers are rows of ``site``'s tables."""

    second: IntArray
    client: IntArray
    session: IntArray
    method: IntArray
    path: IntArray
    query: IntArray
    status: IntArray
    size: IntArray
    referrer: IntArray
    referrer_path: IntArray
    referrer_query: IntArray

    def __len__(self) -> int:
        return len(self.second)

    def take(self, rows: IntArray | NDArray[np.bool_] | slice) -> Hits:
        """The rows at these positions, where this mask is true, or in this slice."""
        return Hits(*(getattr(self, field.name)[rows] for field in fields(self)))

    def by_time(self) -> Hits:
        """The order a server writes in; requests of the same second stay in the order they were made."""
        return self.take(np.argsort(self.second, kind="stable"))

    @staticmethod
    def concat(parts: Sequence[Hits]) -> Hits:
        """All rows of all parts, in the order given."""
        return Hits(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Hits)))

    @staticmethod
    def build(**columns: IntArray | int) -> Hits:
        """Hits from columns and constants; columns left out are 0 (GET, no query, no referrer)."""
        length = max(len(value) for value in columns.values() if not isinstance(value, int))
        unknown = columns.keys() - {field.name for field in fields(Hits)}
        if unknown:
            raise KeyError(f"not a column of Hits: {sorted(unknown)}")
        whole = {name: np.full(length, v) if isinstance(v, int) else v for name, v in columns.items()}
        zeros = np.zeros(length, np.int64)
        return Hits(**{field.name: whole.get(field.name, zeros) for field in fields(Hits)})
