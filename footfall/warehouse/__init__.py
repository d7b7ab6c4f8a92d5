"""The warehouse: it sees the events zone, dbt builds in it, and readers get what was published.

``load`` makes the changed dates visible to dbt, ``dbt_runner`` builds the models, ``publish`` puts the finished marts
in front of readers in one step, ``query`` reads them. ``transform`` is load and build in one call. On a laptop the
warehouse is a few DuckDB files (:mod:`build_db`, :mod:`published_file`), on Google Cloud three BigQuery datasets
(:mod:`bigquery`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """A dbt model that is stored by date, and that a publish moves by date."""

    name: str
    date_column: str
    days_before: int  # 1: a touched event date changes the day before, too, where its sessions may have begun

    def touched(self, event_dates: Iterable[date] | None) -> str:
        """The SQL condition (of both dialects) that a row may differ when events of these dates do; None: of any."""
        if event_dates is None:
            return "true"
        dates = {day - timedelta(days=back) for day in event_dates for back in range(self.days_before + 1)}
        return f"{self.date_column} in ({date_list(dates)})" if dates else "false"


def date_list(dates: Iterable[date]) -> str:
    """Date literals of both dialects, in order, with commas between them."""
    return ", ".join(f"date '{day.isoformat()}'" for day in sorted(dates))


METRICS: Final = PublishedTable("int_metrics__daily", "metric_date", 1)
PUBLISHED_TABLES: Final = (
    PublishedTable("fct_page_views", "event_date", 0),
    PublishedTable("fct_sessions", "session_date", 1),
    PublishedTable("int_visitors__daily", "session_date", 1),
    PublishedTable("int_pages__daily", "page_date", 1),
    METRICS,
)
# dbt models that are views over those tables, and over nothing else
PUBLISHED_VIEWS: Final[tuple[str, ...]] = ("dim_visitors", "dim_pages", "agg_daily_metrics")
# what readers are told of: dbt models ...
PUBLISHED_MARTS: Final[tuple[str, ...]] = ("fct_page_views", "fct_sessions", *PUBLISHED_VIEWS)
# ... and the records publish itself keeps, in the same step as the marts
PUBLICATIONS_TABLE: Final = "footfall_publications"
RESTATEMENTS_TABLE: Final = "audit_metric_restatements"
PUBLISHED_RECORDS: Final[tuple[str, ...]] = (PUBLICATIONS_TABLE, RESTATEMENTS_TABLE)
