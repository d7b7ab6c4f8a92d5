"""End sessions that have lasted the maximum: the second look at the few that did.

Where a session of more than 24 hours is cut depends on where it was cut before, so no single window can say it.
``rounds`` windows can: each finds the next cut of every session. The job counts the rounds needed after the first
pass (most often none) and calls this only then.
"""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from footfall.contract import COLUMN_NAMES
from footfall.settings import SessionSettings
from spark.sessionize import session_id


def split_long_sessions(events: DataFrame, settings: SessionSettings, rounds: int) -> DataFrame:
    """Contract columns of events whose sessions all last less than ``settings.max_hours``.

    ``events`` has sessions by gap (:func:`spark.sessionize.sessionize`), none longer than ``rounds`` times the
    maximum and a bit. A cut session's second part begins with its first event at or past the limit.
    """
    limit_us = settings.max_hours * 3_600_000_000
    whole = Window.partitionBy("visitor_id", "session_start_ts")
    start = F.col("session_start_ts")
    frame = events.withColumn("start", start)
    for _ in range(rounds):
        past = F.unix_micros("event_ts") - F.unix_micros("start") >= limit_us
        cut = F.min(F.when(past, F.col("event_ts"))).over(whole)
        frame = frame.withColumn("cut", cut).withColumn(
            "start", F.when(F.col("event_ts") >= F.col("cut"), F.col("cut")).otherwise(F.col("start"))
        )
    is_cut = F.col("start") > start
    first = F.min("session_event_number").over(Window.partitionBy("visitor_id", "session_start_ts", "start"))
    return frame.withColumns(
        {
            "session_event_number": F.when(is_cut, F.col("session_event_number") - first + 1).otherwise(
                F.col("session_event_number")
            ),
            "session_id": F.when(is_cut, session_id(F.col("visitor_id"), F.col("start"))).otherwise(
                F.col("session_id")
            ),
            "split_reason": F.when(is_cut, F.lit("max_duration")).otherwise(F.col("split_reason")),
            "session_start_ts": F.col("start"),
        }
    ).select(*COLUMN_NAMES)
