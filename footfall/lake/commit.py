"""Make a staged run part of the lake: one Delta commit, then the ledger records.

Each step may be repeated: a run killed between two of them is finished by running the commit again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from footfall.errors import InputError
from footfall.lake import events
from footfall.lake.events import StaleRun
from footfall.lake.landing import raw_path
from footfall.lake.ledger import DayCount, FileRecord, Ledger, LedgerError
from footfall.lake.quarantine import quarantine_path
from footfall.lake.staging import FileCounts, Manifest, read_manifest
from footfall.lake.storage import Storage, storage_for
from footfall.settings import Settings

Records = tuple[list[FileRecord], list[FileRecord]]  # of a run's own files, and of others whose events changed hands


@dataclass(frozen=True, slots=True)
class Committed:
    """What a commit made visible; ``version`` is the events table's."""

    version: int
    already: bool = False


def commit(settings: Settings, manifest: Manifest) -> Committed:
    """Commit a staged run; a no-op but for the ledger when its events are in the table already.

    Raises :class:`~footfall.lake.events.StaleRun` when another run committed since this one was staged, and
    :class:`LedgerError` when a line is unaccounted for. Nothing has changed then.
    """
    uri = settings.zone("events")
    version = events.committed_version(events.open_table(uri), manifest.run_id)
    if version is not None:
        _finish(settings, manifest.run_id, version)
        return Committed(version, already=True)
    ledger = Ledger(storage_for(settings.zone("ledger")))
    if _unsettled(ledger, manifest) != manifest.actions.keys():  # something else was asked for with one of its files
        raise StaleRun(manifest.run_id)
    records = _records(ledger, manifest)  # before the commit: it refuses a line that is unaccounted for
    version = events.commit(
        uri,
        manifest.run_id,
        manifest.staged_files,
        manifest.dates,
        base_version=manifest.base_version,
        causes=manifest.causes,
        attempt=manifest.attempt,
    )
    _settle(settings, manifest, version, records)
    return Committed(version)


def finish_newest(settings: Settings) -> None:
    """Settle the ledger for the newest commit, if that run died before it could.

    Whoever reads what is to be done must not find the files of that run: the table holds their events already.
    """
    uri = settings.zone("events")
    run_id = events.newest_run(uri)
    version = None if run_id is None else events.committed_version(events.open_table(uri), run_id)
    if run_id is not None and version is not None:
        _finish(settings, run_id, version)


def _finish(settings: Settings, run_id: str, version: int) -> None:
    """Settle a committed run, by the staging it was committed from: another attempt may have staged since."""
    uri = settings.zone("events")
    try:
        manifest = read_manifest(storage_for(uri), run_id, events.committed_attempt(uri, version))
    except (InputError, events.VersionGone):
        return  # somebody cleaned the staging away, or it is long ago: pending files come from raw again
    _settle(settings, manifest, version)


def _settle(settings: Settings, manifest: Manifest, version: int, records: Records | None = None) -> None:
    """Write down what a committed run did, unless that is done. May be repeated."""
    ledger = Ledger(storage_for(settings.zone("ledger")))
    unsettled = _unsettled(ledger, manifest)
    if not unsettled:
        return
    own, others = records or _records(ledger, manifest)
    # What is settled had its zones cleared, and may have come back since
    _clear_zones(settings, [record for record in own if record.sha256 in unsettled])
    # Own files last: while one of them is not settled, all of this is done again
    ledger.settle(record.model_copy(update={"table_version": version}) for record in [*others, *own])
    _clear_staging(storage_for(settings.zone("events")), manifest)


def _unsettled(ledger: Ledger, manifest: Manifest) -> set[str]:
    """The run's files with which its own work is still on the list of what is to be done."""
    waiting = {sha256: ledger.waiting(sha256) for sha256 in manifest.actions}
    return {
        sha256
        for sha256, action in manifest.actions.items()
        if (w := waiting[sha256]) is not None and w.action == action and w.replaces != manifest.run_id
    }


def _records(ledger: Ledger, manifest: Manifest) -> Records:
    """The records of the run's own files, and those of other files whose events changed hands."""
    own, others = [], []
    counted = {counts.sha256: counts for counts in manifest.counts}
    for sha256 in manifest.files:
        counts = counted.get(sha256, FileCounts(sha256=sha256))
        days = {day: counts.day_count(day) for day in counts.days}
        own.append(_after(manifest, _known(ledger, sha256), {"dates": days, "quarantined": counts.quarantined}))
    for sha256 in manifest.taken_out:
        own.append(_after(manifest, _known(ledger, sha256), {"dates": {}, "quarantined": {}, "taken_out": True}))
    for sha256 in counted.keys() - set(manifest.files):
        record = _known(ledger, sha256)
        changed = {day: _recounted(record, counted[sha256], day) for day in counted[sha256].days}
        if changed.items() - record.dates.items():
            others.append(record.model_copy(update={"dates": record.dates | changed}))
    return own, others


def _after(manifest: Manifest, record: FileRecord, became: dict[str, Any]) -> FileRecord:
    values = {"taken_out": False} | became | {"commit_run_id": manifest.run_id}
    return FileRecord.model_validate(record.model_dump() | values)


def _recounted(record: FileRecord, counts: FileCounts, day: date) -> DayCount:
    """A file's day after others came or went: as many lines parsed as before, more or fewer of them are events."""
    before = record.dates.get(day, counts.day_count(day))
    return DayCount(parsed=before.parsed, events=counts.events.get(day, 0))


def _known(ledger: Ledger, sha256: str) -> FileRecord:
    record = ledger.find(sha256) or ledger.file(sha256)  # what was taken out is not found, and may be settled again
    if record is None:
        raise LedgerError(f"The ledger has no record of file {sha256}, whose events were staged; restore its zone.")
    return record


def _clear_zones(settings: Settings, own: list[FileRecord]) -> None:
    """Remove what the other zones hold of files that went, and the quarantined lines that a replay let in.

    Before the ledger is settled: a run that dies in between is finished, and does this again.
    """
    raw, quarantine = storage_for(settings.zone("raw")), storage_for(settings.zone("quarantine"))
    for record in own:
        if not record.quarantined:
            quarantine.delete(quarantine_path(record.sha256))
        if record.taken_out:
            raw.delete(raw_path(record.sha256, record.gzip))


def _clear_staging(zone: Storage, manifest: Manifest) -> None:
    """Remove what the run's folder holds beside its events: rejected rows, and what its killed attempts left."""
    committed = {file.path for file in manifest.staged_files}
    for entry in list(zone.list(f"{manifest.run_id}/")):
        if entry.path.endswith(".parquet") and entry.path not in committed:
            zone.delete(entry.path)
