"""What a verification says: what was compared, and each place where the disk and the rebuild differ."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from footfall.enrich.masking import ALL

SHOWN_CHARS: Final = 80


@dataclass(frozen=True, slots=True)
class Example:
    """One row that differs: in ``column``, or ("") in how often it is there. Values are masked and cut."""

    row: str  # "<key column> <key>"
    column: str
    stored: str
    rebuilt: str


@dataclass(frozen=True, slots=True)
class Difference:
    """How the rows of one group of a table differ; ``columns`` counts the rows of one key that differ in each."""

    stored: int
    rebuilt: int
    only_stored: int
    only_rebuilt: int
    columns: dict[str, int] = field(default_factory=dict)
    examples: tuple[Example, ...] = ()


def merged(differences: Sequence[Difference], *, stored: int, rebuilt: int) -> Difference:
    """The differences of several groups of a table as one; ``stored`` and ``rebuilt`` are all rows of the table."""
    columns: Counter[str] = Counter()
    for difference in differences:
        columns.update(difference.columns)
    return Difference(
        stored=stored,
        rebuilt=rebuilt,
        only_stored=sum(difference.only_stored for difference in differences),
        only_rebuilt=sum(difference.only_rebuilt for difference in differences),
        columns=dict(columns.most_common()),
        examples=tuple(example for difference in differences for example in difference.examples),
    )


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be.

    ``where`` is a zone or a table (raw, events, ledger, quarantine, marts, or a mart's name), ``date`` the event or
    session date (None where there is none), ``what`` one sentence.
    """

    where: str
    what: str
    date: date | None = None
    difference: Difference | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """How much was compared: counts of what the disk holds."""

    files: int = 0
    lines: int = 0
    dates: int = 0
    events: int = 0
    sessions: int = 0
    marts: dict[str, int] = field(default_factory=dict)  # rows by mart


@dataclass(frozen=True, slots=True)
class Verification:
    """The answer of a verification: it holds when there are no findings. ``notes`` say what was not looked at."""

    events_version: int | None
    compared: Compared
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the disk equals the rebuild."""
        return not self.findings


def shown(column: str, value: object) -> str:
    """A value as a finding shows it: without addresses, and not longer than a line."""
    text = "null" if value is None else str(value)
    if not column.endswith("_version"):  # 126.0.0.0 is a browser's version, and looks like an address
        text = masked(text)
    return text if len(text) <= SHOWN_CHARS else f"{text[: SHOWN_CHARS - 1]}…"


def masked(text: str) -> str:
    """``text`` without e-mail and IP addresses."""
    for pattern, mask in ALL:
        text = re.sub(pattern, mask, text)
    return text
