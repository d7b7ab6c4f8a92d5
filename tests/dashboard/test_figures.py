from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from dashboard.charts import by_day
from dashboard.figures import MEASURES, Unit, change, shown, written
from dashboard.period import Period

BY_KEY = {measure.key: measure for measure in MEASURES}
NOTHING: dict[str, Any] = {
    "sessions": 0, "visitors": 0, "page_views": 0, "bounces": 0, "avg_session_duration_seconds": None,
    "conversions": 0, "revenue": 0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (1234567, Unit.COUNT, "1,234,567"),
        (0.4321, Unit.SHARE, "43.2%"),
        (2.345, Unit.RATIO, "2.35"),
        (9.96, Unit.SECONDS, "10s"),
        (59.6, Unit.SECONDS, "1m 00s"),
        (3725, Unit.SECONDS, "1h 02m"),
        (19.9, Unit.MONEY, "19.90"),
        (None, Unit.SHARE, "–"),
    ],
)
def test_figures_are_written_for_people(value: float | None, unit: Unit, expected: str) -> None:
    assert written(value, unit) == expected


def test_a_rate_over_no_sessions_has_no_value_and_a_total_is_zero() -> None:
    values = {measure.key: measure.of(NOTHING) for measure in MEASURES}
    assert [key for key, value in values.items() if value is None] == [
        "views_per_session", "bounce_rate", "avg_session_duration"
    ]  # fmt: skip
    assert values["sessions"] == 0


def test_changes_are_per_cent_and_for_shares_percentage_points() -> None:
    assert change(BY_KEY["sessions"], 150, 100) == "+50.0%"
    assert change(BY_KEY["bounce_rate"], 0.25, 0.30) == "-5.0 pp"
    assert change(BY_KEY["sessions"], 150, 0) is None
    assert change(BY_KEY["bounce_rate"], 0.25, None) is None


def test_conversions_and_revenue_show_only_where_there_are_any() -> None:
    assert [measure.key for measure in shown(NOTHING)][-1] == "avg_session_duration"
    assert [measure.key for measure in shown(NOTHING | {"conversions": 1})][-1] == "conversions"


def test_a_day_without_events_is_zero_for_a_total_and_a_gap_for_a_rate() -> None:
    period = Period(date(2024, 5, 1), date(2024, 5, 2))
    rows = [NOTHING | {"metric_date": date(2024, 5, 2), "sessions": 4, "bounces": 1}]
    assert list(by_day(rows, period, BY_KEY["sessions"]).values()) == [0, 4]
    assert list(by_day(rows, period, BY_KEY["bounce_rate"]).values()) == [None, 0.25]
