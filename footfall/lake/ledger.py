"""The file ledger: one record per file content, the answer to "what did this file become".

A landed file is pending (``pending/<sha256>.json``) until a commit made it part of the events zone, when its record
moves to ``files/<sha256>.json``. A run therefore costs its own files, however long the history.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, Field, computed_field, model_validator

from footfall.errors import FootfallError
from footfall.lake.storage import ObjectNotFound, Storage

PENDING, FILES = "pending", "files"


class Split(BaseModel):
    """A place in a plain file where a reader may begin: right after a newline."""

    offset: int
    line: int


class DayCount(BaseModel, frozen=True):
    """Lines of a file on one event date: those that parsed, and those that became events (the rest are repeats)."""

    parsed: int
    events: int


class FileRecord(BaseModel):
    """What is known of one file. Counts are of lines; ``lines`` leaves out ``header_lines``."""

    sha256: str
    names: list[str]
    size_bytes: int
    gzip: bool
    source: str | None = Field(description="Log format; None for an empty file.")
    fields: list[str] = []
    header_lines: int = 0
    lines: int
    splits: list[Split] = []
    candidate_dates: list[date] = Field([], description="Superset of the dates its events fall on.")
    landed_at: datetime
    ingest_run_id: str
    quarantined: dict[str, int] = {}
    dates: dict[date, DayCount] = {}
    commit_run_id: str | None = None

    @computed_field
    @property
    def events(self) -> int:
        """Lines that are events."""
        return sum(day.events for day in self.dates.values())

    @computed_field
    @property
    def repeated(self) -> int:
        """Lines that are further copies of an event."""
        return sum(day.parsed - day.events for day in self.dates.values())

    @property
    def is_committed(self) -> bool:
        """Whether the file is part of the events zone."""
        return self.commit_run_id is not None

    @model_validator(mode="after")
    def _accounts_for_every_line(self) -> Self:
        parsed = sum(day.parsed for day in self.dates.values())
        if self.is_committed and self.lines != parsed + sum(self.quarantined.values()):
            raise LedgerError(
                f"{self.names[0]}: {self.lines} lines were landed, but {parsed} parsed and "
                f"{sum(self.quarantined.values())} quarantined; every line must be one or the other. Nothing was "
                "committed; please report this with the file's first lines."
            )
        return self


class LedgerError(FootfallError):
    """The ledger's arithmetic does not hold: a bug, not a user's mistake."""


class Ledger:
    """Records of files in the ledger zone."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def find(self, sha256: str) -> FileRecord | None:
        """The record of a content, committed or pending."""
        for state in (FILES, PENDING):
            try:
                return FileRecord.model_validate_json(self._storage.read(f"{state}/{sha256}.json"))
            except ObjectNotFound:
                continue
        return None

    def pending(self) -> list[FileRecord]:
        """Landed files that are not part of the events zone yet, in the order of their hashes.

        A crash between the two writes of :meth:`settle` leaves a file in both states: it is settled.
        """
        return [record for record in self._all(PENDING) if not self._storage.exists(f"{FILES}/{record.sha256}.json")]

    def committed(self) -> Iterator[FileRecord]:
        """Files that are part of the events zone."""
        return self._all(FILES)

    def write_pending(self, record: FileRecord) -> None:
        """Add or replace a pending record."""
        self._write(PENDING, record)

    def settle(self, records: Iterable[FileRecord]) -> None:
        """Write committed records, and take them off the pending ones. May be repeated."""
        for record in records:
            self._write(FILES, record)
            self._storage.delete(f"{PENDING}/{record.sha256}.json")

    def add_name(self, record: FileRecord, name: str) -> None:
        """Note that a known content was delivered under another name."""
        if name not in record.names:
            record.names.append(name)
            self._write(FILES if record.is_committed else PENDING, record)

    def _all(self, state: str) -> Iterator[FileRecord]:
        paths = [entry.path for entry in self._storage.list(f"{state}/")]
        for _, data in self._storage.read_many(paths):
            yield FileRecord.model_validate_json(data)

    def _write(self, state: str, record: FileRecord) -> None:
        self._storage.write(f"{state}/{record.sha256}.json", record.model_dump_json(indent=1).encode())
