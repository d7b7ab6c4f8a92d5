"""The headline figures: how each is made from counts, written for people, and compared with the period before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Literal


class Unit(StrEnum):
    """How a figure is written."""

    COUNT = "count"
    RATIO = "ratio"
    SHARE = "share"
    SECONDS = "seconds"
    MONEY = "money"


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure, its definition, and how it comes out of a row of counts (one row a period, or one a day).

    ``of`` returns None where the figure has no value: a rate over no sessions.
    """

    key: str
    label: str
    definition: str
    unit: Unit
    of: Callable[[Mapping[str, Any]], float | None]
    better: Literal["higher", "lower"] = "higher"

    @property
    def is_total(self) -> bool:
        """True where a day without sessions counts as zero; False where it has no value."""
        return self.unit in (Unit.COUNT, Unit.MONEY)


def _column(name: str) -> Callable[[Mapping[str, Any]], float | None]:
    return lambda row: float(row[name] or 0)


def _ratio(numerator: str, denominator: str) -> Callable[[Mapping[str, Any]], float | None]:
    return lambda row: float(row[numerator]) / float(row[denominator]) if row[denominator] else None


def _mean_duration(row: Mapping[str, Any]) -> float | None:
    return float(row["avg_session_duration_seconds"]) if row["sessions"] else None


MEASURES: Final[tuple[Measure, ...]] = (
    Measure(
        "visitors",
        "Visitors",
        "Distinct visitors with an event in the period: who comes on three days counts once, so that days do not add "
        "up to it.",
        Unit.COUNT,
        _column("visitors"),
    ),
    Measure("sessions", "Sessions", "Sessions that start in the period.", Unit.COUNT, _column("sessions")),
    Measure("page_views", "Page views", "Pages delivered in the period.", Unit.COUNT, _column("page_views")),
    Measure(
        "views_per_session",
        "Views per session",
        "Page views divided by sessions.",
        Unit.RATIO,
        _ratio("page_views", "sessions"),
    ),
    Measure(
        "bounce_rate",
        "Bounce rate",
        "Sessions that are not engaged, divided by sessions. Engaged: more than 10 seconds, or two or more page views, "
        "or a conversion.",
        Unit.SHARE,
        _ratio("bounces", "sessions"),
        better="lower",
    ),
    Measure(
        "avg_session_duration",
        "Avg session duration",
        "Time from the first to the last event, summed over sessions, divided by sessions. A session of one event "
        "lasts 0 seconds.",
        Unit.SECONDS,
        _mean_duration,
    ),
    Measure(
        "conversions",
        "Conversions",
        "Purchases in the period; with a source chosen, in the sessions that start in it.",
        Unit.COUNT,
        _column("conversions"),
    ),
    Measure(
        "revenue",
        "Revenue",
        "Price times quantity of those purchases; currencies are not converted.",
        Unit.MONEY,
        _column("revenue"),
    ),
)
_COMMERCE: Final = ("conversions", "revenue")


def shown(row: Mapping[str, Any]) -> tuple[Measure, ...]:
    """The measures worth showing: conversions and revenue only where there are any."""
    return tuple(measure for measure in MEASURES if measure.key not in _COMMERCE or row[measure.key])


def written(value: float | None, unit: Unit) -> str:
    """A figure for people: ``12,345``, ``2.31``, ``43.2%``, ``1m 23s``; a dash where it has no value."""
    if value is None:
        return "–"
    match unit:
        case Unit.COUNT:
            return f"{value:,.0f}"
        case Unit.SHARE:
            return f"{value:.1%}"
        case Unit.SECONDS:
            return _duration(value)
        case Unit.RATIO | Unit.MONEY:
            return f"{value:,.2f}"


def change(measure: Measure, now: float | None, before: float | None) -> str | None:
    """The change since the period before: per cent, for shares percentage points; None where it means nothing."""
    if now is None or before is None:
        return None
    if measure.unit is Unit.SHARE:
        return f"{(now - before) * 100:+.1f} pp"
    return f"{(now - before) / before:+.1%}" if before else None


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f}s" if seconds < 9.95 else f"{whole}s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02d}m" if hours else f"{minutes}m {rest:02d}s"
