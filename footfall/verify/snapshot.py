"""What the lake and its readers hold at one moment: a version of the events, the records of its files, the marts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
from deltalake import DeltaTable

from footfall.contract import PARTITION_COLUMN
from footfall.errors import InputError
from footfall.lake import events
from footfall.lake.events import VersionGone
from footfall.lake.ledger import FILES, FileRecord, Ledger
from footfall.lake.storage import ObjectNotFound, storage_for
from footfall.settings import Settings
from footfall.verify.compare import bounds
from footfall.verify.finding import Finding
from footfall.verify.local import local_path
from footfall.warehouse.publication import Publication
from footfall.warehouse.published_tables import newest_in
from footfall.warehouse.query import MARTS, attached


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One moment of a lake; runs that commit or publish meanwhile do not change it.

    ``connection`` is to compare with, and has the marts readers see attached as ``marts``, if there are any.
    ``event_files`` can be read from this machine. ``records`` are those of the files in the lake, with what became of
    their lines, unchecked. ``has_marts`` is whether there are marts of these events to compare.
    """

    connection: duckdb.DuckDBPyConnection
    version: int | None
    event_files: tuple[str, ...]
    records: tuple[FileRecord, ...]
    has_marts: bool
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]


@contextmanager
def snapshot(settings: Settings, scratch: Path) -> Iterator[Snapshot]:
    """Look at the lake, and hold the marts readers see as long as the context is open.

    Events in a bucket are copied to ``scratch``: DuckDB reads them from there.
    """
    findings: list[Finding] = []
    notes: list[str] = []
    zone = settings.zone("events")
    with ExitStack() as stack:
        connection, has_marts = _connection(settings, stack, scratch, findings, notes)
        connection.execute("set TimeZone = 'UTC'")
        while True:
            table = events.open_table(zone)
            records, damaged = _records(settings)
            # a commit between the two would leave records of another version
            if events.version_of(events.open_table(zone)) == events.version_of(table):
                break
        files = () if table is None else tuple(_at_hand(table, zone, scratch, findings))
        has_marts = has_marts and _is_current(newest_in(connection, MARTS), table, zone, findings)
        waiting = len(Ledger(storage_for(settings.zone("ledger"))).pending())
        if waiting:
            notes.append(f"{waiting} pending file(s) are not part of this: `footfall sessionize` deals with them.")
        yield Snapshot(
            connection, events.version_of(table), files, records, has_marts, (*findings, *damaged), tuple(notes)
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


def _is_current(shown: Publication | None, table: DeltaTable | None, zone: str, findings: list[Finding]) -> bool:
    """Whether what is published is of this version of the table, or of one that differs from it in no date."""
    if shown is None:
        findings.append(Finding(MARTS, "The published marts name no publication. Run `footfall publish`."))
        return False
    is_same_table = table is not None and shown.table_id in (None, str(table.metadata().id))
    if table is not None and is_same_table:
        with suppress(VersionGone):  # too old to tell
            if not events.dates_changed_between(zone, shown.events_version, table.version()):
                return True
    newest = f"at version {table.version()}" if table is not None and is_same_table else "gone"
    what = f"The marts show version {shown.events_version} of the events, which are {newest}: they were not compared. "
    findings.append(Finding(MARTS, f"{what}Run `footfall transform` and `footfall publish`, then verify again."))
    return False


def _connection(
    settings: Settings, stack: ExitStack, scratch: Path, findings: list[Finding], notes: list[str]
) -> tuple[duckdb.DuckDBPyConnection, bool]:
    """A connection to compare with, and whether it has the marts."""
    if settings.env == "gcp":
        notes.append("Marts in BigQuery are not compared: only the events, the quarantine zone and the ledger are.")
    elif not settings.published_db.exists():
        notes.append("Nothing is published yet: there are no marts to compare.")
    else:
        try:
            return attached(settings, stack, bounds(scratch)), True
        except InputError as error:
            findings.append(Finding(MARTS, str(error)))
    return stack.enter_context(duckdb.connect(config=bounds(scratch))), False
