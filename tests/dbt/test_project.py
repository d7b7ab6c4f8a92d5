"""The project as people run it: one `dbt build` with its unit tests, from the shell, and what it leaves behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from footfall.settings import PROJECT_ROOT, Settings
from footfall.warehouse import PUBLISHED_MARTS
from footfall.warehouse.build_db import open_build_db, read_state
from footfall.warehouse.load import load
from tests.warehouse.history import History, sessionized

pytestmark = pytest.mark.xdist_group("dbt_project")


def dbt(settings: Settings, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    project = str(PROJECT_ROOT / "dbt")
    scratch = settings.warehouse_dir / "dbt"
    return subprocess.run(
        [
            str(Path(sys.executable).with_name("dbt")), *arguments, "--project-dir", project, "--profiles-dir", project,
            "--target-path", str(scratch / "target"), "--log-path", str(scratch / "logs"),
        ],
        env=os.environ | {"FOOTFALL_BUILD_DB": str(settings.build_db), "DO_NOT_TRACK": "1"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = Settings(home=tmp_path_factory.mktemp("dbt project"))
    night = datetime(2024, 5, 1, 23, 55, tzinfo=UTC)
    shop = {"event_name": "view_item", "page_url": None, "page_path": None, "source": "ecommerce_csv"}
    hits = [
        (night, "owl", {"page_path": "/a"}),
        (night.replace(day=2, hour=0, minute=10), "owl", {"page_path": "/b"}),
        (night.replace(hour=9), "shopper", shop),
    ]
    History(settings).commit(sessionized(hits))
    load(settings)
    return settings


@pytest.fixture(scope="module")
def built(settings: Settings) -> dict:
    """The manifest of a green build, unit tests included."""
    run = dbt(settings, "build")
    assert run.returncode == 0, run.stdout
    return json.loads((settings.warehouse_dir / "dbt/target/manifest.json").read_text())


def rows(settings: Settings, sql: str) -> list[tuple]:
    with duckdb.connect(settings.build_db, read_only=True) as connection:
        connection.execute("use build.footfall_build")
        return connection.execute(sql).fetchall()


def models(manifest: dict) -> list[dict]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


def test_every_model_states_its_grain_and_describes_every_column_under_contract(built):
    assert {model["name"] for model in models(built)} >= set(PUBLISHED_MARTS)
    for model in models(built):
        assert model["description"].startswith("One row per"), model["name"]
        assert model["config"]["contract"]["enforced"], model["name"]
        undescribed = [name for name, column in model["columns"].items() if not column["description"]]
        assert not undescribed, (model["name"], undescribed)


def test_every_model_has_a_unit_test(built):
    tested = {test["model"] for test in built["unit_tests"].values()}
    assert tested == {model["name"] for model in models(built)}


def test_the_dashboard_is_named_as_a_reader_of_every_mart(built):
    (exposure,) = built["exposures"].values()
    assert {node.split(".")[-1] for node in exposure["depends_on"]["nodes"]} == set(PUBLISHED_MARTS)


def test_midnight_does_not_end_a_session(settings, built):
    session = "select session_date, event_count, landing_page, exit_page, duration_seconds from fct_sessions"
    assert [(str(day), *rest) for day, *rest in rows(settings, f"{session} where visitor_id = 'owl'")] == [
        ("2024-05-01", 2, "/a", "/b", 900)
    ]
    daily = rows(settings, "select metric_date, sessions, page_views, bounce_rate from agg_daily_metrics order by all")
    assert [(str(day), *rest) for day, *rest in daily] == [("2024-05-01", 2, 2, 0.5), ("2024-05-02", 0, 1, None)]


def test_a_shop_without_urls_has_one_page_called_not_set(settings, built):
    page = "select page_host, page_path, page_view_count, entrance_count, exit_count from dim_pages"
    assert rows(settings, f"{page} where page_path not in ('/a', '/b')") == [(None, "(not set)", 1, 1, 1)]


def test_a_build_in_pieces_counts_as_built_when_the_last_piece_is_green(settings, built):
    """How Airflow builds: a dbt call for each node."""
    with open_build_db(settings) as connection:
        connection.execute("delete from footfall_state.results")
    dates = "{touched_dates: [2024-05-01, 2024-05-02]}"
    assert dbt(settings, "build", "--select", "+fct_sessions", "--vars", dates).returncode == 0
    with open_build_db(settings) as connection:
        assert not read_state(connection).complete
    assert dbt(settings, "build", "--exclude", "+fct_sessions", "--vars", dates).returncode == 0
    with open_build_db(settings) as connection:
        assert read_state(connection).complete


def test_a_build_of_fewer_dates_than_were_touched_does_not_count(settings, built):
    run = dbt(settings, "run", "--select", "fct_page_views", "--vars", "{touched_dates: [2024-05-01]}")
    assert run.returncode == 0, run.stdout
    with open_build_db(settings) as connection:
        assert not read_state(connection).complete
        status = "select status from footfall_state.results where name = 'fct_page_views'"
        assert connection.execute(status).fetchall() == [("partial",)]


def test_a_load_that_came_in_the_middle_of_a_build_is_not_built(settings, built):
    """dbt holds the file node by node: a load of another process comes in between two of them."""
    with open_build_db(settings) as connection:
        connection.execute("update footfall_state.load set loaded_at = loaded_at + interval 1 day")
    try:
        assert dbt(settings, "run").returncode == 0
        with open_build_db(settings) as connection:
            assert not read_state(connection).complete
    finally:
        with open_build_db(settings) as connection:
            connection.execute("update footfall_state.load set loaded_at = loaded_at - interval 1 day")


@pytest.mark.parametrize("dates", ["['2024-02-30']", "2024-05-01 or true"])
def test_a_date_that_is_none_stops_the_build(settings, built, dates):
    run = dbt(settings, "parse", "--vars", f"touched_dates: {dates}")
    assert run.returncode != 0
    assert "ISO dates such as 2024-05-12" in run.stdout


@pytest.mark.parametrize("hours", ["soon", "-1"])
def test_hours_that_are_none_stop_the_build(settings, built, hours):
    run = dbt(settings, "parse", FOOTFALL_MARTS__FINAL_AFTER_HOURS=hours)
    assert run.returncode != 0
    assert f"FOOTFALL_MARTS__FINAL_AFTER_HOURS is '{hours}'" in run.stdout
    assert "whole one such as 72" in run.stdout
