"""The comparison itself: it notices what it is there to notice, on the fixture rows it has."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from tests.dbt_bigquery.compare import differences
from tests.dbt_bigquery.table import Table

if TYPE_CHECKING:
    from tests.dbt_bigquery.execute import Proof

pytestmark = pytest.mark.xdist_group("dbt_bigquery")

SLIPS = {
    "seconds crossed, not elapsed": (
        "fct_sessions",
        "timestamp_diff(session_end_ts, session_start_ts, second)",
        "unix_seconds(session_end_ts) - unix_seconds(session_start_ts)",
    ),
    "milliseconds rounded up": (
        "fct_sessions",
        "timestamp_diff(session_end_ts, session_start_ts, millisecond)",
        "timestamp_diff(session_end_ts, session_start_ts, second) * 1000",
    ),
    "ten seconds, not more than ten": ("fct_sessions", "> 10000", ">= 10000"),
    "no conversion": ("fct_sessions", "conversion_count > 0", "conversion_count > 9"),
    "first page for last": ("int_sessions__measured", "having max", "having min"),
    "session date in another zone": (
        "stg_footfall__events",
        "cast(session_start_ts as date)",
        "date(session_start_ts, 'America/New_York')",
    ),
    "NULL path is not the empty path": ("stg_footfall__events", "coalesce(page_path, '(not set)')", "page_path"),
    "floats for money": ("stg_footfall__events", "price * ", "cast(price as float64) * "),
    "integer division": ("int_metrics__daily", "safe_divide(", "1.0 * div("),
    "visits counted as visitors": ("int_metrics__daily", "count(distinct visitor_id)", "count(visitor_id)"),
    "the day's first device for its last": ("int_visitors__daily", "having max", "having min"),
    "the last day's landing page for the first's": ("dim_visitors", "having min", "having max"),
    "the oldest title": ("dim_pages", "having max", "having min"),
    "no page without a view on its date": ("int_pages__daily", "full outer join", "left join"),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_in_a_model_shows(proof: Proof, slip: str) -> None:
    model, right, wrong = SLIPS[slip]
    node = proof.compiled["full"].models[model]
    assert right in node.sql, f"{model} no longer holds `{right}`: write this slip anew\n{node.sql}"
    slipped = dataclasses.replace(node, sql=node.sql.replace(right, wrong))
    assert differences(proof.table(slipped, "full"), proof.built["full"][model], node.primary_key)


@pytest.mark.parametrize(
    ("copies", "noticed"),
    [
        (0, {"relationships_fct_page_views_session_id", "assert_every_event_is_in", "assert_daily_metrics_add_up"}),
        (2, {"unique_fct_sessions_session_id", "assert_every_event_is_in", "assert_daily_metrics_add_up"}),
    ],
)
def test_data_tests_of_touched_dates_notice_a_session_lost_or_doubled_there(
    proof: Proof, copies: int, noticed: set[str]
) -> None:
    day = max(proof.touched)
    sessions = proof.built["incremental"]["fct_sessions"]
    position = list(sessions.columns).index("session_date")
    row = next(row for row in sessions.rows if row[position] == day)
    broken = Table(sessions.columns, [other for other in sessions.rows if other != row] + [row] * copies)
    built = {**proof.built, "incremental": {**proof.built["incremental"], "fct_sessions": broken}}
    worse = dataclasses.replace(proof, built=built)
    failing = [test.name for test in proof.compiled["incremental"].tests if worse.select(test, "incremental").rows]
    assert len(failing) == len(noticed)
    assert all(any(name.startswith(start) for name in failing) for start in noticed), failing


def test_a_table_named_twice_and_filtered_once_is_read_whole() -> None:
    from tests.dbt_bigquery.test_models import selects_from

    sql = "with a as (select (n) from `t`), b as (select * from `t` where day in (date '2024-02-29')) select * from a"
    assert list(selects_from("`t`", sql)) == ["", " where day in (date '2024-02-29')"]


def test_a_difference_names_the_row_the_column_and_both_values() -> None:
    columns = {"day": "DATE", "visits": "INT64"}
    google = Table(columns, [(date(2024, 2, 28), 1), (date(2024, 2, 29), 2)])
    duckdb = Table(columns, [(date(2024, 2, 29), 3), (date(2024, 3, 1), 4)])
    assert differences(google, duckdb, ["day"]) == [
        "day=datetime.date(2024, 2, 28): only google has this row: {'day': datetime.date(2024, 2, 28), 'visits': 1}",
        "day=datetime.date(2024, 2, 29), column visits: duckdb 3, google 2",
        "day=datetime.date(2024, 3, 1): only duckdb has this row: {'day': datetime.date(2024, 3, 1), 'visits': 4}",
    ]


@pytest.mark.parametrize(
    ("google", "duckdb"),
    [
        (Table({"n": "INT64"}, [(1,)]), Table({"n": "FLOAT64"}, [(1.0,)])),
        (Table({"n": "INT64"}, [(1,)]), Table({"m": "INT64"}, [(1,)])),
        (Table({"n": "INT64"}, [(0,)]), Table({"n": "INT64"}, [(None,)])),
        (Table({"s": "STRING"}, [("",)]), Table({"s": "STRING"}, [(None,)])),
        (Table({"s": "STRING"}, [("a",), ("a",)]), Table({"s": "STRING"}, [("a",)])),
    ],
)
def test_a_type_a_name_a_null_and_a_repeated_row_are_differences(google: Table, duckdb: Table) -> None:
    assert differences(google, duckdb, ())


def test_decimals_of_other_scale_and_floats_summed_in_other_order_are_none() -> None:
    columns = {"price": "NUMERIC", "share": "FLOAT64"}
    google = Table(columns, [(Decimal("19.99"), 0.1 + 0.2 + 0.3)])
    assert not differences(google, Table(columns, [(Decimal("19.990000000"), 0.3 + 0.2 + 0.1)]), ())


def test_values_pass_through_googles_engine_unchanged(proof: Proof) -> None:
    values = {
        "TIMESTAMP": datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        "DATE": date(2024, 2, 29),
        "NUMERIC": Decimal("-1234567.123456789"),
        "ARRAY<STRING>": ["é", ""],
        "BOOL": False,
        "STRING": "商品 😀",
        "INT64": -(2**63),
        "FLOAT64": -0.1,
    }
    columns = {f"column_{number}": kind for number, kind in enumerate(values)}
    sent = Table(columns, [tuple(values.values()), (None,) * len(values)])
    assert proof.google.execute("select * from sent", {"sent": sent}) == sent


@pytest.mark.parametrize(
    "sql",
    [
        "select no_such_column from `p-1`.d.t",
        "select n from `p-1`.d.no_such_table",
        "select date_sub('second', timestamp '2024-02-29', timestamp '2024-03-01')",  # DuckDB's, not BigQuery's
        "select n::string from `p-1`.d.t",
        "select 1 as a, 2 as a",
    ],
)
def test_googles_engine_refuses_what_bigquery_refuses(proof: Proof, sql: str) -> None:
    from tests.dbt_bigquery.engine import SqlError

    with pytest.raises(SqlError):
        proof.google.columns(sql, {("p-1", "d", "t"): {"n": "INT64"}})


def test_a_date_left_without_rows_is_emptied_and_rows_outside_the_list_are_kept_twice() -> None:
    from tests.dbt_bigquery.write import written

    columns = {"day": "DATE", "n": "INT64"}
    config = {
        "incremental_strategy": "insert_overwrite",
        "partition_by": {"field": "day", "data_type": "date"},
        "partitions": ["date '2024-02-28'", "date '2024-02-29'"],
    }
    leap, march = date(2024, 2, 29), date(2024, 3, 1)
    before = Table(columns, [(date(2024, 2, 28), 1), (leap, 2), (march, 3)])
    after = written(config, before, Table(columns, [(leap, 20), (march, 30)]))
    assert after.rows == [(march, 3), (leap, 20), (march, 30)]


@pytest.mark.parametrize(
    "change",
    [{"partitions": []}, {"partitions": ["current_date()"]}, {"partition_by": None}, {"incremental_strategy": "merge"}],
)
def test_a_configuration_with_no_replay_is_refused(change: dict[str, object]) -> None:
    from tests.dbt_bigquery.write import written

    config = {
        "incremental_strategy": "insert_overwrite",
        "partition_by": {"field": "day", "data_type": "date"},
        "partitions": ["date '2024-02-28'"],
    }
    with pytest.raises(ValueError, match="partition"):
        written(config | change, Table({"day": "DATE"}, []), Table({"day": "DATE"}, []))


def test_a_refusal_shows_the_line_it_is_about(proof: Proof) -> None:
    from tests.dbt_bigquery.engine import SqlError

    with pytest.raises(SqlError, match=r"Unrecognized name: nn \[at 2:3\]\n  nn\n  \^"):
        proof.google.columns("select\n  nn\nfrom `p-1`.d.t", {("p-1", "d", "t"): {"n": "INT64"}})
