"""The file ledger: one record per file content, the answer to "what did this file become", and what is to be done.

``files/<sha256>.json`` says what became of a file. ``pending/<sha256>.json`` says what is to be done with one: take it
in (a landed file, or one that is to be read again) or take it out. A run lists ``pending/`` and nothing else, so it
costs its own files, however long the history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from functools import partial
from typing import Any, Literal, Self

from pydantic import BaseModel, Field, computed_field, model_validator

from footfall.errors import FootfallError
from footfall.lake.storage import ObjectNotFound, Storage

PENDING, FILES = "pending", "files"

Action = Literal["take_in", "take_out"]
Cause = Literal["new_data", "replay", "backfill", "unimport"]


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
    commit_run_id: str | None = Field(None, description="The run that took the file in, or out.")
    table_version: int | None = Field(None, description="Version of the events table that the counts are of.")
    taken_out: bool = False

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
        return self.commit_run_id is not None and not self.taken_out

    @property
    def touches(self) -> set[date]:
        """Dates the file has, or may have, lines on."""
        return {*self.candidate_dates, *self.dates}

    def to_read(self) -> FileRecord:
        """What landing found out, without what became of the lines."""
        unread: dict[str, Any] = {"dates": {}, "quarantined": {}, "commit_run_id": None, "table_version": None}
        return self.model_copy(update=unread | {"candidate_dates": sorted(self.touches), "taken_out": False})

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


class PendingFile(BaseModel):
    """What is to be done with a file. ``replaces`` is the run that did the last thing with it, None for a new file.

    A file of the lake that is to be read again has the dates of its present events among its candidate dates.
    """

    record: FileRecord
    action: Action = "take_in"
    cause: Cause = "new_data"
    replaces: str | None = None

    @property
    def dates(self) -> set[date]:
        """Dates on which something may change when this is done."""
        return set(self.record.dates) if self.action == "take_out" else self.record.touches


class LedgerError(FootfallError):
    """The ledger's arithmetic does not hold: a bug, not a user's mistake."""


class Ledger:
    """Records of files in the ledger zone."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def file(self, sha256: str) -> FileRecord | None:
        """What became of a content; None when no run has dealt with it."""
        data = self._read(_path(FILES, sha256))
        return None if data is None else FileRecord.model_validate_json(data)

    def waiting(self, sha256: str) -> PendingFile | None:
        """What is to be done with a content; None when nothing is.

        A crash between the two writes of :meth:`settle` leaves what is done among what is to be done.
        """
        pending = self._pending(sha256)
        return pending if pending is not None and self._stands(pending) else None

    def find(self, sha256: str) -> FileRecord | None:
        """The record of a content that is in the lake, or on its way into it."""
        found = self.file(sha256)
        if found is not None and found.is_committed:
            return found
        waiting = self.waiting(sha256)
        return waiting.record if waiting is not None else None

    def pending(self) -> list[PendingFile]:
        """What the next run has to do, in the order of the files' hashes."""
        found = (PendingFile.model_validate_json(data) for data in self._all(PENDING))
        return [pending for pending in found if self._stands(pending)]

    def records(self) -> Iterator[FileRecord]:
        """What became of every file, those that were taken out included. Reads the whole ledger."""
        return (FileRecord.model_validate_json(data) for data in self._all(FILES))

    def committed(self) -> Iterator[FileRecord]:
        """Files that are part of the events zone. Reads the whole ledger."""
        return (record for record in self.records() if record.is_committed)

    def order(self, pending: PendingFile) -> None:
        """Have something done with a file by the next run, instead of what was to be done with it before."""
        self._storage.write(_path(PENDING, pending.record.sha256), _json(pending))

    def withdraw(self, sha256: str) -> None:
        """Have nothing done with a file."""
        self._storage.delete(_path(PENDING, sha256))

    def settle(self, records: Iterable[FileRecord]) -> None:
        """Write what became of files, and take what was to be done with them off the list. May be repeated.

        A record of a later version of the table stays: a run that was slow to settle must not undo the next one's.
        """
        for record in records:
            self._update(record.sha256, partial(_newer, record))
            pending, done = self._pending(record.sha256), self.file(record.sha256)
            if pending is None or done is None or pending.replaces == done.commit_run_id:
                continue
            if pending.action == "take_out" and not done.taken_out:  # asked for while the run took the file in
                self.order(pending.model_copy(update={"record": done, "replaces": done.commit_run_id}))
            else:
                self.withdraw(record.sha256)

    def add_name(self, record: FileRecord, name: str) -> None:
        """Note that a known content was delivered under another name."""
        if name in record.names:
            return
        if (waiting := self.waiting(record.sha256)) is not None:
            waiting.record.names = [*waiting.record.names, name]
            self.order(waiting)
        if self.file(record.sha256) is not None:
            self._update(record.sha256, lambda there: there and _named(there, [name]))

    def _update(self, sha256: str, change: Callable[[FileRecord | None], FileRecord | None]) -> None:
        """Replace a file's record by what ``change`` makes of it (None: leave it), whoever else writes it now."""
        path = _path(FILES, sha256)
        while True:
            data = self._read(path)
            record = change(None if data is None else FileRecord.model_validate_json(data))
            if record is None or self._storage.swap(path, _json(record), expected=data):
                return

    def _pending(self, sha256: str) -> PendingFile | None:
        data = self._read(_path(PENDING, sha256))
        return None if data is None else PendingFile.model_validate_json(data)

    def _read(self, path: str) -> bytes | None:
        try:
            return self._storage.read(path)
        except ObjectNotFound:
            return None

    def _all(self, state: str) -> Iterator[bytes]:
        paths = [entry.path for entry in self._storage.list(f"{state}/")]
        return (data for _, data in self._storage.read_many(paths))

    def _stands(self, pending: PendingFile) -> bool:
        done = self.file(pending.record.sha256)
        return pending.replaces == (done.commit_run_id if done else None)


def _newer(new: FileRecord, there: FileRecord | None) -> FileRecord | None:
    if there is None:
        return new
    if (there.table_version or 0) > (new.table_version or 0):
        return None
    return _named(new, there.names)


def _named(record: FileRecord, names: Iterable[str]) -> FileRecord:
    """The record with these names, too; its own first."""
    return record.model_copy(update={"names": list(dict.fromkeys([*record.names, *names]))})


def _path(state: str, sha256: str) -> str:
    return f"{state}/{sha256}.json"


def _json(model: BaseModel) -> bytes:
    return model.model_dump_json(indent=1).encode()
