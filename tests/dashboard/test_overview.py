"""The Overview page as a person meets it: read in Chromium, and held against queries on the published marts."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from playwright.sync_api import Browser, expect

from footfall.settings import Settings
from footfall.warehouse.query import query
from tests.dashboard.browser import CHROMIUM, Screen, chromium, screen, serve
from tests.dashboard.visits import ATTACK

pytestmark = [
    pytest.mark.xdist_group("dashboard"),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine (Debian: apt-get install chromium)"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def address(published: Settings) -> Iterator[str]:
    with serve(published.home) as url:
        yield url


@pytest.fixture
def wide(browser: Browser) -> Iterator[Screen]:
    with screen(browser) as shown:
        yield shown


def asked(settings: Settings, sql: str) -> Any:
    """What `footfall query` answers: the first value of the first row."""
    return query(settings, sql)[0][0].as_py()


def test_figures_equal_the_published_marts_for_all_data_and_for_a_week(
    published: Settings, address: str, wide: Screen
) -> None:
    wide.open(address)
    for sessions, period in (("true", "All data"), ("session_date >= date '2024-05-08'", "Last 7 days")):
        wide.choose(period)
        count = asked(published, f"select count(*) from fct_sessions where {sessions}")
        bounce_rate = asked(published, f"select avg(cast(is_bounce as int64)) from fct_sessions where {sessions}")
        wide.expect_figure("Sessions", f"{count:,}")
        wide.expect_figure("Bounce rate", f"{bounce_rate:.1%}")
    views = asked(published, "select sum(page_views) from agg_daily_metrics where metric_date >= date '2024-05-08'")
    wide.expect_figure("Page views", f"{views:,}")
    wide.expect_figure("Revenue", "39.80")
    before = asked(published, "select count(*) from fct_sessions where session_date < date '2024-05-08'")
    wide.expect_change("Sessions", f"{count / before - 1:+.1%}")
    wide.expect_rows("devices", ["desktop", "33", "82.5%", "72.7%"], ["mobile", "7", "17.5%", "100.0%"])


def test_dates_and_source_come_from_the_address_and_narrow_every_number(
    published: Settings, address: str, wide: Screen
) -> None:
    wide.open(f"{address}/?period=Custom&dates=2024-05-03&dates=2024-05-10&source=cloudfront")
    wide.expect_figure("Sessions", "2")
    wide.expect_figure("Visitors", "2")
    wide.expect_rows("top_pages", ["shop.example/", "2", "66.7%", "2"], ["shop.example/basket", "1", "33.3%", "1"])
    wide.page.get_by_role("button", name="Clear all").click()
    sessions = "session_date between date '2024-05-03' and date '2024-05-10'"
    wide.expect_figure("Sessions", str(asked(published, f"select count(*) from fct_sessions where {sessions}")))


def test_dates_without_data_say_so_and_where_the_data_are(address: str, wide: Screen) -> None:
    wide.open(f"{address}/?period=Custom&dates=2023-01-01&dates=2023-01-31", "No events from 1 Jan 2023 to 31 Jan 2023")
    expect(wide.page.get_by_text("The data run from 1 May 2024 to 14 May 2024")).to_be_visible()
    expect(wide.page.get_by_test_id("stMetric")).to_have_count(0)


def test_the_page_shows_the_sql_behind_its_numbers_and_it_runs(published: Settings, address: str, wide: Screen) -> None:
    wide.open(address)
    wide.page.get_by_text("How each number is computed").click()
    sql = wide.page.get_by_test_id("stCode").first
    expect(sql).to_be_visible()
    (row,) = query(published, sql.inner_text()).to_pylist()
    assert wide.figure("Visitors") == str(row["visitors"])


def test_names_from_logs_are_shown_not_run(address: str, wide: Screen) -> None:
    wide.open(address)
    expect(wide.page.locator("#top_pages").get_by_text(ATTACK)).to_be_visible()
    expect(wide.page.locator(".ff-panel img")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_everything_without_scrolling_sideways(browser: Browser, address: str, scheme: Any) -> None:
    with screen(browser, width=400, scheme=scheme) as phone:
        phone.open(address)
        expect(phone.page.locator("#systems tbody tr").first).to_be_visible()
        assert phone.page.evaluate("document.documentElement.scrollWidth") <= 400
        red, green, blue = phone.page.evaluate(
            "getComputedStyle(document.querySelector('.stApp')).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)"
        )
        assert (red + green + blue < 3 * 64) == (scheme == "dark")


def test_an_open_page_fills_when_marts_are_published_and_follows_the_next_publication(
    published: Settings, browser: Browser, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path / "new home")
    with serve(settings.home) as url, screen(browser) as shown:
        shown.open(url, "Nothing has been published yet")
        expect(shown.page.get_by_text("footfall run PATH")).to_be_visible()
        settings.warehouse_dir.mkdir(parents=True)
        shutil.copy(published.published_db, settings.warehouse_dir / "first.duckdb")
        (settings.warehouse_dir / "first.duckdb").replace(settings.published_db)
        everything = asked(settings, "select count(*) from fct_sessions")
        shown.expect_figure("Sessions", str(everything))
        shutil.copy(published.published_db, settings.warehouse_dir / "next.duckdb")
        with duckdb.connect(settings.warehouse_dir / "next.duckdb") as connection:
            connection.execute("update footfall_publications set run_id = '20240602T100000Z-next'")
            connection.execute("delete from footfall_build.fct_sessions where is_bounce")
        (settings.warehouse_dir / "next.duckdb").replace(settings.published_db)
        shown.expect_figure("Bounce rate", "0.0%")
        expect(shown.page.get_by_text("20240602T100000Z-next")).to_be_visible()
        assert int(shown.figure("Sessions")) < everything
