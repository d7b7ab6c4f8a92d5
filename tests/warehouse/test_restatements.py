"""A published number that is another one in the next publication is told of, with why and by which run."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest

from footfall.settings import MartSettings
from footfall.warehouse.publish import publish
from footfall.warehouse.query import query
from footfall.warehouse.restatements import reasons_by_metric_date
from tests.warehouse.stand_in import StandIn

pytestmark = pytest.mark.xdist_group("warehouse")

MAY1, MAY2, MAY3 = (date(2024, 5, day) for day in (1, 2, 3))
TODAY = datetime.now(UTC).date()


@pytest.fixture
def stand_in(settings):
    """A home whose first publication has one session on 1 May and two on 2 May."""
    stand_in = StandIn(settings)
    stand_in.changed_and_built({MAY1: 1, MAY2: 2})
    publish(settings, "first")
    return stand_in


def restated(settings, columns="metric, metric_date, old_value, new_value, cause, run_id"):
    found = query(
        settings, f"select {columns} from audit_metric_restatements order by restated_at, metric_date, metric"
    )
    return [tuple(row.values()) for row in found.to_pylist()]


def causes(settings):
    return sorted(set(restated(settings, "metric_date, cause, run_id")))


def test_each_value_that_differs_has_a_row_with_its_cause_and_the_run_that_brought_it(settings, stand_in):
    stand_in.changed_and_built({MAY2: 4})
    second = publish(settings, "second")
    run = "20240601T000002Z-test"
    assert restated(settings) == [
        ("bounce_rate", MAY2, 0.5, 0.25, "late_data", run),
        ("revenue", MAY2, 0.2, 0.4, "late_data", run),
        ("sessions", MAY2, 2.0, 4.0, "late_data", run),
    ]
    assert set(restated(settings, "restated_at, was_final")) == {(second.published_at, True)}


def test_a_value_that_was_null_and_a_date_that_goes_have_nulls(settings, stand_in):
    stand_in.change({MAY1: 2})
    stand_in.changed_and_built({MAY2: 0}, "unimport")
    publish(settings, "second")
    assert restated(settings)[0] == ("bounce_rate", MAY1, None, 0.5, "late_data", "20240601T000002Z-test")
    assert restated(settings)[3:] == [
        (metric, MAY2, value, None, "unimport", "20240601T000003Z-test")
        for metric, value in (("bounce_rate", 0.5), ("revenue", 0.2), ("sessions", 2.0))
    ]


def test_a_date_that_was_not_published_is_no_restatement(settings, stand_in):
    stand_in.changed_and_built({MAY3: 5, date(2023, 1, 1): 1})
    publish(settings, "second")
    assert restated(settings) == []


def test_a_day_that_has_not_ended_only_grows(settings, stand_in):
    stand_in.changed_and_built({TODAY: 1, TODAY - timedelta(days=1): 1})
    publish(settings, "second")
    stand_in.changed_and_built({TODAY: 2, TODAY - timedelta(days=1): 2})
    publish(settings, "third")
    assert {day for day, _, _ in causes(settings)} == {TODAY - timedelta(days=1)}


def test_a_date_is_final_so_long_after_its_end_as_is_set(settings, stand_in):
    days = [TODAY - timedelta(days=back) for back in (2, 3, 4, 5)]
    stand_in.changed_and_built(dict.fromkeys(days, 1))
    publish(settings, "second")
    stand_in.changed_and_built(dict.fromkeys(days, 2))
    publish(settings, "third")
    assert sorted(set(restated(settings, "metric_date, was_final"))) == list(
        zip(sorted(days), (True, True, False, False), strict=True)
    )
    settings.marts = MartSettings(final_after_hours=24)
    stand_in.changed_and_built(dict.fromkeys(days, 3))
    publish(settings, "fourth")
    assert restated(settings, "metric_date, was_final")[12:][::3] == list(
        zip(sorted(days), (True, True, True, True), strict=True)
    )


@pytest.mark.parametrize("cause", ["replay", "backfill", "unimport"])
def test_other_causes_keep_their_name(settings, stand_in, cause):
    stand_in.changed_and_built({MAY1: 3}, cause)
    publish(settings, "second")
    assert causes(settings) == [(MAY1, cause, "20240601T000002Z-test")]


def test_of_several_runs_between_two_publications_the_newest_that_touched_the_date_is_named(settings, stand_in):
    stand_in.change({MAY1: 3, MAY2: 3}, "replay")
    stand_in.change({MAY1: 4})
    stand_in.changed_and_built({MAY3: 4}, "backfill")
    publish(settings, "second")
    assert causes(settings) == [
        (MAY1, "late_data", "20240601T000003Z-test"),
        (MAY2, "replay", "20240601T000002Z-test"),
    ]


def test_the_next_date_is_the_cause_where_the_date_itself_was_not_touched():
    found = reasons_by_metric_date({MAY2: [("r1", "replay"), ("r2", "new_data")], MAY3: [("r3", "unimport")]})
    assert found == {MAY1: ("following_day", "r2"), MAY2: ("late_data", "r2"), MAY3: ("unimport", "r3")}


def test_a_changed_dbt_project_is_the_cause_of_what_it_changes(settings, stand_in, monkeypatch):
    monkeypatch.setattr("footfall.warehouse.load.project_sha256", lambda: "changed")
    stand_in.changed_and_built({MAY2: 3})
    publish(settings, "second")
    assert causes(settings) == [(MAY2, "rule_change", "second")]


def test_what_was_told_is_told_once_and_stays(settings, stand_in):
    for number, day in enumerate((MAY1, MAY2, MAY1, MAY2, MAY1)):
        stand_in.changed_and_built({day: 10 + number})
        publish(settings, f"on-{number}")
        assert len(restated(settings)) == 3 * (number + 1)
        stand_in.build()  # once more, of nothing new
        publish(settings, f"again-{number}")
        assert len(restated(settings)) == 3 * (number + 1)
    (settings.warehouse_dir / ".marts-spare.duckdb").unlink()  # the next is a copy
    stand_in.changed_and_built({MAY3: 1})
    publish(settings, "copied")
    assert [(day, old, new) for metric, day, old, new, _, _ in restated(settings) if metric == "sessions"] == [
        (MAY1, 1.0, 10.0),
        (MAY2, 2.0, 11.0),
        (MAY1, 10.0, 12.0),
        (MAY2, 11.0, 13.0),
        (MAY1, 12.0, 14.0),
    ]


def test_a_value_that_comes_back_before_it_is_published_was_never_restated(settings, stand_in):
    stand_in.change({MAY1: 9})
    stand_in.changed_and_built({MAY1: 1, MAY3: 1})
    publish(settings, "second")
    assert restated(settings) == []


def test_the_table_has_the_columns_readers_are_told_of(settings, stand_in):
    with duckdb.connect(settings.published_db, read_only=True) as connection:
        described = connection.execute("describe audit_metric_restatements").fetchall()
    assert [(name, kind) for name, kind, *_ in described] == [
        ("metric", "VARCHAR"),
        ("metric_date", "DATE"),
        ("old_value", "DOUBLE"),
        ("new_value", "DOUBLE"),
        ("cause", "VARCHAR"),
        ("run_id", "VARCHAR"),
        ("restated_at", "TIMESTAMP"),
        ("was_final", "BOOLEAN"),
    ]
