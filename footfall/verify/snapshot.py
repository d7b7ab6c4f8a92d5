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
    their lines, unchecked. ``marts_version`` is the version of the events that readers see; None: nothing to compare.
    """

    version: int | None
    event_files: tuple[str, ...]
    records: tuple[FileRecord, ...]
    waiting: int  # files of which something is to be done yet
    marts_version: int | None
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]


def snapshot(connection: duckdb.DuckDBPyConnection, settings: Settings, scratch: Path) -> Snapshot:
    """Look at the lake; ``connection`` has the published marts attached from then on.

    Events in a bucket are copied to ``scratch``: DuckDB reads them from there.
    """
    findings: list[Finding] = []
    notes: list[str] = []
    marts_version = _attach_marts(connection, settings, findings, notes)
    ledger = Ledger(storage_for(settings.zone("ledger")))
    while True:
        table = events.open_table(settings.zone("events"))
        records, damaged = _records(settings)
        # a commit between the two would leave records of another version
        if events.version_of(events.open_table(settings.zone("events"))) == events.version_of(table):
            break
    files = () if table is None else tuple(_at_hand(table, settings, scratch, findings))
    waiting = len(ledger.pending())
    if waiting:
        notes.append(f"{waiting} files are pending: what they will change is not part of this. Run `footfall run`.")
    return Snapshot(
        events.version_of(table), files, records, waiting, marts_version, (*findings, *damaged), tuple(notes)
    )


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


def _at_hand(table: DeltaTable, settings: Settings, scratch: Path, findings: list[Finding]) -> Iterator[str]:
    """The version's files as paths of this machine."""
    zone = settings.zone("events")
    for file in events.files_of(table):
        path = file.removeprefix(f"{zone}/")
        try:
            yield local_path(zone, path, scratch / "stored")
        except ObjectNotFound:
            day = path.split(f"{PARTITION_COLUMN}=")[1].split("/")[0]
            what = f"{path}, a file of version {table.version()}, is missing; restore it from a backup."
            findings.append(Finding("events", what, date.fromisoformat(day)))


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
