from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest

from footfall.contract import EVENT_COLUMNS, Type
from footfall.errors import EnvironmentProblem
from footfall.settings import Settings
from footfall.warehouse.build_db import building
from footfall.warehouse.load import load
from footfall.warehouse.transform import transform
from tests.warehouse.history import History, sessionized

pytestmark = pytest.mark.xdist_group("warehouse")

MAY1, MAY2, MAY3 = date(2024, 5, 1), date(2024, 5, 2), date(2024, 5, 3)


def hits_on(*days: date, visitor: str = "v"):
    return [(datetime(day.year, day.month, day.day, 10, tzinfo=UTC), visitor, {}) for day in days]


def seen(settings: Settings, sql: str):
    with duckdb.connect(settings.build_db, read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        return connection.execute(sql).fetchall()


def test_an_empty_lake_has_nothing_to_build_and_leaves_no_file(settings):
    assert load(settings) == []
    assert not settings.build_db.exists()


def test_dbt_sees_every_column_of_the_contract_in_its_type(settings):
    History(settings).commit(sessionized(hits_on(MAY1, MAY2)))
    assert load(settings) == [MAY1, MAY2]
    types = {
        Type.STRING: "VARCHAR",
        Type.INT64: "BIGINT",
        Type.FLOAT64: "DOUBLE",
        Type.NUMERIC: "DECIMAL(38,9)",
        Type.BOOL: "BOOLEAN",
        Type.TIMESTAMP: "TIMESTAMP WITH TIME ZONE",
        Type.DATE: "DATE",
        Type.STRING_ARRAY: "VARCHAR[]",
    }
    described = seen(settings, "select column_name, column_type from (describe footfall_events.events)")
    assert described == [(column.name, types[column.type]) for column in EVENT_COLUMNS]
    assert seen(settings, "select count(*), min(event_ts) from footfall_events.events") == [
        (2, datetime(2024, 5, 1, 10, tzinfo=UTC))
    ]


def test_a_lake_that_was_emptied_is_an_empty_table_of_the_same_columns(settings):
    history = History(settings)
    history.commit(sessionized(hits_on(MAY1)))
    load(settings)
    before = seen(settings, "describe footfall_events.events")
    history.commit([])
    load(settings)
    assert seen(settings, "describe footfall_events.events") == before
    assert seen(settings, "select * from footfall_events.events") == []


def test_a_filter_on_the_date_reads_only_the_files_of_that_date(settings):
    History(settings).commit(sessionized(hits_on(*(MAY1 + timedelta(days=n) for n in range(20)))))
    load(settings)
    plan = str(
        seen(settings, "explain analyze select sum(line_number) from footfall_events.events "
                       "where event_date in (date '2024-05-02', date '2024-05-03')")
    )  # fmt: skip
    assert "2/20" in plan


def test_what_no_build_has_finished_is_named_again_together_with_what_came_since(settings):
    history = History(settings)
    history.commit(sessionized(hits_on(MAY1)))
    assert load(settings) == [MAY1]
    history.commit(sessionized(hits_on(MAY1, MAY3)))
    assert load(settings) == [MAY1, MAY3]


def test_nothing_is_named_twice_once_it_is_built(published):
    assert load(published) == []


def test_a_date_a_failed_build_may_have_written_is_built_again_though_its_files_are_back_as_they_were(published):
    rows = sessionized(hits_on(MAY3, visitor="late"))
    zone = History(published)
    zone.commit(rows)
    assert load(published) == [MAY3]  # a build of it may start here, and die
    zone.commit([])  # the file is taken back
    assert load(published) == [MAY3]


def test_another_lake_in_the_same_place_is_built_from_nothing(published):
    shutil.rmtree(published.zone("events"))
    History(published).commit(sessionized(hits_on(MAY3)))
    assert MAY3 in load(published)
    assert seen(published, "select count(*) from duckdb_tables() where schema_name = 'footfall_build'") == [(0,)]


def test_a_changed_dbt_project_is_built_from_nothing(published, monkeypatch):
    monkeypatch.setattr("footfall.warehouse.load.project_sha256", lambda: "changed")
    assert load(published) == [MAY1, MAY2]
    assert seen(published, "select count(*) from duckdb_tables() where schema_name = 'footfall_build'") == [(0,)]


def test_a_load_beside_a_running_build_says_so(settings, build_running):
    History(settings).commit(sessionized(hits_on(MAY1)))
    with build_running(settings), pytest.raises(EnvironmentProblem, match="in use by another footfall or dbt process"):
        load(settings)
    assert load(settings) == [MAY1]


def test_of_two_transforms_the_second_says_so_even_where_dbt_has_let_go_of_the_database(settings):
    History(settings).commit(sessionized(hits_on(MAY1)))
    with building(settings), pytest.raises(EnvironmentProblem, match="in use by another footfall or dbt process"):
        transform(settings)
    assert load(settings) == [MAY1]


def test_a_build_database_that_is_none_is_named(settings):
    History(settings).commit(sessionized(hits_on(MAY1)))
    settings.warehouse_dir.mkdir(parents=True)
    settings.build_db.write_bytes(b"not a database" * 1000)
    with pytest.raises(EnvironmentProblem, match=r"build\.duckdb cannot be opened .*remove it to build it anew"):
        load(settings)
