"""Events that have been sessionized before, as input of the next sessionization."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from footfall.contract import COLUMN_NAMES, PARTITION_COLUMN
from footfall.sources.base import REJECT_REASON
from spark.columns import IDENTITY, LINE, ORDINAL, PARSED_TYPES, SOURCE_COLUMNS


def read_events(spark: SparkSession, files: Sequence[str]) -> DataFrame | None:
    """Events of Parquet files, whose date is in their path and not in them; None when there are no files."""
    if not files:
        return None
    frame = spark.read.parquet(*files)
    return frame.withColumn(PARTITION_COLUMN, F.to_date("event_ts")).select(*COLUMN_NAMES)


def stored_events(events: DataFrame) -> DataFrame:
    """``PARSED_TYPES`` and ``SOURCE_COLUMNS`` of stored events.

    ``events`` has the number of each event's file as ``file`` beside the contract's columns. Identity and ordinal are
    taken from event_id.
    """
    base = F.regexp_extract("event_id", r"^(.*)-(\d+)$", 1)
    ordinal = F.regexp_extract("event_id", r"^(.*)-(\d+)$", 2)
    # An id of the source's own may hold a dash and digits; a line hash is 32 hex digits
    is_counted = F.length(base) == 32
    return events.withColumns(
        {
            IDENTITY: F.when(is_counted, base).otherwise(F.col("event_id")),
            ORDINAL: F.when(is_counted, ordinal.try_cast("int")).otherwise(F.lit(1)).cast("int"),
            REJECT_REASON: F.lit(None).cast("string"),
            LINE: F.lit(None).cast("string"),
        }
    ).select(*PARSED_TYPES, *SOURCE_COLUMNS)
