"""The SQL of the overview, as text that also runs in ``footfall query``: aggregates only, never whole tables.

The words mean what they mean in the marts, so that a number here is the number an analyst gets there: a session, and
whether it bounced, belongs to the date it starts on (fct_sessions.session_date); a page view or a conversion belongs
to the date it happens on (agg_daily_metrics.metric_date, fct_page_views.event_date). Dates are UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from dashboard.period import Period

TOP_ROWS = 10


@dataclass(frozen=True, slots=True)
class Selection:
    """What the reader chose: dates, and log formats (empty: all of them)."""

    period: Period
    sources: tuple[str, ...] = ()

    def within(self, column: str) -> str:
        """The SQL condition that ``column`` is a date of the period and ``source`` one of the chosen sources."""
        return f"{column} between date '{self.period.start}' and date '{self.period.end}'{self._of_source()}"

    def active(self) -> str:
        """The SQL condition that a session has an event in the period.

        A session lasts less than 24 hours, so one that starts the day before the period has an event in it exactly
        when it ends there.
        """
        day_before = self.period.start - timedelta(days=1)
        return (
            f"session_date between date '{day_before}' and date '{self.period.end}'\n"
            f"    and cast(session_end_ts as date) >= date '{self.period.start}'{self._of_source()}"
        )

    def _of_source(self) -> str:
        if not self.sources:
            return ""
        quoted = ", ".join("'" + source.replace("'", "''") + "'" for source in self.sources)
        return f"\n    and source in ({quoted})"


def publication() -> str:
    """The newest publication: one row of run_id, published_at."""
    return "select run_id, published_at from footfall_publications order by published_at desc limit 1"


def extent() -> str:
    """First and last date with events (nulls where there are none), and the number of hosts the pages are on."""
    return """\
select
  (select min(metric_date) from agg_daily_metrics) as first_date,
  (select max(metric_date) from agg_daily_metrics) as last_date,
  (select count(distinct coalesce(page_host, '')) from dim_pages) as hosts"""


def sources() -> str:
    """The log formats the sessions come from, most sessions first: source, sessions."""
    return "select source, count(*) as sessions from fct_sessions group by source order by sessions desc, source"


def headline(selection: Selection) -> str:
    """One row of counts over the whole period. Visitors are distinct over the period, not a sum of days."""
    return f"""\
with

sessions as (
  select
    count(*) as sessions,
    coalesce(countif(is_bounce), 0) as bounces,
    avg(duration_seconds) as avg_session_duration_seconds
  from fct_sessions
  where {selection.within("session_date")}
),

visitors as (
  select count(distinct visitor_id) as visitors
  from fct_sessions
  where {selection.active()}
),

{_events(selection)}

select * from sessions cross join visitors cross join events"""


def _events(selection: Selection) -> str:
    if not selection.sources:
        return f"""\
events as (
  select
    coalesce(sum(page_views), 0) as page_views,
    coalesce(sum(conversions), 0) as conversions,
    coalesce(sum(revenue), 0) as revenue
  from agg_daily_metrics
  where {selection.within("metric_date")}
)"""
    # agg_daily_metrics has no source
    return f"""\
events as (
  select
    (
      select count(*) from fct_page_views
      where {selection.within("event_date")}
    ) as page_views,
    coalesce(sum(conversion_count), 0) as conversions,
    coalesce(sum(revenue), 0) as revenue
  from fct_sessions
  where {selection.within("session_date")}
)"""


def daily(selection: Selection) -> str:
    """One row a date with events, the columns of :func:`headline` and ``metric_date``."""
    if not selection.sources:
        return f"""\
select
  metric_date, sessions, visitors, page_views, bounces, avg_session_duration_seconds, conversions, revenue
from agg_daily_metrics
where {selection.within("metric_date")}
order by metric_date"""
    return f"""\
with

sessions as (
  select
    session_date as metric_date,
    count(*) as sessions,
    coalesce(countif(is_bounce), 0) as bounces,
    avg(duration_seconds) as avg_session_duration_seconds,
    sum(conversion_count) as conversions,
    sum(revenue) as revenue
  from fct_sessions
  where {selection.within("session_date")}
  group by session_date
),

active as (
  select session_date as metric_date, visitor_id
  from fct_sessions
  where {selection.within("session_date")}
  union all
  select cast(session_end_ts as date) as metric_date, visitor_id
  from fct_sessions
  where {selection.within("cast(session_end_ts as date)")}
),

visitors as (
  select metric_date, count(distinct visitor_id) as visitors
  from active
  group by metric_date
),

page_views as (
  select event_date as metric_date, count(*) as page_views
  from fct_page_views
  where {selection.within("event_date")}
  group by event_date
)

select
  metric_date, sessions, visitors, page_views, bounces, avg_session_duration_seconds, conversions, revenue
from visitors
left join sessions using (metric_date)
left join page_views using (metric_date)
order by metric_date"""


def top_pages(selection: Selection) -> str:
    """Pages by views: host, name, views, visitors, and over all pages rows_total, views_total."""
    return f"""\
select
  page_host as host,
  page_path as name,
  count(*) as views,
  count(distinct visitor_id) as visitors,
  count(*) over () as rows_total,
  sum(count(*)) over () as views_total
from fct_page_views
where {selection.within("event_date")}
group by page_host, page_path
order by views desc, name, host
limit {TOP_ROWS}"""


def sessions_by_page(selection: Selection, column: str) -> str:
    """:func:`sessions_by` for a page id of fct_sessions, with the page's host and path from dim_pages."""
    return f"""\
with

by_page as (
{_indented(_grouped(selection, column, "page_id"))}
)

select
  page_host as host,
  page_path as name,
  sessions,
  bounces,
  rows_total,
  sessions_total
from by_page
left join dim_pages using (page_id)
order by sessions desc, name, host
limit {TOP_ROWS}"""


def sessions_by(selection: Selection, column: str) -> str:
    """Sessions by one column of fct_sessions: name, sessions, bounces; over all names rows_total, sessions_total."""
    return f"""\
{_grouped(selection, column, "name")}
order by sessions desc, name
limit {TOP_ROWS}"""


def _grouped(selection: Selection, column: str, name: str) -> str:
    return f"""\
select
  {column} as {name},
  count(*) as sessions,
  coalesce(countif(is_bounce), 0) as bounces,
  count(*) over () as rows_total,
  sum(count(*)) over () as sessions_total
from fct_sessions
where {selection.within("session_date")}
group by {column}"""


def _indented(sql: str) -> str:
    return "\n".join(f"  {line}" for line in sql.splitlines())
