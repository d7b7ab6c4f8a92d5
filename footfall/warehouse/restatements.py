"""Restatements: values of published daily metrics that a publish alters, as rows of audit_metric_restatements.

A value was restated when its date had ended (UTC) by the time of the publication before, and the new one has another
value, or no such date any more. What a day gains while it lasts is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from footfall.lake import events
from footfall.settings import Settings
from footfall.sql import string_literal
from footfall.warehouse import METRICS, date_list
from footfall.warehouse.publication import Publication

Reason = tuple[str, str]  # cause, and the run that touched the date

_RULE_CHANGE = "rule_change"
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is needed to compare a publication with the one before it."""

    before: Publication
    now: Publication
    touched: frozenset[date] | None  # event dates that may differ; None: any
    reasons: Mapping[date, Reason]  # by metric date
    final_after: timedelta

    def insert_sql(self, target: str, old: str, new: str, metrics: Iterable[str], float_type: str) -> str | None:
        """The statement (of both dialects) that adds to ``target`` how ``metrics`` of ``old`` differ in ``new``.

        ``old`` and ``new`` are relations of one row a ``metric_date``. Rows come in order of date and metric, one for
        each value that differs. None when there is nothing to compare.
        """
        names = list(metrics)
        if not names or (self.touched is not None and not self.touched):
            return None
        ended = _last_date_ended(self.before.published_at)
        final = _last_date_ended(self.now.published_at - self.final_after)
        changed = "\nunion all\n".join(_changed(name, float_type) for name in names)
        return f"""insert into {target}
(metric, metric_date, old_value, new_value, cause, run_id, restated_at, was_final)
with old_metrics as (
select * from {old} where {METRICS.touched(self.touched)} and metric_date <= date '{ended}'
),
new_metrics as (
select * from {new} where {METRICS.touched(self.touched)}
),
changed as (
{changed}
)
select metric, metric_date, old_value, new_value, {self._reason(0, _RULE_CHANGE)}, {self._reason(1, self.now.run_id)},
timestamp '{self.now.published_at}', metric_date <= date '{final}'
from changed
order by metric_date, metric"""

    def _reason(self, part: int, otherwise: str) -> str:
        dates: dict[str, list[date]] = {}
        for day, reason in self.reasons.items():
            dates.setdefault(reason[part], []).append(day)
        if not dates:
            return string_literal(otherwise)
        cases = (
            f"when metric_date in ({date_list(days)}) then {string_literal(text)}"
            for text, days in sorted(dates.items())
        )
        return f"case {' '.join(cases)} else {string_literal(otherwise)} end"


def comparison(settings: Settings, before: Publication, now: Publication, touched: Iterable[date] | None) -> Comparison:
    """What the events zone tells about the time between two publications; ``touched`` as in :class:`Comparison`."""
    reasons: Mapping[date, Reason] = {}
    if before.project_sha256 == now.project_sha256:
        since = before.events_version if before.table_id == now.table_id else None
        with suppress(events.VersionGone):  # then nobody knows any more what touched the dates
            reasons = reasons_by_metric_date(events.causes_between(settings.zone("events"), since, now.events_version))
    return Comparison(
        before,
        now,
        None if touched is None else frozenset(touched),
        reasons,
        timedelta(hours=settings.marts.final_after_hours),
    )


def touched_between(settings: Settings, before: Publication, now: Publication) -> set[date] | None:
    """The event dates in which the two may differ; None when it may be any."""
    if not before.differs_by_dates(now):
        return None
    try:
        return events.dates_changed_between(settings.zone("events"), before.events_version, now.events_version)
    except events.VersionGone:
        return None


def reasons_by_metric_date(causes: Mapping[date, list[tuple[str, str]]]) -> dict[date, Reason]:
    """Why the metrics of a date change, from what touched the events of dates: (run id, cause), the newest last.

    A date's own events come first. Those of the next date matter too: a session goes on after midnight, and counts on
    the date it began.
    """
    found: dict[date, Reason] = {}
    for day, runs in causes.items():
        run_id, cause = runs[-1]
        found[day - _ONE_DAY] = ("following_day" if cause == "new_data" else cause, run_id)
    for day, runs in causes.items():
        run_id, cause = runs[-1]
        found[day] = ("late_data" if cause == "new_data" else cause, run_id)
    return found


def _changed(metric: str, float_type: str) -> str:
    then, now = f"old_metrics.{metric}", f"new_metrics.{metric}"
    return f"""select '{metric}' as metric, old_metrics.metric_date,
cast({then} as {float_type}) as old_value, cast({now} as {float_type}) as new_value
from old_metrics left join new_metrics on old_metrics.metric_date = new_metrics.metric_date
where {then} is distinct from {now}"""


def _last_date_ended(moment: datetime) -> date:
    return moment.date() - _ONE_DAY
