"""The Spark job: pending raw files in, staged sessions out. All of the Spark side's I/O is in this file.

    python -m spark.sessionize_job --run-id 20240512T101500Z-ab12cd [--engine sail|spark]

Reads the ledger's pending files from the raw zone and, from the events zone, the dates they may touch with all later
dates without a gap; writes Parquet below ``<events zone>/<run id>/`` and ends with a manifest. The same file runs on a
laptop and as a Dataproc batch; everything else comes from the settings (``FOOTFALL_*``). Prints one JSON line: the
run id and whether there was anything to do.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import defaultdict
from datetime import date, datetime, timedelta
from functools import reduce

import pyarrow.parquet as pq
from deltalake import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from footfall.contract import COLUMN_NAMES, PARTITION_COLUMN
from footfall.errors import FootfallError
from footfall.lake import events
from footfall.lake.commit import finish_newest
from footfall.lake.keys import Keys, load_keys
from footfall.lake.landing import raw_path
from footfall.lake.ledger import FileRecord, Ledger
from footfall.lake.quarantine import REPEATED, write_quarantine
from footfall.lake.reader import LINE_SCHEMA, TASK_SCHEMA, line_reader
from footfall.lake.staging import REJECTED, FileCounts, Manifest, StagedParquet, write_manifest
from footfall.lake.storage import Storage, storage_for
from footfall.run_id import checked_run_id
from footfall.settings import Settings
from footfall.sources import SOURCES
from footfall.sources.base import REJECT_REASON
from spark.columns import CARRY_TYPES, CONTRACT_TYPES, FILE, FILE_COLUMNS, LINE, with_missing
from spark.derive import derive
from spark.parse import parse
from spark.session import cores, engine
from spark.sessionize import sessionize
from spark.stored import open_sessions, stored_events

ONE_DAY = timedelta(days=1)


def run(settings: Settings, run_id: str) -> Manifest | None:
    """Stage the pending files under ``run_id``; None when nothing is pending."""
    checked_run_id(run_id)
    finish_newest(settings)
    ledger = Ledger(storage_for(settings.zone("ledger")))
    pending = ledger.pending()
    events_uri = settings.zone("events")
    table = events.open_table(events_uri)
    # The files of a committed run are the table: staging it anew would pull them from under the readers
    if not pending or events.committed_version(table, run_id) is not None:
        return None
    zone = storage_for(events_uri)
    in_table = events.dates_in(table)
    plan = _Dates({day for record in pending for day in record.candidate_dates}, in_table)
    with engine(settings.engine) as spark:
        parquet = _stage(spark, settings, run_id, pending, table, plan)
        written = {file.event_date for file in parquet if file.event_date is not None}
        if unforeseen := written - plan.affected:
            # Landing looks for dates where a format usually has them. To go on would replace these days unread.
            plan = _Dates(plan.affected | unforeseen, in_table)
            parquet = _stage(spark, settings, run_id, pending, table, plan)
        counts = _count(spark, settings, parquet)
    manifest = Manifest(
        run_id=run_id,
        base_version=events.version_of(table),
        files=[record.sha256 for record in pending],
        dates=sorted(plan.restaged | written),
        parquet=parquet,
        counts=counts,
    )
    write_quarantine(zone, storage_for(settings.zone("quarantine")), manifest.rejected_paths)
    write_manifest(zone, manifest)
    return manifest


def _stage(
    spark: SparkSession,
    settings: Settings,
    run_id: str,
    pending: list[FileRecord],
    table: DeltaTable | None,
    plan: _Dates,
) -> list[StagedParquet]:
    """Write the events of the pending files and of the plan's dates; what was staged under ``run_id`` is replaced."""
    events_uri = settings.zone("events")
    _clear(storage_for(events_uri), run_id)
    own = [record.sha256 for record in pending]
    stored, before = None, None
    if table is not None and plan.restaged:
        # A rerun after a crash finds its own files' events in the table: they come from raw again
        stored = _read(spark, events.files_of(table, plan.restaged)).where(~F.col("file_sha256").isin(own))
    if table is not None and plan.carried:
        before = open_sessions(_read(spark, events.files_of(table, plan.carried)), settings.session)
    files = _Files(spark, pending, stored)
    rows = [_new_rows(spark, settings, pending, files, load_keys(settings))]
    if stored is not None:
        rows.append(stored_events(stored.join(F.broadcast(files.numbers), "file_sha256")))
    if before is not None:
        rows.append(before)
    _write(derive(sessionize(_union(rows), files.known, settings.session)), f"{events_uri}/{run_id}")
    return _listing(settings, run_id)


