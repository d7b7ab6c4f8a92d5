"""Both engines over the same rows: each model in its two modes, with the tables it reads and the table it replaces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Final, Literal

from footfall.contract import EVENT_COLUMNS
from tests.dbt_bigquery.compile import Compiled, Node, compile_offline
from tests.dbt_bigquery.engine import GoogleSql
from tests.dbt_bigquery.laptop import Laptop
from tests.dbt_bigquery.rows import Row, history
from tests.dbt_bigquery.table import Table
from tests.dbt_bigquery.write import written

Mode = Literal["full", "incremental"]
MODES: Final[tuple[Mode, ...]] = ("full", "incremental")


@dataclass(frozen=True)
class Proof:
    """The compiled project, Google's engine, and what DuckDB built from the fixture rows in two runs.

    A full run over the events before late files came, then an incremental one over the events after, whose dates
    with other events are ``touched``.
    """

    google: GoogleSql
    compiled: Mapping[Mode, Compiled]
    events: Mapping[Mode, Table]
    built: Mapping[Mode, Mapping[str, Table]]
    touched: frozenset[date]

    @cached_property
    def contracts(self) -> dict[str, dict[str, str]]:
        """Every model's contract, its types read by Google's analyzer the way dbt asks BigQuery for them."""
        return {model.name: self._declared(model) for model in self.compiled["full"].models.values()}

    def columns(self, node: Node, mode: Mode) -> dict[str, str]:
        """Names and types a compiled node returns, by Google's analyzer, over the tables the contracts declare."""
        compiled = self.compiled[mode]
        tables = {source.path: self.events[mode].columns for source in compiled.sources.values()}
        tables |= {model.path: self.contracts[model.name] for model in compiled.models.values()}
        return self.google.columns(node.sql, tables)

    def select(self, node: Node, mode: Mode, state: Mode | None = None) -> Table:
        """Rows that a node's SQL of this mode selects on Google's engine, reading what DuckDB built upstream.

        ``state`` says after which of the two runs the tables are read; the mode's own unless given.
        """
        state = state or mode
        compiled = self.compiled[mode]
        content = {**self.built[state], "events": self.events[state]}
        if node.name in content:
            content[node.name] = self.built["full"][node.name]  # what {{ this }} shows while the model runs
        sql, read = node.sql, {}
        for name, other in {**compiled.sources, **compiled.models}.items():
            if other.relation in sql:
                sql = sql.replace(other.relation, name)
                read[name] = content[name]
        selected = self.google.execute(sql, read)
        # dbt selects an enforced contract's columns by name, in its order, whatever the model's own
        return selected.ordered(node.contract) if selected.columns.keys() == node.contract.keys() else selected

    def table(self, node: Node, mode: Mode) -> Table:
        """The whole table BigQuery would hold after a run of this mode."""
        selected = self.select(node, mode)
        if mode == "incremental" and node.incremental:
            return written(node.config, self.built["full"][node.name], selected)
        return selected

    def _declared(self, model: Node) -> dict[str, str]:
        assert model.contract, f"{model.name} has no contract: declare its columns and their data_type in YAML"
        casts = (f"cast(null as {kind}) as {name}" for name, kind in model.contract.items())
        return self.google.columns(f"select {', '.join(casts)}", {})


def prove(folder: Path) -> Proof:
    """Compile both ways, build both states on DuckDB, start the engine. Everything lands below ``folder``."""
    rows = history()
    dates = {"touched_dates": [day.isoformat() for day in rows.touched]}
    compiled: dict[Mode, Compiled] = {
        "full": compile_offline(folder / "full", {"assume_incremental": False}),
        "incremental": compile_offline(folder / "incremental", {"assume_incremental": True, **dates}),
    }
    models, source = compiled["full"].models, compiled["full"].sources["events"]
    laptop = Laptop(folder)
    laptop.load(rows.before, source)
    laptop.build({})
    before = laptop.tables(models)
    laptop.load(rows.after, source)
    laptop.build(dates)
    return Proof(
        google=GoogleSql(),
        compiled=compiled,
        events={"full": events_table(rows.before), "incremental": events_table(rows.after)},
        built={"full": before, "incremental": laptop.tables(models)},
        touched=frozenset(rows.touched),
    )


def events_table(rows: list[Row]) -> Table:
    """Contract rows as the source table both engines read."""
    columns = {column.name: str(column.type) for column in EVENT_COLUMNS}
    return Table(columns, [tuple(row[name] for name in columns) for row in rows])
