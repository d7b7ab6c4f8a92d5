"""Good days and the faults put into them: one date a fault, so that one audit proves every rule."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from footfall.contract import EVENT_COLUMNS, PARTITION_COLUMN
from tests import builders

Row = dict[str, Any]
Fault = tuple[str, Callable[[list[Row]], None], set[str]]  # name, change of a good day's rows, rules it breaks


def good_day(day: datetime) -> list[Row]:
    """Five events of one date: a session of three, one of a single event, and the tail of one begun the day before."""
    walk, single, tail = (f"{name}-{day:%m%d}" for name in ("walk", "single", "tail"))
    start = day.replace(hour=10)
    minutes = (0, 5, 20)
    rows = [
        builders.event(
            start + timedelta(minutes=minute),
            visitor_id=walk,
            session_start_ts=start,
            session_event_number=number,
            line_number=number,
            price=Decimal(0),
            quantity=0,
        )
        for number, minute in enumerate(minutes, start=1)
    ]
    rows.append(
        builders.event(
            day.replace(hour=15),
            visitor_id=single,
            line_number=4,
            http_status=100,
            bytes_sent=0,
            device_type=None,
            ingested_at=day.replace(hour=15) - timedelta(days=2),
        )
    )
    # an event 24 h less a microsecond after its session's start is the latest that can be; 599 the highest status
    began = day.replace(hour=15) - timedelta(days=1)
    rows.append(
        builders.event(
            began + timedelta(days=1, microseconds=-1),
            visitor_id=tail,
            session_start_ts=began,
            session_event_number=7,
            line_number=5,
            http_status=599,
            bytes_sent=None,
        )
    )
    return rows


def first_of_month() -> datetime:
    """The first good day."""
    return datetime(2024, 1, 1, tzinfo=UTC)


def _set(*numbers: int, **values: Any) -> Callable[[list[Row]], None]:
    def change(rows: list[Row]) -> None:
        for number in numbers:
            rows[number].update(values)

    return change


def _shift(column: str, by: timedelta, *numbers: int) -> Callable[[list[Row]], None]:
    def change(rows: list[Row]) -> None:
        for number in numbers:
            rows[number][column] += by

    return change


def _numbers(*numbers: int) -> Callable[[list[Row]], None]:
    def change(rows: list[Row]) -> None:
        for row, number in zip(rows, numbers, strict=False):
            row["session_event_number"] = number

    return change


def _wrong_day(rows: list[Row]) -> None:
    rows[3]["event_ts"] += timedelta(days=1)
    rows[3]["session_start_ts"] = rows[3]["ingested_at"] = rows[3]["event_ts"]


def _ahead(rows: list[Row]) -> None:
    rows[3]["ingested_at"] -= timedelta(microseconds=1)


def _same_id(rows: list[Row]) -> None:
    rows[4]["event_id"] = rows[0]["event_id"]


def _same_start(rows: list[Row]) -> None:
    rows.append(rows[3] | {"event_id": f"other-{rows[3]['event_id']}", "session_id": f"other-{rows[3]['session_id']}"})


GAP = "session_event_numbers_without_gap"
FROM_1 = "session_event_numbers_start_at_1"
_ALSO = {  # what else a null breaks
    "session_event_number": {GAP},
}

FAULTS: list[Fault] = [
    *(
        (
            f"null_{column.name}",
            _set(3, **{column.name: None}),
            {f"{column.name}_not_null"} | _ALSO.get(column.name, set()),
        )
        for column in EVENT_COLUMNS
        if column.required and column.name != PARTITION_COLUMN
    ),
    ("status_99", _set(3, http_status=99), {"http_status_in_range"}),
    ("status_600", _set(3, http_status=600), {"http_status_in_range"}),
    ("negative_bytes", _set(3, bytes_sent=-1), {"bytes_sent_not_negative"}),
    ("negative_price", _set(3, price=Decimal("-0.01")), {"price_not_negative"}),
    ("negative_quantity", _set(3, quantity=-1), {"quantity_not_negative"}),
    ("ts_of_next_day", _wrong_day, {"event_date_is_date_of_event_ts"}),
    ("two_days_and_a_microsecond_ahead", _ahead, {"event_ts_not_in_future"}),
    ("unknown_split_reason", _set(3, split_reason="first_visit"), {"split_reason_known"}),
    ("unknown_device_type", _set(3, device_type="toaster"), {"device_type_known"}),
    ("id_twice", _same_id, {"event_id_unique"}),
    (
        "start_after_event",
        _shift("session_start_ts", timedelta(seconds=1), 3),
        {"session_start_not_after_event", "session_start_is_first_event"},
    ),
    ("session_of_24_h", _shift("session_start_ts", timedelta(microseconds=-1), 4), {"session_shorter_than_max_hours"}),
    ("number_0", _numbers(0, 1, 2), {"session_event_number_from_1", FROM_1}),
    ("number_missing", _numbers(1, 2, 4), {GAP}),
    ("number_twice", _numbers(1, 2, 2), {GAP}),
    ("number_twice_and_one_missing", _numbers(1, 1, 3), {GAP}),
    ("absurd_number", _set(4, session_event_number=10**12), {GAP}),
    ("first_number_2", _numbers(2, 3, 4), {FROM_1}),
    (
        "start_before_first_event",
        _shift("session_start_ts", timedelta(minutes=-1), 0, 1, 2),
        {"session_start_is_first_event"},
    ),
    ("two_visitors", _set(1, visitor_id="somebody-else"), {"session_has_one_visitor_id"}),
    ("two_starts", _shift("session_start_ts", timedelta(minutes=1), 1), {"session_has_one_session_start_ts"}),
    ("two_split_reasons", _set(1, split_reason="campaign"), {"session_has_one_split_reason"}),
    ("two_sessions_of_one_start", _same_start, {"session_id_unique_for_start"}),
]
