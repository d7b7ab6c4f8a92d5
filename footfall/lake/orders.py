"""Ask for a file to be taken out, or read again: the ledger notes it, and the next run does it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable
from datetime import date
from pathlib import Path

from footfall.errors import InputError
from footfall.lake.commit import finish_newest
from footfall.lake.landing import raw_path
from footfall.lake.ledger import Cause, FileRecord, Ledger, PendingFile
from footfall.lake.quarantine import quarantine_path
from footfall.lake.storage import storage_for
from footfall.settings import Settings

SHOWN = 12  # digits of a hash, where a person reads it
_HASH = re.compile(r"[0-9a-f]{8,64}")


def unimport(settings: Settings, names: Iterable[str]) -> list[FileRecord]:
    """Ask for files to be taken out of the lake; a landed file that no run has taken in leaves at once.

    ``names`` are hashes (8 digits or more) or paths. Returns the records of the files; those that are out already are
    among them, for the run that took them out may have died since. Raises :class:`InputError`, and asks for nothing,
    when one of the names is none of a file that is or was in the lake, or is on its way.
    """
    ledger = _settled(settings)
    found = _named(ledger, names, taken_out=True)
    for record in found:
        if record.taken_out:
            continue
        done = ledger.file(record.sha256)
        if done is not None and done.is_committed:
            ledger.order(PendingFile(record=done, action="take_out", cause="unimport", replaces=done.commit_run_id))
        else:
            ledger.withdraw(record.sha256)
            if ledger.file(record.sha256) == done:  # no run has just taken it in
                # a run that was refused or killed may have set lines of it aside
                storage_for(settings.zone("quarantine")).delete(quarantine_path(record.sha256))
                storage_for(settings.zone("raw")).delete(raw_path(record.sha256, record.gzip))
    return found


def replay(settings: Settings, names: Iterable[str] = (), *, everything: bool = False) -> list[FileRecord]:
    """Ask for files of the lake to be read from raw again, with the rules as they are now.

    The named files (as for :func:`unimport`); without names those with quarantined lines, or all with ``everything``.
    Returns the records of the files.
    """
    ledger = _settled(settings)
    if names := list(names):
        found = [record for record in _named(ledger, names) if record.is_committed]
    else:
        found = [record for record in ledger.committed() if everything or record.quarantined]
    _read_again(ledger, found, "replay")
    return found


def read_dates_again(settings: Settings, dates: Collection[date]) -> list[FileRecord]:
    """Ask for every file of the lake that has lines on one of the dates to be read from raw again."""
    ledger = _settled(settings)
    found = [record for record in ledger.committed() if record.touches.intersection(dates)]
    _read_again(ledger, found, "backfill")
    return found


def _settled(settings: Settings) -> Ledger:
    """The ledger, with what the last run has done: it may have died before it could write that down."""
    finish_newest(settings)
    return Ledger(storage_for(settings.zone("ledger")))


def _read_again(ledger: Ledger, records: Iterable[FileRecord], cause: Cause) -> None:
    for record in records:
        waiting = ledger.waiting(record.sha256)
        if waiting is None:  # what is asked for already is done by the same run
            ledger.order(PendingFile(record=record.to_read(), cause=cause, replaces=record.commit_run_id))


def _named(ledger: Ledger, names: Iterable[str], *, taken_out: bool = False) -> list[FileRecord]:
    """Files in the lake or on their way into it, each once, by hash or path; or else, that were in it (taken_out)."""
    records = {record.sha256: record for record in ledger.records()}
    known = {sha256: record for sha256, record in records.items() if record.is_committed}
    known |= {waiting.record.sha256: waiting.record for waiting in ledger.pending() if waiting.action == "take_in"}
    found = {}
    for name in names:
        matches = _matches(known, name) or (_matches(records, name) if taken_out else [])
        if not matches:
            raise InputError(
                f"{name!r} is no file of this lake: give the path it was delivered under, or 8 or more digits of its "
                "SHA-256 (the ledger zone has a record of that name for each)."
            )
        if len(matches) > 1:
            hashes = ", ".join(record.sha256[:SHOWN] for record in matches)
            raise InputError(f"{name!r} names {len(matches)} files of this lake; name one by its hash: {hashes}.")
        found[matches[0].sha256] = matches[0]
    return list(found.values())


def _matches(known: dict[str, FileRecord], name: str) -> list[FileRecord]:
    if _HASH.fullmatch(name):
        return [record for sha256, record in known.items() if sha256.startswith(name)]
    if Path(name).is_file():  # its content is what it is known by, wherever it lies now
        with Path(name).open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        if sha256 in known:
            return [known[sha256]]
    there = Path(name).absolute()
    return [r for r in known.values() if any(name == given or Path(given).absolute() == there for given in r.names)]