class _Dates:
    """Which stored dates a run reads again, and which it only looks back at."""

    def __init__(self, touched: set[date], stored: set[date]) -> None:
        # A changed day can change the sessions of the next, until a day without events ends them all
        self.affected = affected = set(touched)
        for day in touched:
            following = day + ONE_DAY
            while following in stored and following not in affected:
                affected.add(following)
                following += ONE_DAY
        self.restaged = affected & stored
        self.carried = {day - ONE_DAY for day in affected} & stored - affected


class _Files:
    """The files of a run, numbered by their hash: rows carry the number, and get the rest back at the end."""

    def __init__(self, spark: SparkSession, pending: list[FileRecord], stored: DataFrame | None) -> None:
        rows = {r.sha256: (r.sha256, r.ingest_run_id, r.landed_at, r.source) for r in pending}
        if stored is not None:
            rows |= {row.file_sha256: tuple(row) for row in stored.select(*FILE_COLUMNS).distinct().collect()}
        self.number = {sha256: number for number, sha256 in enumerate(sorted(rows))}
        self.known = [rows[sha256] for sha256 in self.number]
        numbers = [(number, sha256) for sha256, number in self.number.items()]
        self.numbers = spark.createDataFrame(numbers, f"{FILE} int, file_sha256 string")


def _new_rows(
    spark: SparkSession, settings: Settings, pending: list[FileRecord], files: _Files, keys: Keys
) -> DataFrame:
    """Every line of the pending files, one parse per format and header."""
    groups: dict[tuple[str, tuple[str, ...]], list[FileRecord]] = defaultdict(list)
    for record in pending:
        if record.source is not None:
            groups[record.source, tuple(record.fields)].append(record)
    read = line_reader(settings.zone("raw"), settings.limits.max_line_bytes)
    parsed = []
    for (source, fields), records in groups.items():
        tasks = [task for record in records for task in _read_tasks(record, files.number[record.sha256])]
        lines = (
            spark.createDataFrame(tasks, TASK_SCHEMA)
            .repartition(min(len(tasks), 4 * cores()))
            .mapInArrow(read, LINE_SCHEMA)
        )
        parsed.append(parse(lines, SOURCES[source], fields, keys, settings.limits))
    if not parsed:  # nothing but empty files
        empty = spark.createDataFrame([], LINE_SCHEMA)
        parsed.append(parse(empty, SOURCES["common"], (), keys, settings.limits))
    return _union(parsed)


def _read_tasks(record: FileRecord, number: int) -> list[tuple[str, int, bool, int, int, int, int, datetime]]:
    path = raw_path(record.sha256, record.gzip)
    starts = [(0, 1)] if record.gzip else [(split.offset, split.line) for split in record.splits]
    stops = [*[offset for offset, _ in starts[1:]], record.size_bytes]
    return [
        (path, number, record.gzip, offset, stop, line, record.header_lines if line == 1 else 0, record.landed_at)
        for (offset, line), stop in zip(starts, stops, strict=True)
    ]


def _read(spark: SparkSession, files: list[str]) -> DataFrame:
    """Events of Parquet files, whose date is in their path and not in them."""
    return spark.read.parquet(*files).withColumn(PARTITION_COLUMN, F.to_date("event_ts")).select(*COLUMN_NAMES)


