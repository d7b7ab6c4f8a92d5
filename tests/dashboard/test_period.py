from __future__ import annotations

from datetime import date

import pytest

from dashboard.period import Period, comparison, preset

DATA = Period(date(2024, 2, 20), date(2024, 3, 10))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("7d", Period(date(2024, 3, 4), date(2024, 3, 10))),
        ("28d", Period(date(2024, 2, 12), date(2024, 3, 10))),
        ("all", DATA),
    ],
)
def test_presets_end_with_the_last_day_of_the_data(name: str, expected: Period) -> None:
    assert preset(name, DATA) == expected


def test_the_period_before_has_the_same_length_and_no_day_in_common() -> None:
    period = Period(date(2024, 3, 1), date(2024, 3, 10))
    assert period.before() == Period(date(2024, 2, 20), date(2024, 2, 29))
    assert comparison(period, DATA) == period.before()


def test_there_is_no_comparison_with_days_the_data_does_not_cover() -> None:
    assert comparison(Period(date(2024, 2, 29), date(2024, 3, 10)), DATA) is None


def test_label_names_one_day_once() -> None:
    assert Period(date(2024, 3, 1), date(2024, 3, 1)).label() == "1 Mar 2024"
    assert Period(date(2024, 2, 29), date(2024, 3, 1)).label() == "29 Feb 2024 to 1 Mar 2024"
