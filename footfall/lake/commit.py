"""Make a staged run part of the lake: one Delta commit, then the ledger records.

Each step may be repeated: a run killed between two of them is finished by running the commit again.
"""

from __future__ import annotations

from dataclasses import dataclass

from footfall.errors import InputError
from footfall.lake import events
from footfall.lake.ledger import DayCount, FileRecord, Ledger, LedgerError
from footfall.lake.staging import Manifest, read_manifest
from footfall.lake.storage import storage_for
from footfall.settings import Settings


@dataclass(frozen=True, slots=True)
class Committed:
    """What a commit made visible; ``version`` is the events table's."""

    version: int
    files: list[FileRecord]
    already: bool = False


def commit(settings: Settings, manifest: Manifest) -> Committed:
    """Commit a staged run; a no-op but for the ledger when its events are in the table already.

    Raises :class:`~footfall.lake.events.StaleRun` when another run committed since this one was staged, and
    :class:`LedgerError` when a line is unaccounted for. Nothing has changed then.
    """
    uri = settings.zone("events")
    zone, ledger = storage_for(uri), Ledger(storage_for(settings.zone("ledger")))
    settled, others = _records(ledger, manifest)
    version = events.committed_version(events.open_table(uri), manifest.run_id)
    already = version is not None
    if version is None:
        version = events.commit(
            uri, manifest.run_id, manifest.staged_files, manifest.dates, base_version=manifest.base_version
        )
    ledger.settle([*settled, *others])
    for path in manifest.rejected_paths:
        zone.delete(path)
    return Committed(version, settled, already)


def finish_newest(settings: Settings) -> Committed | None:
    """Settle the ledger for the newest commit if that run died before it could; None when there is nothing to do.

    The next run must not find the files of this one pending: they would be counted against a table that holds them.
    """
    uri = settings.zone("events")
    run_id = events.newest_run(uri)
    pending = {record.sha256 for record in Ledger(storage_for(settings.zone("ledger"))).pending()}
    if run_id is None or not pending:
        return None
    try:
        manifest = read_manifest(storage_for(uri), run_id)
    except InputError:
        return None  # somebody cleaned the staging away; the files come from raw again
    return commit(settings, manifest) if pending & set(manifest.files) else None


def _records(ledger: Ledger, manifest: Manifest) -> tuple[list[FileRecord], list[FileRecord]]:
    """The records of the run's own files, and those of older files whose events changed hands."""
    own, others = [], []
    counted = {counts.sha256: counts for counts in manifest.counts}
    for sha256 in manifest.files:
        record = _known(ledger, sha256)
        counts = counted.get(sha256)
        days = {} if counts is None else {day: counts.day_count(day) for day in counts.days}
        own.append(
            FileRecord.model_validate(
                record.model_dump()
                | {
                    "dates": days,
                    "quarantined": {} if counts is None else counts.quarantined,
                    "commit_run_id": manifest.run_id,
                }
            )
        )
    for sha256 in counted.keys() - set(manifest.files):
        record = _known(ledger, sha256)
        changed = {
            day: DayCount(parsed=record.dates[day].parsed, events=counted[sha256].events.get(day, 0))
            for day in counted[sha256].days
        }
        if changed.items() - record.dates.items():
            others.append(record.model_copy(update={"dates": record.dates | changed}))
    return own, others


def _known(ledger: Ledger, sha256: str) -> FileRecord:
    record = ledger.find(sha256)
    if record is None:
        raise LedgerError(f"The ledger has no record of file {sha256}, whose events were staged; restore its zone.")
    return record
