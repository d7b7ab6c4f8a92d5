"""Events to sessions: identity, order, sessions and positions, in one shuffle by visitor and one sort.

The order within a visitor is (event_ts, identity, file, line): a function of the data alone, so that the sessions do
not depend on how the lines were cut into files or in which order those arrived.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from footfall.contract import COLUMN_NAMES
from footfall.settings import SessionSettings
from footfall.sources.base import REJECT_REASON
from spark.parse import IDENTITY, LINE, ORDINAL

REPEATED = "repeated"  # reject_reason of a row that is another copy of an event
# Carried in with the last event before the first date: an open session
CARRY_TYPES = {"carry_start_ts": "timestamp", "carry_event_number": "bigint", "carry_campaign": "string",
               "carry_reason": "string"}

_ORDER = ("event_ts", IDENTITY, "file_sha256", "line_number")


def sessionize(rows: DataFrame, settings: SessionSettings) -> DataFrame:
    """Contract columns of parsed rows, stored events and carried-in sessions, and ``reject_reason`` beside them.

    ``rows`` has the columns of ``spark.parse.PARSED_COLUMNS`` and ``CARRY_TYPES``. Carried-in rows
    (``carry_start_ts`` set) give the open sessions and are not returned. A rejected row passes through with its masked
    line in ``properties``.
    Sessions may be longer than the maximum here: see :mod:`spark.max_duration`.
    """
    # Rejected lines have no visitor: spread them, or one task gets them all
    shuffle_key = F.coalesce(F.when(F.col(REJECT_REASON).isNull(), F.col("visitor_id")), F.col(IDENTITY))
    rows = _drop_repeats(rows.withColumn("key", shuffle_key))
    rows = _session_starts(rows, settings)
    in_session = Window.partitionBy("key", "session_start_ts").orderBy(*_ORDER).rowsBetween(
        Window.unboundedPreceding, Window.currentRow
    )
    is_event = F.col(REJECT_REASON).isNull()
    number = F.sum(F.coalesce(F.col("carry_event_number"), F.lit(1))).over(in_session)
    return rows.withColumns(
        {
            "session_event_number": F.when(is_event, number),
            "session_id": F.when(is_event, session_id(F.col("visitor_id"), F.col("session_start_ts"))),
            "event_id": F.when(
                is_event,
                F.when(F.col(ORDINAL) > 1, F.concat_ws("-", IDENTITY, F.col(ORDINAL).cast("string"))).otherwise(
                    F.col(IDENTITY)
                ),
            ),
            "properties": F.when(is_event, F.col("properties")).otherwise(F.col(LINE)),
        }
    ).where(F.col("carry_start_ts").isNull()).select(*COLUMN_NAMES, REJECT_REASON)


def session_id(visitor_id: Column, session_start_ts: Column) -> Column:
    """MD5 of visitor and start: an identifier, not a secret."""
    return F.md5(F.concat_ws("|", visitor_id, F.unix_micros(session_start_ts).cast("string")))


def _drop_repeats(rows: DataFrame) -> DataFrame:
    """Count identical lines of a file apart, and copies of them in other files (or of a source's own id) once.

    Among files the one with the smallest hash keeps the event: which one arrived first does not matter.
    """
    in_file = Window.partitionBy("key", "event_ts", IDENTITY, "file_sha256").orderBy("line_number")
    before = (
        Window.partitionBy("key", "event_ts", IDENTITY)
        .orderBy("file_sha256", "line_number")
        .rowsBetween(Window.unboundedPreceding, -1)
    )
    counted = rows.withColumn(ORDINAL, F.coalesce(F.col(ORDINAL), F.row_number().over(in_file).cast("int")))
    is_copy = F.col(ORDINAL) <= F.max(ORDINAL).over(before)
    return counted.withColumn(
        REJECT_REASON,
        F.coalesce(
            F.col(REJECT_REASON),
            F.when(is_copy & F.col("carry_start_ts").isNull(), F.lit(REPEATED)),
        ),
    )


def _session_starts(rows: DataFrame, settings: SessionSettings) -> DataFrame:
    """Add session_start_ts and split_reason by gap and, if set, by campaign."""
    # Rejected rows of the same key must not stand between two events
    is_event = F.col(REJECT_REASON).isNull()
    visitor = Window.partitionBy("key").orderBy(*_ORDER)
    so_far = visitor.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    before = visitor.rowsBetween(Window.unboundedPreceding, -1)
    previous_ts = F.last(F.when(is_event, F.col("event_ts")), ignorenulls=True).over(before)
    gap_us = F.unix_micros("event_ts") - F.unix_micros(previous_ts)
    is_idle = previous_ts.isNull() | (gap_us > settings.timeout_minutes * 60_000_000)
    reason = F.when(is_event & is_idle, F.lit("inactivity"))
    if settings.split_on_campaign:
        # Only what was seen since the visitor came back counts, so that history need not be read
        came_back = F.last(F.when(is_event & is_idle, F.col("event_ts")), ignorenulls=True).over(so_far)
        rows = rows.withColumn("came_back_ts", came_back)
        stay = Window.partitionBy("key", "came_back_ts").orderBy(*_ORDER).rowsBetween(Window.unboundedPreceding, -1)
        campaign = F.coalesce(F.col("carry_campaign"), F.col("utm_campaign"))
        previous = F.last(F.when(is_event, campaign), ignorenulls=True).over(stay)
        changed = F.col("utm_campaign").isNotNull() & (
            previous.isNull() | (previous != F.col("utm_campaign"))
        )
        reason = F.coalesce(reason, F.when(is_event & changed, F.lit("campaign")))
    rows = rows.withColumn("begins", F.when(F.col("carry_start_ts").isNull(), reason))
    start = F.coalesce(F.col("carry_start_ts"), F.when(F.col("begins").isNotNull(), F.col("event_ts")))
    carried_reason = F.coalesce(F.col("begins"), F.col("carry_reason"))
    return rows.withColumns(
        {
            "session_start_ts": F.when(is_event, F.last(start, ignorenulls=True).over(so_far)),
            "split_reason": F.when(
                is_event,
                F.last(F.when(start.isNotNull(), carried_reason), ignorenulls=True).over(so_far),
            ),
        }
    )
