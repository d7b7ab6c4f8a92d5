from __future__ import annotations

import pyarrow as pa
import pytest

from footfall.errors import InputError
from footfall.warehouse.query import query

pytestmark = pytest.mark.xdist_group("warehouse")


@pytest.mark.parametrize(
    "sql",
    [
        "select count(*) from fct_sessions",
        "from dim_pages",
        "with busy as (select * from agg_daily_metrics) select * from busy; -- a comment",
        "describe fct_sessions",
        "show tables",
        "summarize dim_visitors",
        "pivot fct_sessions on device_type in ('desktop', 'mobile') using count(*)",
        "values (1)",
    ],
)
def test_reading_statements_answer_with_rows(published, sql):
    assert query(published, sql).num_rows > 0


def test_marts_have_no_prefix_and_timestamps_are_utc(published):
    table = query(published, "select min(session_start_ts) as first from fct_sessions")
    assert table.schema.field("first").type == pa.timestamp("us")
    assert str(table["first"][0]) == "2024-05-01 23:50:00"


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("insert into fct_sessions select * from fct_sessions", "INSERT is not a query"),
        ("create table mine as select 1", "CREATE is not a query"),
        ("drop table fct_sessions", "DROP is not a query"),
        ("copy fct_sessions to '{file}'", "COPY is not a query"),
        ("explain analyze copy (select 1) to '{file}'", "EXPLAIN is not a query"),
        ("export database '{file}'", "EXPORT is not a query"),
        ("attach '{file}'", "ATTACH is not a query"),
        ("set threads = 1", "SET is not a query"),
        ("call enable_logging(storage = 'file')", "CALL is not a query"),
        ("install httpfs", "LOAD is not a query"),
        ("pivot fct_sessions on device_type using count(*)", "Name the values"),
        ("select 1; drop table fct_sessions", "2 statements: give exactly one"),
        ("  ", "0 statements: give exactly one"),
        ("select content from read_text('{secret}')", "Permission Error"),
        ("from '{secret}'", "failed"),
        ("from glob('{folder}/*')", "Permission Error"),
        ("from query('copy (select 1) to ''{file}''')", "failed"),
        ("selec 1", "syntax error"),
        ("select * from fct_session", "Did you mean"),
        ("select session_identity from fct_sessions", "session_identity"),
    ],
)
def test_nothing_else_runs(published, tmp_path, sql, message):
    secret = tmp_path / "secret.csv"
    secret.write_text("key\n42\n")
    before = published.published_db.read_bytes()
    with pytest.raises(InputError, match=message) as refused:
        query(published, sql.format(file=tmp_path / "out", secret=secret, folder=tmp_path))
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "out").exists()
    assert published.published_db.read_bytes() == before


def test_before_the_first_publish_the_message_names_the_remedy(settings):
    with pytest.raises(InputError, match=r"Nothing has been published .*footfall run"):
        query(settings, "select 1")


def test_a_published_file_that_is_none_is_named(settings):
    settings.warehouse_dir.mkdir(parents=True)
    settings.published_db.write_bytes(b"not a database" * 1000)
    with pytest.raises(InputError, match=r"marts\.duckdb cannot be read"):
        query(settings, "select 1")


def test_queries_answer_while_a_build_holds_its_database(published, build_running):
    with build_running(published):
        assert query(published, "select sum(events) as n from agg_daily_metrics").to_pylist() == [{"n": 12}]
