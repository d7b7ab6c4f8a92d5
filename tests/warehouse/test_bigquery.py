"""The publish of BigQuery is one script; DuckDB runs it here, with datasets as schemas of a database of that name."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import duckdb
import pytest

from footfall.settings import Settings
from footfall.warehouse import PUBLISHED_TABLES
from footfall.warehouse.bigquery_publish import publish_script, view_statement
from footfall.warehouse.publication import Publication
from footfall.warehouse.restatements import Comparison

FIRST = Publication("first", datetime(2024, 5, 30, 10), 1, datetime(2024, 5, 30, 9), "lake", "project", "rebuild")
SECOND = Publication("second", datetime(2024, 6, 1, 10), 2, datetime(2024, 6, 1, 9), "lake", "project", "rebuild")
MAY3 = date(2024, 5, 3)


@pytest.fixture
def project():
    """Marts that say 'old' and 1 session on 1 to 5 May and a build that says 'new' and 2 on the same days."""
    with duckdb.connect() as connection:
        connection.execute("""attach ':memory:' as "local-dev" """)
        for dataset, word, sessions in (("footfall_marts", "old", 1), ("footfall_build", "new", 2)):
            connection.execute(f'create schema "local-dev".{dataset}')
            for table in PUBLISHED_TABLES:
                connection.execute(
                    f'create table "local-dev".{dataset}.{table.name} as select cast(day as date) as '
                    f"{table.date_column}, '{word}' as word, {sessions} as sessions "
                    "from range(date '2024-05-01', date '2024-05-06', interval 1 day) as t (day)"
                )
        connection.execute(
            'create table "local-dev".footfall_marts.footfall_publications (run_id varchar, published_at timestamp, '
            "events_version bigint, built_at timestamp, table_id varchar, project_sha256 varchar, rebuild_id varchar)"
        )
        connection.execute(
            'create table "local-dev".footfall_marts.audit_metric_restatements (metric varchar, metric_date date, '
            "old_value double, new_value double, cause varchar, run_id varchar, restated_at timestamp, was_final bool)"
        )
        yield connection


def script(touched, *, first=False):
    compared = Comparison(
        FIRST, SECOND, touched and frozenset(touched), {MAY3: ("late_data", "r1")}, timedelta(hours=72)
    )
    return publish_script(Settings(), SECOND, touched, None if first else compared, ["sessions"])


def run(connection, sql):
    connection.execute(sql.replace("`", '"').replace("float64", "double"))


def new_days(connection, table):
    name = f'"local-dev".footfall_marts.{table.name}'
    assert connection.execute(f"select count(*) from {name}").fetchone() == (5,)
    found = connection.execute(f"select day({table.date_column}) from {name} where word = 'new' order by 1").fetchall()
    return [row[0] for row in found]


def test_a_publish_moves_touched_dates_and_the_day_before_where_sessions_began(project):
    run(project, script([MAY3]))
    assert {table.name: new_days(project, table) for table in PUBLISHED_TABLES} == {
        "fct_page_views": [3],
        "fct_sessions": [2, 3],
        "int_visitors__daily": [2, 3],
        "int_pages__daily": [2, 3],
        "int_metrics__daily": [2, 3],
    }
    assert project.execute('select * from "local-dev".footfall_marts.footfall_publications').fetchall() == [
        ("second", datetime(2024, 6, 1, 10), 2, datetime(2024, 6, 1, 9), "lake", "project", "rebuild")
    ]


def test_the_same_transaction_says_what_it_restated(project):
    run(project, script([MAY3]))
    assert project.execute('select * from "local-dev".footfall_marts.audit_metric_restatements').fetchall() == [
        ("sessions", date(2024, 5, 2), 1, 2, "rule_change", "second", datetime(2024, 6, 1, 10), True),
        ("sessions", date(2024, 5, 3), 1, 2, "late_data", "r1", datetime(2024, 6, 1, 10), True),
    ]


def test_the_first_publish_moves_everything_and_restates_nothing(project):
    run(project, script(None, first=True))
    assert all(new_days(project, table) == [1, 2, 3, 4, 5] for table in PUBLISHED_TABLES)
    assert project.execute('from "local-dev".footfall_marts.audit_metric_restatements').fetchall() == []


def test_a_publish_reads_and_writes_only_partitions_it_names():
    for statement in script([MAY3]).split(";\n"):
        assert len(re.findall(r"from `[^ ]+ where \w+_date in \(date '2024-05-0", statement)) == statement.count(
            "from `"
        )


def test_a_publish_that_fails_moves_nothing(project):
    project.execute('alter table "local-dev".footfall_build.int_metrics__daily add column later int')
    with pytest.raises(duckdb.Error):
        run(project, script(None))
    project.rollback()
    assert all(new_days(project, table) == [] for table in PUBLISHED_TABLES)
    assert project.execute('from "local-dev".footfall_marts.audit_metric_restatements').fetchall() == []


def test_views_are_those_of_dbt_over_the_readers_own_tables(project):
    query = "select max(word) as word from `local-dev`.`footfall_build`.`int_metrics__daily`"
    run(project, view_statement(Settings(), "agg_daily_metrics", query))
    assert project.execute('from "local-dev".footfall_marts.agg_daily_metrics').fetchall() == [("old",)]


def test_google_s_analyzer_accepts_what_a_restatement_selects():
    from tests.dbt_bigquery.engine import GoogleSql

    statement = next(text for text in script([MAY3]).split(";\n") if "with old_metrics" in text)
    columns = {"metric_date": "DATE", "word": "STRING", "sessions": "INT64"}
    tables = {("local-dev", dataset, "int_metrics__daily"): columns for dataset in ("footfall_marts", "footfall_build")}
    selected = GoogleSql().columns(statement[statement.index("with old_metrics") :], tables)
    assert list(selected.values()) == ["STRING", "DATE", "FLOAT64", "FLOAT64", "STRING", "STRING", "TIMESTAMP", "BOOL"]
