"""However events arrive, the marts built date by date are those of one full rebuild, row for row."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from footfall.settings import Settings
from footfall.warehouse.transform import transform
from tests.warehouse.history import History, Hit, marts, sessionized

pytestmark = pytest.mark.xdist_group("dbt_incremental")

MAY1 = datetime(2024, 5, 1, tzinfo=UTC)


def hit(day: int, clock: str, visitor: str, **values) -> Hit:
    hour, minute = clock.split(":")
    return MAY1 + timedelta(days=day - 1, hours=int(hour), minutes=int(minute)), visitor, values


def rebuilt(settings: Settings, hits: list[Hit]) -> dict:
    """The marts of a home that has never seen anything but ``hits``."""
    fresh = Settings(home=settings.home / "rebuilt")
    History(fresh).commit(sessionized(hits))
    transform(fresh)
    return marts(fresh)


def test_late_events_midnight_and_emptied_dates(tmp_path):
    settings = Settings(home=tmp_path / "home")
    history = History(settings)
    purchase = {"event_name": "purchase", "is_page_view": False, "price": Decimal("9.99"), "page_path": "/paid"}
    first = [
        hit(1, "10:00", "early", page_path="/a"),
        hit(2, "23:45", "owl", page_path="/a", utm_source="mail"),
        hit(3, "00:05", "owl", page_path="/b"),
        hit(4, "12:00", "gone", page_path="/only-here"),
        hit(6, "12:00", "early", page_path="/c"),
    ]
    history.commit(sessionized(first))
    assert transform(settings).dates == tuple(date(2024, 5, day) for day in (1, 2, 3, 4, 6))

    # two late events of 3 May lengthen a session that began on 2 May, and 4 May is taken back
    second = [row for row in first if row[1] != "gone"]
    second += [hit(3, "00:25", "owl", **purchase), hit(3, "00:01", "owl", page_path="/late", page_title="Late")]
    assert history.commit(sessionized(second)) == {date(2024, 5, 3), date(2024, 5, 4)}
    assert transform(settings).dates == (date(2024, 5, 3), date(2024, 5, 4))
    built = marts(settings)
    assert built == rebuilt(settings, second)

    with duckdb.connect(settings.build_db, read_only=True) as connection:
        owl = connection.execute(
            "select event_count, exit_page, conversion_count, revenue, duration_seconds "
            "from footfall_build.fct_sessions where visitor_id = 'owl'"
        ).fetchall()
        pages = connection.execute("select page_path from footfall_build.dim_pages order by 1").fetchall()
        dates = connection.execute("select metric_date from footfall_build.agg_daily_metrics order by 1").fetchall()
    assert owl == [(4, "/b", 1, Decimal("9.99"), 2400)]
    assert [page for (page,) in pages] == ["/a", "/b", "/c", "/late"]
    assert [day.day for (day,) in dates] == [1, 2, 3, 6]


def test_a_late_event_three_days_back_is_taken_in_and_back_without_a_look_at_other_days(tmp_path):
    settings = Settings(home=tmp_path / "home")
    history = History(settings)
    hits = [
        hit(1, "10:00", "early", page_path="/a"),
        hit(2, "10:00", "other", page_path="/b"),
        hit(11, "12:00", "regular", page_path="/b", page_title="B", user_id="u1"),
        hit(12, "12:00", "regular", page_path="/a", page_title="A", utm_source="mail", device_type="mobile"),
    ]
    history.commit(sessionized(hits))
    transform(settings)
    before = marts(settings)

    # no build needs these days again, so nothing in their files can be read; DuckDB opens the first for its schema
    _first, *others = sorted(Path(settings.zone("events")).rglob("*.parquet"), key=lambda file: file.parent.name)
    for file in others:
        file.write_bytes(b"no Parquet")

    late = hit(8, "23:50", "regular", page_path="/b", page_title="Old", user_id="u0", utm_source="ads")
    assert history.commit(sessionized([*hits, late])) == {date(2024, 5, 8)}
    assert transform(settings).dates == (date(2024, 5, 8),)
    with duckdb.connect(settings.build_db, read_only=True) as connection:
        with pytest.raises(duckdb.Error, match="Parquet"):
            connection.execute("select max(page_path) from footfall_events.events")
        connection.execute("use build.footfall_build")
        regular = connection.execute(
            "select first_seen_ts, last_seen_ts, first_landing_page, first_utm_source, user_id, last_device_type, "
            "session_count from dim_visitors where visitor_id = 'regular'"
        ).fetchall()
        page = connection.execute(
            "select page_title, first_view_ts, last_view_ts, page_view_count, entrance_count, bounce_count, exit_count "
            "from dim_pages where page_path = '/b'"
        ).fetchall()
        day = connection.execute(
            "select sessions, visitors, page_views from agg_daily_metrics where metric_date = '2024-05-08'"
        ).fetchall()
    late_at, last = datetime(2024, 5, 8, 23, 50), datetime(2024, 5, 12, 12)
    assert regular == [(late_at, last, "/b", "ads", "u1", "mobile", 3)]
    assert page == [("B", datetime(2024, 5, 2, 10), datetime(2024, 5, 11, 12), 3, 3, 3, 3)]
    assert day == [(1, 1, 1)]

    assert history.commit(sessionized(hits)) == {date(2024, 5, 8)}
    transform(settings)
    assert marts(settings) == before


def test_any_history_of_arrivals_equals_one_rebuild(tmp_path):
    """Seven days of visitors who are up at midnight; then hits of one day arrive late, and a date is taken back."""
    rng = random.Random(7)
    settings = Settings(home=tmp_path / "home")
    history = History(settings)

    def arrivals(count: int, days: list[int]) -> list[Hit]:
        return [
            (
                MAY1
                + timedelta(days=rng.choice(days))
                + timedelta(minutes=rng.choice([rng.randrange(0, 25), rng.randrange(1415, 1440), rng.randrange(1440)])),
                f"v{rng.randrange(5)}",
                {
                    "page_path": rng.choice(["/", "/a", "/b", None]),
                    "page_title": rng.choice([None, "one", "two"]),
                    "is_page_view": rng.random() < 0.7,
                    "event_name": rng.choice(["page_view", "purchase"]),
                    "price": Decimal(rng.randrange(10_000)) / 100,
                    "user_id": rng.choice([None, "u1", "u2"]),
                    "device_type": rng.choice(["desktop", "mobile"]),
                    "engagement_ms": rng.choice([None, rng.randrange(20_000)]),
                    "properties": f"{rng.random()}",
                },
            )
            for _ in range(count)
        ]

    hits = arrivals(300, list(range(7)))
    history.commit(sessionized(hits))
    transform(settings)
    for late, gone in ((2, None), (5, 1)):
        hits = [row for row in hits if row[0].day != gone] + arrivals(20, [late])
        touched = history.commit(sessionized(hits))
        assert len(touched) < 7
        transform(settings)
    assert marts(settings) == rebuilt(settings, hits)
