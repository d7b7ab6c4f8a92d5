"""The trend chart: one measure by day, with the period before behind it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

import altair as alt
import pandas as pd

from dashboard.figures import Measure, Unit, written
from dashboard.period import Period

_AXIS_FORMAT: Final[dict[Unit, str]] = {Unit.COUNT: ",d", Unit.SHARE: ".0%", Unit.RATIO: ",.1f", Unit.MONEY: ",.0f"}
_SECONDS_AXIS: Final = (
    "datum.value < 60 ? format(datum.value, '.3~r') + 's'"
    " : floor(datum.value / 60) + 'm' + (datum.value % 60 ? ' ' + format(datum.value % 60, '02.0f') + 's' : '')"
)
# blue and orange keep their contrast under the common colour-vision deficiencies; the dash tells them apart in grey
_COLOURS: Final[dict[str, tuple[str, str]]] = {"light": ("#1a5fb4", "#6b7280"), "dark": ("#78aeed", "#9aa3af")}
_MANY_DAYS: Final = 62


def by_day(rows: list[dict[str, Any]], period: Period, measure: Measure) -> dict[date, float | None]:
    """The measure for every date of the period; a date without events is 0 for a total, None for a rate."""
    values = {row["metric_date"]: measure.of(row) for row in rows}
    days = [period.start + timedelta(days=offset) for offset in range(period.days)]
    return {day: values.get(day, 0.0 if measure.is_total else None) for day in days}


def trend(
    measure: Measure,
    now: Mapping[date, float | None],
    before: Mapping[date, float | None] | None,
    *,
    dark: bool,
) -> alt.LayerChart | alt.FacetChart:
    """The chart. ``before`` lies under ``now`` day by day: its first date under the first date shown."""
    frame = _frame(measure, now, before)
    colour, muted = _COLOURS["dark" if dark else "light"]
    x = alt.X("day:T", title=None, axis=alt.Axis(format="%-d %b", labelOverlap=True, grid=False, tickCount=8))
    axis = (
        alt.Axis(title=None, tickCount=5, labelExpr=_SECONDS_AXIS)
        if measure.unit is Unit.SECONDS
        else alt.Axis(title=None, tickCount=5, format=_AXIS_FORMAT[measure.unit])
    )
    scale = alt.Scale(zero=True, nice=5)
    y = alt.Y("value:Q", axis=axis, scale=scale)
    base = alt.Chart(frame).encode(x=x)
    nearest = alt.selection_point(nearest=True, on="pointerover", fields=["day"], empty=False)
    tooltip = [
        alt.Tooltip("day:T", title="Date", format="%a %-d %b %Y"),
        alt.Tooltip("written:N", title=measure.label),
    ]
    layers: list[alt.Chart] = []
    if before is not None:
        layers.append(
            base.mark_line(color=muted, strokeDash=[4, 4], strokeWidth=1.5).encode(
                y=alt.Y("earlier:Q", axis=axis, scale=scale)
            )
        )
        tooltip += [
            alt.Tooltip("earlier_day:T", title="Compared with", format="%a %-d %b %Y"),
            alt.Tooltip("earlier_written:N", title=f"{measure.label} then"),
        ]
    layers.append(base.mark_area(color=colour, opacity=0.12).encode(y=y))
    point: dict[str, Any] | bool = {"size": 28, "color": colour} if len(now) <= _MANY_DAYS else False
    layers.append(base.mark_line(color=colour, strokeWidth=2, point=point).encode(y=y))
    layers.append(
        base.mark_rule(color=muted, strokeWidth=1)
        .encode(opacity=alt.condition(nearest, alt.value(0.8), alt.value(0)), tooltip=tooltip)
        .add_params(nearest)
    )
    return alt.layer(*layers).properties(height=280)


def _frame(
    measure: Measure, now: Mapping[date, float | None], before: Mapping[date, float | None] | None
) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "day": pd.to_datetime(list(now)),
            "value": list(now.values()),
            "written": [written(value, measure.unit) for value in now.values()],
        }
    )
    if before is not None:
        frame["earlier_day"] = pd.to_datetime(list(before))
        frame["earlier"] = list(before.values())
        frame["earlier_written"] = [written(value, measure.unit) for value in before.values()]
    return frame
