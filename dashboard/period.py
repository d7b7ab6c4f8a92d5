"""Which dates the page shows, and which dates it compares them with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

PRESETS: Final[dict[str, str]] = {
    "7d": "Last 7 days",
    "28d": "Last 28 days",
    "all": "All data",
    "custom": "Custom",
}
_DAYS: Final[dict[str, int]] = {"7d": 7, "28d": 28}


@dataclass(frozen=True, slots=True)
class Period:
    """Session dates from ``start`` to ``end``, both included (UTC)."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """Number of dates in the period."""
        return (self.end - self.start).days + 1

    def before(self) -> Period:
        """The period of the same length that ends the day before this one starts."""
        length = timedelta(days=self.days)
        return Period(self.start - length, self.end - length)

    def label(self) -> str:
        """The period as a person writes it, for example ``1 May 2024 to 7 May 2024``."""
        if self.start == self.end:
            return _written(self.start)
        return f"{_written(self.start)} to {_written(self.end)}"


def preset(name: str, data: Period) -> Period:
    """The period of a preset: the last days *of the data*, not of the calendar, so that old logs show something."""
    if name not in _DAYS:
        return data
    return Period(data.end - timedelta(days=_DAYS[name] - 1), data.end)


def comparison(period: Period, data: Period) -> Period | None:
    """The earlier period to compare with, or None where the data does not cover all of it."""
    earlier = period.before()
    return earlier if earlier.start >= data.start else None


def _written(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
