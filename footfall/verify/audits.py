"""What is checked file by file: the raw objects, the ledger's counts, the quarantined lines."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import duckdb

from footfall.lake.landing import raw_path
from footfall.lake.ledger import DayCount, FileRecord, Ledger
from footfall.lake.quarantine import QUARANTINE_COLUMNS
from footfall.lake.storage import storage_for
from footfall.settings import Settings
from footfall.sql import file_list
from footfall.verify.compare import Pair, difference, differing_groups
from footfall.verify.finding import Finding, masked
from footfall.verify.local import local_path

NO_LINES = DayCount(parsed=0, events=0)


def raw_objects(settings: Settings, records: Sequence[FileRecord]) -> Iterator[Finding]:
    """Every file's bytes are in the raw zone, as many as were landed."""
    sizes = {entry.path: entry.size_bytes for entry in storage_for(settings.zone("raw")).list()}
    for record in records:
        path = raw_path(record.sha256, record.gzip)
        size = sizes.get(path)
        if size != record.size_bytes:
            found = "is missing" if size is None else f"has {size:,} bytes"
            yield Finding(
                "raw",
                f"{named(record)}: {path} {found}, {record.size_bytes:,} bytes were landed; restore it from a backup, "
                f"or take the file out with `footfall unimport {record.sha256[:12]}`.",
            )


def ledger_counts(records: Sequence[FileRecord], rebuilt: Mapping[str, FileRecord]) -> Iterator[Finding]:
    """Lines = events + repeated + quarantined for every file, and each of them as in the rebuild."""
    for record in records:
        parsed = sum(day.parsed for day in record.dates.values())
        quarantined = sum(record.quarantined.values())
        if record.lines != parsed + quarantined:
            yield Finding(
                "ledger",
                f"{named(record)}: {record.lines:,} lines are not {record.events:,} events + {record.repeated:,} "
                f"repeated + {quarantined:,} quarantined.",
            )
        again = rebuilt.get(record.sha256)
        if again is None:
            yield Finding("ledger", f"{named(record)}: the rebuild has no such file.")
            continue
        if record.lines != again.lines:
            yield Finding("ledger", f"{named(record)}: {record.lines:,} lines landed, {again.lines:,} read.")
        for day in sorted(record.dates.keys() | again.dates.keys()):
            ours, theirs = record.dates.get(day, NO_LINES), again.dates.get(day, NO_LINES)
            if ours != theirs:
                yield Finding("ledger", f"{named(record)}: {_said(ours)} on record, {_said(theirs)} rebuilt.", day)
        for reason in sorted(record.quarantined.keys() | again.quarantined.keys()):
            counts = record.quarantined.get(reason, 0), again.quarantined.get(reason, 0)
            if counts[0] != counts[1]:
                what = f"{counts[0]:,} lines set aside as {reason} on record, {counts[1]:,} rebuilt."
                yield Finding("ledger", f"{named(record)}: {what}")


def owners(
    connection: duckdb.DuckDBPyConnection, stored_events: str, settings: Settings, records: Sequence[FileRecord]
) -> Iterator[Finding]:
    """Every event is of a file that the ledger says is in the lake."""
    known = {record.sha256 for record in records}
    ledger = Ledger(storage_for(settings.zone("ledger")))
    counted = f"select file_sha256, count(*) from {stored_events} group by all order by all"
    for sha256, rows in connection.execute(counted).fetchall():
        if sha256 in known:
            continue
        waits = ledger.waiting(sha256) is not None
        state = "is pending still: its run died before the ledger" if waits else "is not in the ledger: restore that"
        remedy = "; run `footfall sessionize`, which finishes it." if waits else " zone from a backup."
        yield Finding("ledger", f"{rows:,} events are of file {sha256}, which {state}{remedy}")


def quarantined_lines(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    rebuilt: Settings,
    records: Sequence[FileRecord],
    scratch: Path,
) -> Iterator[Finding]:
    """The quarantine zone holds the rebuild's lines, file by file, and no line of a file that is not in the lake."""
    known = {record.sha256: record for record in records}
    ledger = Ledger(storage_for(settings.zone("ledger")))
    stored, again = _parquet(settings, scratch), list(_parquet(rebuilt, scratch).values())
    for sha256 in sorted(stored.keys() - known.keys()):
        # Staging sets lines aside before its run is committed
        if ledger.waiting(sha256) is None:
            yield Finding("quarantine", f"{sha256}.parquet is of a file that is not in the lake; delete it.")
    ours = [file for sha256, file in stored.items() if sha256 in known]
    if not ours and not again:
        return
    pair = Pair(
        stored=_lines(ours, again),
        rebuilt=_lines(again, ours),
        key="line_number",
        group="file_sha256",
        columns=tuple(QUARANTINE_COLUMNS),
        hidden=frozenset({"line"}),
    )
    _, _, differing = differing_groups(connection, pair)
    for sha256 in differing:
        name = named(known[sha256]) if sha256 in known else sha256
        found = difference(connection, pair, sha256, examples=True)
        yield Finding("quarantine", f"{name}: its lines are not those of a rebuild.", difference=found)


def named(record: FileRecord) -> str:
    """What a finding calls a file: the name it was delivered under first, and its hash."""
    return f"{masked(record.names[0])} ({record.sha256[:12]})"


def _said(day: DayCount) -> str:
    return f"{day.events:,} events of {day.parsed:,} parsed lines"


def _parquet(settings: Settings, scratch: Path) -> dict[str, str]:
    """Path on this machine of each file of the quarantine zone, by the raw file's hash."""
    zone = settings.zone("quarantine")
    paths = [entry.path for entry in storage_for(zone).list() if entry.path.endswith(".parquet")]
    return {path.removesuffix(".parquet"): local_path(zone, path, scratch / "quarantine") for path in paths}


def _lines(files: Collection[str], others: Collection[str]) -> str:
    """The lines of these files; without any, none of the others'."""
    return f"read_parquet({file_list(files)})" if files else f"(from read_parquet({file_list(others)}) where false)"
