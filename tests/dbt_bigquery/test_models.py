"""The one set of models means the same on BigQuery as on DuckDB: types, rows, and what a run may read and replace."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from footfall.settings import PROJECT_ROOT
from tests.dbt_bigquery.compare import differences, report

if TYPE_CHECKING:
    from tests.dbt_bigquery.compile import Node
    from tests.dbt_bigquery.execute import Mode, Proof

pytestmark = pytest.mark.xdist_group("dbt_bigquery")

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


def test_an_incremental_run_reads_only_the_partitions_it_names(proof: Proof) -> None:
    from tests.dbt_bigquery.write import partition_field

    compiled = proof.compiled["incremental"]
    partitioned = {source.relation: "event_date" for source in compiled.sources.values()}
    for model in compiled.models.values():  # a view hands the filter down to the events
        partitioned[model.relation] = partition_field(model.config) if model.incremental else "event_date"
    for node in incremental_models(proof):
        read = [relation for relation in partitioned if relation in node.sql]
        assert read, f"{node.name} reads no table"
        for relation in read:
            assert re.search(rf"\b{partitioned[relation]} in \(date '\d{{4}}-\d{{2}}-\d{{2}}'", node.sql), (
                f"{node.name} reads {relation} without `{partitioned[relation]} in (date ...)`: "
                f"on BigQuery an incremental run would pay for the whole table\n{node.sql}"
            )


def incremental_models(proof: Proof) -> list[Node]:
    """The models a run may rewrite in part, compiled for such a run."""
    nodes = [node for node in proof.compiled["incremental"].models.values() if node.incremental]
    assert nodes
    return nodes


def test_data_tests_run_on_bigquery_and_find_nothing(proof: Proof) -> None:
    tests = proof.compiled["full"].tests
    assert tests
    failing = {test.name: rows[:3] for test in tests if (rows := proof.select(test, "full", "incremental").rows)}
    assert not failing
