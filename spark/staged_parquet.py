"""Write stamped rows as Parquet by date where nobody looks yet, and count what was written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from footfall.contract import COLUMN_NAMES, PARTITION_COLUMN
from footfall.lake.quarantine import REPEATED
from footfall.lake.staging import REJECTED, FileCounts, StagedParquet
from footfall.lake.storage import Storage
from footfall.sources.base import REJECT_REASON
from spark.columns import CONTRACT_TYPES, LINE, with_missing


def write_parquet(rows: DataFrame, zone: Storage, folder: str) -> list[StagedParquet]:
    """Write stamped rows by date below ``folder`` of the events zone; rejected rows in a partition of their own.

    A rejected row has its reason in event_name and its masked line in properties, so that all files have the
    contract's columns.
    """
    is_event = F.col(REJECT_REASON).isNull()
    staged = with_missing(rows, CONTRACT_TYPES).withColumns(
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
        .parquet(zone.uri(folder))
    )
    return _listing(zone, folder)


def _listing(zone: Storage, folder: str) -> list[StagedParquet]:
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


def count_lines(spark: SparkSession, zone: Storage, staged: Sequence[StagedParquet]) -> list[FileCounts]:
    """What each file's lines became, counted in what was written; in the order of the files' hashes."""
    if not staged:
        return []
    rejected = F.when(F.col("session_id").isNull(), F.col("event_name"))
    # A quarantined line's date may be one that Python has not: 31 December 9999 west of Greenwich
    day = F.when(F.col("session_id").isNotNull() | (rejected == REPEATED), F.to_date("event_ts"))
    rows = (
        spark.read.parquet(*[zone.uri(file.path) for file in staged])
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
