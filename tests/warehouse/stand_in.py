"""A stand-in for dbt: a complete, green build of made-up marts in milliseconds, for tests that start at the publish.

The events zone, its commits and the load are real. Of each date the tables say no more than how many sessions it has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb

from footfall.settings import Settings
from footfall.warehouse import PUBLISHED_MARTS, PUBLISHED_TABLES, PUBLISHED_VIEWS
from footfall.warehouse.build_db import BUILD_SCHEMA, open_build_db
from footfall.warehouse.load import load
from tests import builders
from tests.warehouse.history import History

Sessions = Mapping[date, int]

_COLUMNS = {
    "fct_page_views": "event_date date, page_view_id varchar",
    "fct_sessions": "session_date date, session_id varchar, visitor_id varchar",
    "int_visitors__daily": "session_date date, visitor_id varchar, session_count bigint",
    "int_pages__daily": "page_date date, page_id varchar, page_view_count bigint",
    "int_metrics__daily": "metric_date date, sessions bigint, bounce_rate double, revenue decimal(38, 9)",
}
_ROWS = {
    "fct_page_views": "select ?::date, 'view ' || i from range(?) t (i)",
    "fct_sessions": "select ?::date, 'session ' || i, 'visitor ' || i from range(?) t (i)",
    "int_visitors__daily": "select ?::date, 'visitor ' || i, 1 from range(?) t (i)",
    "int_pages__daily": "select ?::date, 'page', n from (select ? as n) where n > 0",
    "int_metrics__daily": "select ?::date, n, case when n > 1 then 1 / n end, n * 0.1 from (select ? as n) where n > 0",
}
_VIEWS = {
    "dim_visitors": "select visitor_id, sum(session_count) as session_count from {}.int_visitors__daily group by all",
    "dim_pages": "select page_id, sum(page_view_count) as page_view_count from {}.int_pages__daily group by all",
    "agg_daily_metrics": "select *, metric_date < current_date - 3 as is_final from {}.int_metrics__daily",
}


class StandIn:
    """The lake and the build database of one home."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._history = History(settings)
        self._sessions: dict[date, int] = {}

    def change(self, sessions: Sessions, cause: str = "new_data") -> None:
        """Commit that these dates have so many sessions; 0 takes the date away."""
        self._sessions = {day: n for day, n in {**self._sessions, **sessions}.items() if n}
        self._history.commit([row for day, n in self._sessions.items() for row in _events(day, n)], cause)

    def build(self) -> None:
        """Load, and build what load names, as dbt would."""
        touched = load(self._settings)
        with open_build_db(self._settings) as connection:
            connection.execute(f"create schema if not exists {BUILD_SCHEMA}")
            for table in PUBLISHED_TABLES:
                name = f"{BUILD_SCHEMA}.{table.name}"
                connection.execute(f"create table if not exists {name} ({_COLUMNS[table.name]})")
                connection.execute(f"delete from {name} where {table.touched(touched)}")
                for day in sorted({day - timedelta(days=back) for day in touched for back in (0, table.days_before)}):
                    connection.execute(f"insert into {name} {_ROWS[table.name]}", [day, self._sessions.get(day, 0)])
            for view, sql in _VIEWS.items():
                connection.execute(f"create or replace view {BUILD_SCHEMA}.{view} as {sql.format(BUILD_SCHEMA)}")
            names = [*(table.name for table in PUBLISHED_TABLES), *PUBLISHED_VIEWS]
            connection.execute("delete from footfall_state.results")
            for name in names:
                connection.execute(
                    "insert into footfall_state.results values ($1, 'model', $1, 'success', $2)",
                    [name, datetime.now(UTC).replace(tzinfo=None)],
                )

    def changed_and_built(self, sessions: Sessions, cause: str = "new_data") -> None:
        """:meth:`change` and :meth:`build`."""
        self.change(sessions, cause)
        self.build()


def built_marts(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every mart of the build database."""
    with duckdb.connect(settings.build_db) as connection:
        return _rows(connection, (f"{BUILD_SCHEMA}.{mart}" for mart in PUBLISHED_MARTS))


def published_marts(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every mart readers see."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{str(settings.published_db).replace(chr(39), chr(39) * 2)}' as marts (read_only)")
        return _rows(connection, (f"marts.{mart}" for mart in PUBLISHED_MARTS))


def _rows(connection: duckdb.DuckDBPyConnection, names: Iterable[str]) -> dict[str, list[tuple[Any, ...]]]:
    return {
        name.rpartition(".")[2]: connection.execute(f"from {name} select * order by all").fetchall() for name in names
    }


def _events(day: date, sessions: int) -> list[dict[str, Any]]:
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return [builders.event(start + timedelta(seconds=second)) for second in range(sessions)]
