"""The publish of BigQuery is one script; DuckDB runs it here, with datasets as schemas of a database of that name."""

from __future__ import annotations

from datetime import date, datetime

import duckdb
import pytest

from footfall.settings import Settings
from footfall.warehouse import PUBLISHED_MARTS
from footfall.warehouse.bigquery import publish_script
from footfall.warehouse.publication import Publication

DATES = {"fct_page_views": "event_date", "fct_sessions": "session_date", "agg_daily_metrics": "metric_date"}
SECOND = Publication("second", datetime(2024, 6, 1, 10), 2, datetime(2024, 6, 1, 9))


@pytest.fixture
def project():
    """Marts that say 'old' on 1 to 5 May and a build that says 'new' on the same days."""
    with duckdb.connect() as connection:
        connection.execute("""attach ':memory:' as "local-dev" """)
        for dataset, word in (("footfall_marts", "old"), ("footfall_build", "new")):
            connection.execute(f'create schema "local-dev".{dataset}')
            for mart in PUBLISHED_MARTS:
                column = DATES.get(mart, "day")
                connection.execute(
                    f'create table "local-dev".{dataset}.{mart} as select cast(day as date) as {column}, '
                    f"'{word}' as word from range(date '2024-05-01', date '2024-05-06', interval 1 day) as t (day)"
                )
        connection.execute(
            'create table "local-dev".footfall_marts.footfall_publications '
            "(run_id varchar, published_at timestamp, events_version bigint, built_at timestamp)"
        )
        yield connection


def run(connection, script):
    connection.execute(script.replace("`", '"'))


def new_days(connection, mart):
    rows = connection.execute(
        f"""select day({DATES.get(mart, "day")}) from "local-dev".footfall_marts.{mart} where word = 'new' order by 1"""
    ).fetchall()
    count = connection.execute(f'select count(*) from "local-dev".footfall_marts.{mart}').fetchone()
    assert count == (5,)
    return [row[0] for row in rows]


def test_a_publish_moves_touched_dates_and_the_day_before_where_sessions_began(project):
    run(project, publish_script(Settings(), SECOND, [date(2024, 5, 3)]))
    assert new_days(project, "fct_page_views") == [3]
    assert new_days(project, "fct_sessions") == [2, 3]
    assert new_days(project, "agg_daily_metrics") == [2, 3]
    assert new_days(project, "dim_visitors") == [1, 2, 3, 4, 5]
    assert project.execute('select * from "local-dev".footfall_marts.footfall_publications').fetchall() == [
        ("second", datetime(2024, 6, 1, 10), 2, datetime(2024, 6, 1, 9))
    ]


def test_the_first_publish_moves_everything(project):
    run(project, publish_script(Settings(), SECOND, None))
    assert all(new_days(project, mart) == [1, 2, 3, 4, 5] for mart in PUBLISHED_MARTS)


def test_a_publish_that_fails_moves_nothing(project):
    project.execute('alter table "local-dev".footfall_build.agg_daily_metrics add column later int')
    with pytest.raises(duckdb.Error):
        run(project, publish_script(Settings(), SECOND, None))
    project.rollback()
    assert all(new_days(project, mart) == [] for mart in PUBLISHED_MARTS)
