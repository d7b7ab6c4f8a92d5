"""The one set of models means the same on BigQuery as on DuckDB: types, rows, and what a run may read and replace."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from footfall.settings import PROJECT_ROOT
from tests.dbt_bigquery.compare import differences, report

if TYPE_CHECKING:
    from tests.dbt_bigquery.compile import Node
    from tests.dbt_bigquery.execute import Mode, Proof

pytestmark = pytest.mark.xdist_group("dbt_bigquery")

DAY = timedelta(days=1)
STAGING = "stg_footfall__events"
MODELS = sorted(path.stem for path in (PROJECT_ROOT / "dbt" / "models").rglob("*.sql"))
each_model = pytest.mark.parametrize("model", MODELS)
each_mode = pytest.mark.parametrize("mode", ["full", "incremental"])


def test_every_model_is_compared(proof: Proof) -> None:
    assert sorted(proof.compiled["full"].models) == MODELS


def test_the_fixture_rows_reach_every_model_and_change_it(proof: Proof) -> None:
    for name, before in proof.built["full"].items():
        assert before.rows, f"{name} is empty: the fixture rows prove nothing about it"
        assert differences(before, proof.built["incremental"][name], ()), f"{name}: the late rows change nothing in it"


@each_mode
@each_model
def test_bigquery_returns_the_columns_the_contract_declares(proof: Proof, model: str, mode: Mode) -> None:
    assert proof.columns(proof.compiled[mode].models[model], mode) == proof.contracts[model]


@each_mode
@each_model
def test_both_engines_hold_the_same_rows(
    proof: Proof, model: str, mode: Mode, record_property: Callable[[str, object], None]
) -> None:
    node = proof.compiled[mode].models[model]
    lines = differences(proof.table(node, mode), proof.built[mode][model], node.primary_key)
    assert not lines, report(f"{model}, {mode} run: DuckDB and Google's SQL engine disagree", lines)
    record_property("agreed", (model, mode))


@each_model
def test_an_incremental_run_leaves_what_a_full_rebuild_makes(proof: Proof, model: str) -> None:
    node = proof.compiled["full"].models[model]
    rebuilt = proof.select(node, "full", state="incremental")
    lines = differences(rebuilt, proof.built["incremental"][model], node.primary_key)
    assert not lines, report(f"{model}: duckdb's incremental run is not google's full rebuild", lines)


def test_an_incremental_run_inserts_only_into_partitions_it_empties(proof: Proof) -> None:
    from tests.dbt_bigquery.write import overwritten, partition_field

    for node in incremental_models(proof):
        dates = {row[partition_field(node.config)] for row in proof.select(node, "incremental").dicts()}
        strays = sorted(dates - overwritten(node.config))
        assert not strays, f"{node.name} would insert rows twice: `partitions` does not list {strays}"


def test_an_incremental_run_writes_the_touched_dates_and_the_day_before_where_sessions_count(proof: Proof) -> None:
    from tests.dbt_bigquery.write import overwritten, partition_field

    began = proof.touched | {day - DAY for day in proof.touched}
    for node in incremental_models(proof):
        expected = proof.touched if partition_field(node.config) == "event_date" else began
        assert overwritten(node.config) == expected, node.name


def test_what_is_stored_is_stored_by_date_and_never_read_back_from_a_view_over_all_of_it(proof: Proof) -> None:
    models = proof.compiled["incremental"].models
    whole = {name: model.relation for name, model in models.items() if not model.incremental and name != STAGING}
    assert {models[name].config["materialized"] for name in [*whole, STAGING]} == {"view"}
    for node in (*incremental_models(proof), *proof.compiled["incremental"].tests):
        read = [name for name, relation in whole.items() if relation in node.sql]
        assert not read, f"{node.name} reads {read}: on BigQuery every build would pay for the whole history"


def test_an_incremental_run_reads_only_the_touched_dates_and_their_neighbours(proof: Proof) -> None:
    """Data tests included, and each time a table is named."""
    from tests.dbt_bigquery.write import partition_field

    compiled = proof.compiled["incremental"]
    partitioned = {source.relation: "event_date" for source in compiled.sources.values()}
    partitioned[compiled.models[STAGING].relation] = "event_date"  # it hands the filter down to the events
    partitioned |= {model.relation: partition_field(model.config) for model in incremental_models(proof)}
    near = {day + step * DAY for day in proof.touched for step in (-1, 0, 1)}
    for node in (*incremental_models(proof), *compiled.tests):
        reads = [(field, part) for name, field in partitioned.items() for part in selects_from(name or "", node.sql)]
        assert reads, f"{node.name} reads no table"
        for field, part in reads:
            listed = re.search(rf"\b{field} in \((date '[^)]+')\)", part)
            assert listed, (
                f"{node.name} reads a table without `{field} in (date ...)`: "
                f"on BigQuery an incremental run would pay for the whole table\n{part}"
            )
            assert {date.fromisoformat(day) for day in re.findall(r"date '([^']+)'", listed[1])} <= near, node.name


def selects_from(relation: str, sql: str) -> Iterator[str]:
    """What follows each mention of the relation, to the end of the select it is in."""
    for mention in re.finditer(re.escape(relation), sql):
        depth = 0
        for position in range(mention.end(), len(sql) + 1):
            depth += {"(": 1, ")": -1}.get(sql[position : position + 1], 0)
            if depth < 0 or position == len(sql):
                yield sql[mention.end() : position]
                break


def incremental_models(proof: Proof) -> list[Node]:
    """The models a run may rewrite in part, compiled for such a run."""
    nodes = [node for node in proof.compiled["incremental"].models.values() if node.incremental]
    assert nodes
    return nodes


@each_mode
def test_data_tests_run_on_bigquery_and_find_nothing(proof: Proof, mode: Mode) -> None:
    tests = proof.compiled[mode].tests
    assert tests
    failing = {test.name: rows[:3] for test in tests if (rows := proof.select(test, mode, "incremental").rows)}
    assert not failing


def test_a_late_event_three_days_back_moves_what_is_known_of_all_time(proof: Proof) -> None:
    """And taking one back moves it forward again; the newest day itself is not touched."""
    newest, back = date(2024, 3, 12), date(2024, 3, 9)
    assert newest not in proof.touched
    assert newest - DAY not in proof.touched
    assert back in proof.touched

    def found(model: str, key: str, value: object, state: Mode, *columns: str) -> tuple[object, ...]:
        view = proof.select(proof.compiled["incremental"].models[model], "incremental", state)
        (row,) = (row for row in view.dicts() if row[key] == value)
        return tuple(row[column] for column in columns)

    def visitor(name: str, state: Mode) -> tuple[object, ...]:
        columns = ("first_seen_ts", "first_landing_page", "first_referrer_host", "first_utm_source", "session_count")
        first_seen, *rest = found("dim_visitors", "visitor_id", name, state, *columns)
        assert isinstance(first_seen, datetime)
        return (first_seen.date(), *rest)

    assert visitor("late-first", "full") == (newest, "/back", None, "newsletter", 1)
    assert visitor("late-first", "incremental") == (back, "/cart", "first.example", None, 2)
    assert visitor("late-last", "full") == (back, "/back", None, None, 2)
    assert visitor("late-last", "incremental") == (newest, "/cart", None, None, 1)

    page = ("page_view_count", "entrance_count", "bounce_count", "exit_count")
    assert found("dim_pages", "page_path", "/back", "full", *page) == (2, 2, 2, 2)
    assert found("dim_pages", "page_path", "/back", "incremental", *page) == (1, 1, 1, 1)

    # on 9 March /end was a session, and is now the end of one that began the evening before
    day = ("sessions", "visitors", "page_views", "bounces")
    assert found("agg_daily_metrics", "metric_date", back, "full", *day) == (2, 2, 2, 2)
    assert found("agg_daily_metrics", "metric_date", back, "incremental", *day) == (1, 2, 2, 1)


def test_a_date_is_final_72_hours_after_its_end(proof: Proof) -> None:
    node = proof.compiled["full"].models["agg_daily_metrics"]
    at = dataclasses.replace(node, sql=node.sql.replace("current_timestamp", "timestamp '2024-03-13 00:00:00'"))
    final = {row["metric_date"]: row["is_final"] for row in proof.select(at, "full", "incremental").dicts()}
    assert {day for day, is_final in final.items() if not is_final} == {date(2024, 3, 10), date(2024, 3, 12)}
    assert final[date(2024, 3, 9)]
