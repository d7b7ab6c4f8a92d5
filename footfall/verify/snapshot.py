"""What the lake and its readers hold at one moment: a version of the events, the records of its files, the marts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
from deltalake import DeltaTable

from footfall.contract import PARTITION_COLUMN
from footfall.lake import events
from footfall.lake.events import VersionGone
from footfall.lake.ledger import FILES, FileRecord, Ledger
from footfall.lake.storage import ObjectNotFound, storage_for
from footfall.settings import Settings
from footfall.sql import string_literal
from footfall.verify.finding import Finding
from footfall.verify.local import local_path
from footfall.warehouse import PUBLICATIONS_TABLE

MARTS = "marts"  # what the published file is attached as, as by `footfall query`


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One moment of a lake; runs that commit or publish meanwhile do not change it.

    ``event_files`` can be read from this machine. ``records`` are those of the files in the lake, with what became of
    their lines, unchecked. ``has_marts`` is whether there are marts of these events to compare.
    """

    version: int | None
    event_files: tuple[str, ...]
    records: tuple[FileRecord, ...]
    has_marts: bool
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]


def snapshot(connection: duckdb.DuckDBPyConnection, settings: Settings, scratch: Path) -> Snapshot:
    """Look at the lake; ``connection`` has the published marts attached from then on.

    Events in a bucket are copied to ``scratch``: DuckDB reads them from there.
    """
    findings: list[Finding] = []
    notes: list[str] = []
    shown = _attach_marts(connection, settings, findings, notes)
    zone = settings.zone("events")
    while True:
        table = events.open_table(zone)
        records, damaged = _records(settings)
        # a commit between the two would leave records of another version
        if events.version_of(events.open_table(zone)) == events.version_of(table):
            break
    files = () if table is None else tuple(_at_hand(table, zone, scratch, findings))
    has_marts = shown is not None and _is_current(shown, table, zone, findings)
    waiting = len(Ledger(storage_for(settings.zone("ledger"))).pending())
    if waiting:
        notes.append(f"{waiting} pending file(s) are not part of this: `footfall sessionize` deals with them.")
    return Snapshot(events.version_of(table), files, records, has_marts, (*findings, *damaged), tuple(notes))


def _records(settings: Settings) -> tuple[tuple[FileRecord, ...], list[Finding]]:
    """The records of the files in the lake, and a finding for each that cannot be read."""
    records, damaged = [], []
    storage = storage_for(settings.zone("ledger"))
    for path, data in storage.read_many([entry.path for entry in storage.list(f"{FILES}/")]):
        try:
            values = json.loads(data)
            # not checked as that of a committed file: whether it accounts for every line is a question of the audits
            record = FileRecord.model_validate(values | {"commit_run_id": None})
        except (ValueError, TypeError):
            damaged.append(Finding("ledger", f"{path} is no file's record; restore it from a backup."))
            continue
        if values.get("commit_run_id") is not None and not record.taken_out:
            records.append(record)
    return tuple(records), damaged


def _at_hand(table: DeltaTable, zone: str, scratch: Path, findings: list[Finding]) -> Iterator[str]:
    """The version's files as paths of this machine."""
    for file in events.files_of(table):
        path = file.removeprefix(f"{zone}/")
        try:
            yield local_path(zone, path, scratch / "stored")
        except ObjectNotFound:
            day = path.split(f"{PARTITION_COLUMN}=")[1].split("/")[0]
            what = f"{path}, a file of version {table.version()}, is missing; restore it from a backup."
            findings.append(Finding("events", what, date.fromisoformat(day)))


def _is_current(shown: int, table: DeltaTable | None, zone: str, findings: list[Finding]) -> bool:
    """Whether marts of version ``shown`` are marts of this table: a version may change no date."""
    try:
        if table is not None and not events.dates_changed_between(zone, shown, table.version()):
            return True
    except VersionGone:
        pass  # then they are too old, or of another table
    newest = "gone" if table is None else f"at version {table.version()}"
    what = f"The marts show version {shown} of the events, which are {newest}: they were not compared. "
    findings.append(Finding(MARTS, f"{what}Run `footfall transform` and `footfall publish`, then verify again."))
    return False


def _attach_marts(
    connection: duckdb.DuckDBPyConnection, settings: Settings, findings: list[Finding], notes: list[str]
) -> int | None:
    """Hold the marts readers see now; the version of the events they are made of."""
    if settings.env == "gcp":
        notes.append("Marts in BigQuery are not compared: only the events, the quarantine zone and the ledger are.")
        return None
    if not settings.published_db.exists():
        notes.append("Nothing is published yet: there are no marts to compare.")
        return None
    try:
        connection.execute(f"attach {string_literal(settings.published_db)} as {MARTS} (read_only)")
        row = connection.execute(
            f"select events_version from {MARTS}.{PUBLICATIONS_TABLE} order by published_at desc limit 1"
        ).fetchone()
    except duckdb.Error as error:
        findings.append(Finding(MARTS, f"{settings.published_db} cannot be read: {str(error).splitlines()[0]}"))
        return None
    if row is None:
        findings.append(Finding(MARTS, f"{settings.published_db} names no publication; run `footfall publish`."))
        return None
    return int(row[0])
