"""Events that are in the events zone already, as input of the next sessionization."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from footfall.settings import SessionSettings
from footfall.sources.base import REJECT_REASON
from spark.columns import CARRY_TYPES, FILE, IDENTITY, LINE, ORDINAL, PARSED_TYPES, SOURCE_COLUMNS


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


def open_sessions(events: DataFrame, settings: SessionSettings) -> DataFrame:
    """One row per visitor and day with an event within the timeout before midnight: what the next day carries on.

    Columns: what orders and identifies the visitor's last event, and ``CARRY_TYPES``: start of the session,
    number of its last event, its last campaign on that day, why it began. (A session that began a day earlier is past
    its 24 hours at midnight, whatever its campaign.)
    """
    by_number = Window.partitionBy("visitor_id", "event_date", "session_id").orderBy("session_event_number")
    so_far = by_number.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    last_first = Window.partitionBy("visitor_id", "event_date").orderBy(
        F.col("event_ts").desc(), F.col("session_start_ts").desc(), F.col("session_event_number").desc()
    )
    seconds_left = F.unix_timestamp(F.date_add("event_date", 1).cast("timestamp")) - F.unix_timestamp("event_ts")
    latest = (
        events.withColumn("carry_campaign", F.last("utm_campaign", ignorenulls=True).over(so_far))
        .withColumn("_rank", F.row_number().over(last_first))
        .where((F.col("_rank") == 1) & (seconds_left <= settings.timeout_minutes * 60))
    )
    return latest.withColumns(
        {
            IDENTITY: F.col("event_id"),
            FILE: F.lit(-1),  # before every file of the run
            "carry_start_ts": F.col("session_start_ts"),
            "carry_event_number": F.col("session_event_number"),
            "carry_reason": F.col("split_reason"),
        }
    ).select("visitor_id", "event_ts", IDENTITY, FILE, "line_number", *CARRY_TYPES)
