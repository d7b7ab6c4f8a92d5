"""What a run has to do, read off the ledger: files to take in and out, and the dates that this may change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from footfall.lake.ledger import Cause, FileRecord, Ledger, PendingFile


@dataclass(frozen=True, slots=True)
class Work:
    """The files of a run.

    Of two files with the same line one holds the event, and of the other's line nothing is stored. When the holder goes
    (or is read again, with rules that may have changed), ``heirs`` are the files whose repeated lines on ``left`` dates
    may have to take its place: they are read from raw again, for those dates.
    """

    take_in: list[FileRecord] = field(default_factory=list)
    take_out: list[FileRecord] = field(default_factory=list)
    heirs: list[FileRecord] = field(default_factory=list)
    left: frozenset[date] = frozenset()
    causes: dict[date, set[Cause]] = field(default_factory=dict)  # of each date whose events may change


def work(ledger: Ledger, pending: Iterable[PendingFile]) -> Work:
    """The work in ``pending``. Reads the records of all files only where one that is in the lake is taken out of it."""
    pending = list(pending)
    causes: dict[date, set[Cause]] = {}
    for waiting in pending:
        for day in waiting.dates:
            causes.setdefault(day, set()).add(waiting.cause)
    own = {waiting.record.sha256 for waiting in pending}
    before = [ledger.file(waiting.record.sha256) for waiting in pending if waiting.replaces is not None]
    left = frozenset(day for record in before if record for day, count in record.dates.items() if count.events)
    return Work(
        take_in=[waiting.record for waiting in pending if waiting.action == "take_in"],
        take_out=[waiting.record for waiting in pending if waiting.action == "take_out"],
        heirs=[r for r in ledger.committed() if r.sha256 not in own and _repeats(r, left)] if left else [],
        left=left,
        causes=causes,
    )


def _repeats(record: FileRecord, dates: Iterable[date]) -> bool:
    counts = (record.dates[day] for day in dates if day in record.dates)
    return any(count.parsed > count.events for count in counts)
