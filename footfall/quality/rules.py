"""What staged events must satisfy: the one list that the profile, the GX suites and the messages are made from.

A rule is a SQL condition that is true for a row (or a session) that breaks it. A null never breaks a range or a set:
whether a column may be null is a rule of its own, made from the contract's ``required``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from footfall.contract import DEVICE_TYPES, EVENT_COLUMNS, PARTITION_COLUMN, SPLIT_REASONS
from footfall.settings import Settings

Grain = Literal["events", "sessions"]

_HOUR_US = 3_600_000_000  # microseconds; arithmetic on them costs a tenth of DuckDB's on timestamps and intervals

_FIX_SPARK = (
    "such a line should have been parsed otherwise or quarantined. This is a fault of the Spark job: report it with "
    "the lines themselves (line_number of the file file_sha256 in the raw zone)."
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: ``breaks`` is SQL over the staged events, or over one row per session (see staged.py)."""

    name: str
    statement: str
    grain: Grain
    breaks: str
    shows: tuple[str, ...] = ()  # columns of the example rows, besides those that find the line again
    order: str = "event_ts, event_id"  # of the example rows
    remedy: str = _FIX_SPARK


def rules(settings: Settings) -> list[Rule]:
    """All rules of the events and of their sessions, thresholds taken from ``settings``."""
    return [*_required(), *_ranges(settings), *_sets(), *_identity(), *_session_arithmetic(settings), *_sessions()]


def _required() -> list[Rule]:
    return [
        Rule(
            f"{column.name}_not_null",
            f"{column.name} is never null.",
            "events",
            f"{column.name} is null",
            (column.name,),
        )
        for column in EVENT_COLUMNS
        if column.required and column.name != PARTITION_COLUMN
    ]


def _ranges(settings: Settings) -> list[Rule]:
    days = settings.limits.max_future_days
    not_negative = [
        Rule(f"{column}_not_negative", f"{column} is 0 or more.", "events", f"{column} < 0", (column,))
        for column in ("bytes_sent", "price", "quantity")
    ]
    return [
        Rule(
            "http_status_in_range",
            "http_status is 100 to 599.",
            "events",
            "http_status not between 100 and 599",
            ("http_status",),
        ),
        *not_negative,
        Rule(
            "event_date_is_date_of_event_ts",
            "event_date is the UTC date of event_ts.",
            "events",
            "event_date <> event_ts::date",
            ("event_date",),
        ),
        Rule(
            "event_ts_not_in_future",
            f"event_ts is at most {days} days after the file was landed.",
            "events",
            f"epoch_us(event_ts) - epoch_us(ingested_at) > {days * 24 * _HOUR_US}",
            ("ingested_at",),
            remedy="set the clock of the machine that wrote the log right, or raise "
            "FOOTFALL_LIMITS__MAX_FUTURE_DAYS (days); then run `footfall stage` again.",
        ),
        Rule(
            "session_event_number_from_1",
            "session_event_number is 1 or more.",
            "events",
            "session_event_number < 1",
            ("session_event_number",),
        ),
    ]


def _sets() -> list[Rule]:
    return [
        Rule(
            f"{column}_known",
            f"{column} is one of {', '.join(known)}.",
            "events",
            f"{column} not in ({', '.join(repr(value) for value in known)})",
            (column,),
        )
        for column, known in (("split_reason", SPLIT_REASONS), ("device_type", DEVICE_TYPES))
    ]


def _identity() -> list[Rule]:
    return [
        Rule(
            "event_id_unique",
            "event_id occurs once over all touched dates.",
            "events",
            "event_id in (select event_id from repeated_event_ids)",
            order="event_id, event_ts",
            remedy="two lines claim to be the same event and neither was set aside as repeated. If the source hands "
            "out the ids, check them there; else report it with the rows above.",
        ),
    ]


def _session_arithmetic(settings: Settings) -> list[Rule]:
    hours = settings.session.max_hours
    return [
        Rule(
            "session_start_not_after_event",
            "session_start_ts is not later than event_ts.",
            "events",
            "session_start_ts > event_ts",
            ("session_id", "session_start_ts"),
        ),
        Rule(
            "session_shorter_than_max_hours",
            f"An event is less than {hours} h after the start of its session.",
            "events",
            f"epoch_us(event_ts) - epoch_us(session_start_ts) >= {hours * _HOUR_US}",
            ("session_id", "session_start_ts"),
        ),
    ]


def _sessions() -> list[Rule]:
    # A session lasts less than 24 h, so of one that began the day before an untouched date only the tail is here:
    # its numbers may start above 1, yet without a gap.
    one = [
        Rule(
            f"session_has_one_{column}",
            f"All events of a session have the same {column}.",
            "sessions",
            f"first_{column} <> last_{column}",
            ("session_id", f"first_{column}", f"last_{column}"),
        )
        for column in ("visitor_id", "session_start_ts", "split_reason")
    ]
    return [
        *one,
        Rule(
            "session_event_numbers_without_gap",
            "session_event_number counts a session's events without gap or repetition.",
            "sessions",
            "event_count <> last_number - first_number + 1 or not numbers_are_distinct",
            ("session_id", "event_count", "first_number", "last_number", "numbers_are_distinct"),
        ),
        Rule(
            "session_event_numbers_start_at_1",
            "A session that starts on a touched date has an event number 1.",
            "sessions",
            "starts_on_touched_date and first_number <> 1",
            ("session_id", "first_number"),
        ),
        Rule(
            "session_start_is_first_event",
            "session_start_ts is the event_ts of the session's first event.",
            "sessions",
            "starts_on_touched_date and first_event_ts <> first_session_start_ts",
            ("session_id", "first_session_start_ts", "first_event_ts"),
        ),
        Rule(
            "session_id_unique_for_start",
            "A visitor's sessions that start at the same moment have the same session_id.",
            "sessions",
            "sessions_of_start > 1",
            ("session_id", "first_visitor_id", "first_session_start_ts", "sessions_of_start"),
        ),
    ]
