"""What one day hands to the next: sessions that are open at midnight, and whether the next day has to be done again."""

from __future__ import annotations

from datetime import date
from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from footfall.settings import SessionSettings
from spark.columns import CARRY_TYPES, FILE, IDENTITY

# What decides how a visitor's events after midnight are stamped; the rest of a carried row is there for the order
_STATE = ("visitor_id", "event_ts", *CARRY_TYPES)


def open_sessions(events: DataFrame, settings: SessionSettings) -> DataFrame:
    """One row per visitor and day with an event within the timeout before midnight: what the next day carries on.

    ``events`` are whole days of stamped events. Columns: what orders and identifies the visitor's last event, and
    ``CARRY_TYPES``: start of the session, number of its last event, its last campaign on that day (null unless a
    campaign splits sessions), why it began. (A session that began a day earlier is past its 24 hours at midnight,
    whatever its campaign.)
    """
    last_first = Window.partitionBy("visitor_id", "event_date").orderBy(
        F.col("event_ts").desc(), F.col("session_start_ts").desc(), F.col("session_event_number").desc()
    )
    latest = (
        events.where(_seconds(F.date_add("event_date", 1).cast("timestamp")) - _seconds("event_ts") <= _limit(settings))
        .withColumn("_rank", F.row_number().over(last_first))
        .where(F.col("_rank") == 1)
    )
    return (
        _with_campaign(latest, events, settings)
        .withColumns(
            {
                IDENTITY: F.col("event_id"),
                FILE: F.lit(-1),  # before every file of the run
                "carry_start_ts": F.col("session_start_ts"),
                "carry_event_number": F.col("session_event_number"),
                "carry_reason": F.col("split_reason"),
            }
        )
        .select("visitor_id", "event_ts", IDENTITY, FILE, "line_number", *CARRY_TYPES)
    )


def _with_campaign(latest: DataFrame, events: DataFrame, settings: SessionSettings) -> DataFrame:
    if not settings.split_on_campaign:
        return latest.withColumn("carry_campaign", F.lit(None).cast("string"))
    session = ["session_id", "event_date"]
    campaigns = (
        events.where(F.col("utm_campaign").isNotNull())
        .groupBy(*session)
        .agg(F.max_by("utm_campaign", "session_event_number").alias("carry_campaign"))
    )
    return latest.join(campaigns, session, "left")


def dates_to_replay(
    before: DataFrame | None, after: DataFrame | None, following: DataFrame, settings: SessionSettings
) -> set[date]:
    """Dates of ``following`` whose events may have to be stamped anew.

    ``before`` and ``after`` are the events of the days before those dates, as they were and as they are now (None: no
    events). A date is among them when a visitor whose open session differs goes on within the timeout; where nobody
    does, the events of the date are what they would be after a full rebuild, and so is all that comes after it.
    """
    sides = [open_sessions(events, settings).select(*_STATE) for events in (before, after) if events is not None]
    if not sides:
        return set()
    # A visitor has one open session a day: a state that is there once is there on one side alone
    changed = reduce(DataFrame.unionAll, sides).groupBy(*_STATE).count().where(F.col("count") == 1)
    changed = changed.select(F.col("visitor_id").alias("who"), F.col("event_ts").alias("last_ts"))
    morning = following.where(_seconds("event_ts") - _seconds(F.to_timestamp("event_date")) <= _limit(settings))
    goes_on = (
        (F.col("visitor_id") == F.col("who"))
        & (F.col("event_ts") > F.col("last_ts"))
        & (_seconds("event_ts") - _seconds("last_ts") <= _limit(settings) + 1)  # whole seconds: one to be safe
    )
    rows = morning.select("visitor_id", "event_ts", "event_date").join(changed, goes_on).select("event_date")
    return {row.event_date for row in rows.distinct().collect()}


def _seconds(moment: Column | str) -> Column:
    return F.unix_timestamp(moment)


def _limit(settings: SessionSettings) -> int:
    return settings.timeout_minutes * 60
