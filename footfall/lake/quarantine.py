"""The quarantine zone: one Parquet file for each raw file that had bad lines, named by the raw file's hash.

Written when a run is staged, before the gate: who is told that too many lines were set aside wants to see them.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from footfall.lake.storage import Storage

QUARANTINED_CHARS = 2_000  # what is kept of a line
REPEATED = "repeated"  # staged under this name: another copy of an event, which is in the lake already

# Its columns, and the staged columns they come from: a rejected row has its reason and masked line in two of them
QUARANTINE_COLUMNS = {
    "reason": "event_name",
    "file_sha256": "file_sha256",
    "line_number": "line_number",
    "line": "properties",
    "source": "source",
    "ingest_run_id": "ingest_run_id",
    "ingested_at": "ingested_at",
}


def quarantine_path(sha256: str) -> str:
    """Where a content's quarantined lines lie in the quarantine zone."""
    return f"{sha256}.parquet"


def write_quarantine(
    events_zone: Storage, quarantine: Storage, rejected_paths: Iterable[str], is_known: Callable[[str], bool]
) -> None:
    """Write the quarantined among the staged rejected rows. May be repeated: a file's rows replace its rows.

    ``is_known`` says of a content whether it is in the lake or on its way. It is asked after the write, and who takes a
    file out clears this zone after the ledger: whoever of the two is last, nothing of the file stays.
    """
    for sha256, rows in _quarantined(events_zone, rejected_paths):
        buffer = io.BytesIO()
        pq.write_table(rows.sort_by("line_number"), buffer, compression="zstd")
        quarantine.write(quarantine_path(sha256), buffer.getvalue())
        if not is_known(sha256):
            quarantine.delete(quarantine_path(sha256))


def _quarantined(zone: Storage, paths: Iterable[str]) -> Iterable[tuple[str, pa.Table]]:
    tables = []
    for path in paths:
        with zone.open(path) as file:
            table = pq.read_table(file, columns=list(QUARANTINE_COLUMNS.values()))
        tables.append(table.filter(pc.not_equal(table["event_name"], REPEATED)))
    if not tables:
        return
    rows = pa.concat_tables(tables).select(list(QUARANTINE_COLUMNS.values())).rename_columns(list(QUARANTINE_COLUMNS))
    for sha256 in pc.unique(rows["file_sha256"]).to_pylist():
        yield sha256, rows.filter(pc.equal(rows["file_sha256"], sha256))