def _union(frames: list[DataFrame]) -> DataFrame:
    """One frame with all columns of each and the carry columns, null where a frame has not got them."""
    frames = [with_missing(frame, CARRY_TYPES) for frame in frames]
    return reduce(lambda a, b: a.unionByName(b, allowMissingColumns=True), frames)


def _write(staged: DataFrame, path: str) -> None:
    """Parquet by date; rejected rows in a partition of their own.

    A rejected row has its reason in event_name and its masked line in properties, so that all files have the
    contract's columns.
    """
    is_event = F.col(REJECT_REASON).isNull()
    staged = with_missing(staged, CONTRACT_TYPES).withColumns(
        {
            "event_name": F.coalesce(F.col(REJECT_REASON), F.col("event_name")),
            "properties": F.when(is_event, F.col("properties")).otherwise(F.col(LINE)),
            PARTITION_COLUMN: F.when(is_event, F.col("event_date").cast("string")).otherwise(REJECTED),
        }
    )
    (
        staged.select(*COLUMN_NAMES)
        .write.mode("overwrite")
        .option("compression", "zstd")
        .partitionBy(PARTITION_COLUMN)
        .parquet(path)
    )


def _listing(settings: Settings, folder: str) -> list[StagedParquet]:
    zone = storage_for(settings.zone("events"))
    found = []
    for entry in zone.list(f"{folder}/"):
        if not entry.path.endswith(".parquet"):
            continue
        partition = entry.path.split(f"{PARTITION_COLUMN}=")[1].split("/")[0]
        with zone.open(entry.path) as file:
            rows = pq.read_metadata(file).num_rows
        day = None if partition == REJECTED else date.fromisoformat(partition)
        found.append(StagedParquet(path=entry.path, event_date=day, size_bytes=entry.size_bytes, rows=rows))
    return found


def _count(spark: SparkSession, settings: Settings, written: list[StagedParquet]) -> list[FileCounts]:
    """What each file's lines became, counted in what was written."""
    if not written:
        return []
    zone = storage_for(settings.zone("events"))
    rejected = F.when(F.col("session_id").isNull(), F.col("event_name"))
    # A quarantined line's date may be one that Python has not: 31 December 9999 west of Greenwich
    day = F.when(F.col("session_id").isNotNull() | (rejected == REPEATED), F.to_date("event_ts"))
    rows = (
        spark.read.parquet(*[zone.uri(file.path) for file in written])
        .groupBy("file_sha256", day.alias("day"), rejected.alias("rejected"))
        .agg(F.count("*").alias("rows"))
        .collect()
    )
    counts: dict[str, FileCounts] = {}
    for row in rows:
        of_file = counts.setdefault(row.file_sha256, FileCounts(sha256=row.file_sha256))
        if row.rejected is None:
            of_file.events[row.day] = row.rows
        elif row.rejected == REPEATED:
            of_file.repeated[row.day] = row.rows
        else:
            of_file.quarantined[row.rejected] = of_file.quarantined.get(row.rejected, 0) + row.rows
    return sorted(counts.values(), key=lambda c: c.sha256)


def _clear(zone: Storage, run_id: str) -> None:
    """Remove what an earlier, killed attempt of this run left."""
    for entry in list(zone.list(f"{run_id}/")):
        zone.delete(entry.path)


def main(arguments: list[str] | None = None) -> int:
    """Run the job from the command line; errors a user can act on are one sentence."""
    parser = argparse.ArgumentParser(description="Stage pending raw files as sessionized events.")
    parser.add_argument("--run-id", required=True)
    parser.add_argument("--engine", choices=["sail", "spark"])
    options = parser.parse_args(arguments)
    settings = Settings()
    if options.engine:
        settings.engine.name = options.engine
    try:
        manifest = run(settings, options.run_id)
    except FootfallError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(json.dumps({"run_id": options.run_id, "staged": manifest is not None}))
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Sail's threads may outlive the server's stop() and abort the interpreter's own shutdown (seen once in some
    # hundred runs); all is written by now, so there is nothing to shut down
    os._exit(code)
