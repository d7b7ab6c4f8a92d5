"""The overview's SQL on marts made by the real models, held against a plain count over the events they came from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from dashboard import queries
from dashboard.panels import CONTENT, TECHNOLOGY, Panel
from dashboard.period import Period
from dashboard.queries import Selection
from footfall.settings import Settings
from footfall.warehouse.query import published as open_published
from tests.dashboard.visits import Row, two_weeks

pytestmark = pytest.mark.xdist_group("dashboard")

FIRST, LAST = date(2024, 5, 1), date(2024, 5, 14)
SOURCES = [(), ("combined",), ("cloudfront",), ("cloudfront", "combined")]
Run = Callable[[str], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def run(published: Settings) -> Iterator[Run]:
    # one connection for all: footfall.warehouse.query opens one for each of a thousand queries
    with open_published(published) as connection:
        yield lambda sql: connection.sql(sql).to_arrow_table().to_pylist()


def counted(events: list[Row], selection: Selection) -> dict[str, Any]:
    """The headline, counted from events in the simplest way there is."""
    start, end = selection.period.start, selection.period.end
    events = [event for event in events if not selection.sources or event["source"] in selection.sources]
    happened = [event for event in events if start <= event["event_date"] <= end]
    sessions: dict[str, list[Row]] = {}
    for event in events:
        if start <= event["session_start_ts"].date() <= end:
            sessions.setdefault(event["session_id"], []).append(event)
    durations = [(rows[-1]["event_ts"] - rows[0]["event_ts"]).total_seconds() for rows in sessions.values()]
    return {
        "sessions": len(sessions),
        "bounces": sum(len(rows) == 1 and rows[0]["event_name"] != "purchase" for rows in sessions.values()),
        "avg_session_duration_seconds": sum(durations) / len(durations) if durations else None,
        "visitors": len({event["visitor_id"] for event in happened}),
        "page_views": sum(event["is_page_view"] for event in happened),
        "conversions": sum(event["event_name"] == "purchase" for event in happened),
        "revenue": sum(event["price"] * event["quantity"] for event in happened if event["event_name"] == "purchase"),
    }


@pytest.mark.parametrize("sources", SOURCES, ids=lambda sources: "+".join(sources) or "all")
def test_headline_of_every_period_equals_a_count_over_the_events(run: Run, sources: tuple[str, ...]) -> None:
    events = two_weeks()
    days = [FIRST + timedelta(days=offset) for offset in range((LAST - FIRST).days + 1)]
    for start in days:
        for end in (day for day in days if day >= start):
            selection = Selection(Period(start, end), sources)
            assert run(queries.headline(selection)) == [counted(events, selection)], selection


@pytest.mark.parametrize("sources", SOURCES, ids=lambda sources: "+".join(sources) or "all")
def test_each_day_of_the_trend_equals_the_headline_of_that_day(run: Run, sources: tuple[str, ...]) -> None:
    events = two_weeks()
    for row in run(queries.daily(Selection(Period(FIRST, LAST), sources))):
        day = row.pop("metric_date")
        expected = counted(events, Selection(Period(day, day), sources))
        assert {name: value or 0 for name, value in row.items()} == {
            name: value or 0 for name, value in expected.items()
        }, day


def test_visitors_of_a_period_are_not_the_sum_of_its_days(run: Run) -> None:
    selection = Selection(Period(FIRST, LAST))
    (headline,) = run(queries.headline(selection))
    assert headline["visitors"] < sum(row["visitors"] for row in run(queries.daily(selection)))


@pytest.mark.parametrize("sources", SOURCES, ids=lambda sources: "+".join(sources) or "all")
@pytest.mark.parametrize("panel", CONTENT + TECHNOLOGY, ids=lambda panel: panel.key)
def test_every_ranking_adds_up_to_the_headline(run: Run, panel: Panel, sources: tuple[str, ...]) -> None:
    selection = Selection(Period(date(2024, 5, 8), LAST), sources)
    rows = run(panel.sql(selection))
    (headline,) = run(queries.headline(selection))
    whole = headline["page_views" if panel.size == "views" else panel.size]
    assert {row[panel.size_total] for row in rows} == {whole}
    assert [row[panel.size] for row in rows] == sorted((row[panel.size] for row in rows), reverse=True)
    if len(rows) == rows[0]["rows_total"]:
        assert sum(row[panel.size] for row in rows) == whole


def test_pages_of_two_hosts_with_one_path_stay_two_pages(run: Run) -> None:
    selection = Selection(Period(FIRST, LAST))
    (top, landing) = (run(queries.top_pages(selection)), run(queries.sessions_by_page(selection, "landing_page_id")))
    assert {row["host"] for row in top if row["name"] == "/"} == {None, "shop.example"}
    assert {row["host"] for row in landing if row["name"] == "/"} == {None, "shop.example"}


def test_a_source_with_a_quote_in_its_name_is_only_a_name(run: Run) -> None:
    selection = Selection(Period(FIRST, LAST), ("' or true --",))
    assert run(queries.headline(selection))[0]["sessions"] == 0
