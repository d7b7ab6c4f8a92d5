"""The marts of a home: built by dbt date by date in this process, or all at once by the SQL dbt compiles for that.

A dbt command parses the project anew for each set of touched dates (seconds) and runs the data tests. Here the project
is parsed once, and the models alone are run. All else is what ``footfall transform`` does.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb
from dbt.cli import main as dbt
from dbt.context.providers import RuntimeConfigObject

from footfall.errors import InputError
from footfall.settings import Settings
from footfall.warehouse import PUBLISHED_MARTS
from footfall.warehouse.build_db import BUILD_SCHEMA, open_build_db
from footfall.warehouse.dbt_runner import DBT_PROJECT
from footfall.warehouse.load import load
from footfall.warehouse.publish import publish
from footfall.warehouse.transform import transform

Rows = dict[str, list[tuple[Any, ...]]]


class Marts:
    """dbt with its project parsed and compiled for a full build."""

    def __init__(self, folder: Path) -> None:
        self._where = [
            "--quiet", "--log-level", "none", "--log-level-file", "none", "--no-version-check", "--no-write-json",
            "--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT), "--target", "laptop",
            "--target-path", str(folder / "target"), "--log-path", str(folder / "logs"),
        ]  # fmt: skip
        environment = {"FOOTFALL_BUILD_DB": str(folder / "build.duckdb"), "DO_NOT_TRACK": "1"}
        with mock.patch.dict(os.environ, environment):
            self.manifest = self._invoke(None, ["parse"]).result
            compiled = self._invoke(self.manifest, ["compile", "--full-refresh"]).result
        models = [result.node for result in compiled.results if result.node.resource_type == "model"]
        self.order = [model.name for model in models]  # a model comes after those it reads
        self._sql = {
            model.name: f"create {'view' if model.config.materialized == 'view' else 'table'} "
            f"{BUILD_SCHEMA}.{model.name} as {model.compiled_code}"
            for model in models
        }

    def build(self, settings: Settings, models: int | None = None) -> None:
        """What ``footfall transform`` and ``footfall publish`` do; or only the first ``models`` models."""
        with self._prepared([] if models is None else ["--select", *self.order[:models]]):
            transform(settings)
        if models is None:
            with suppress(InputError):  # that nothing has been built: no event has ever come
                publish(settings)

    def at_once(self, settings: Settings) -> Rows:
        """Every row of every mart of a home where nothing was built, by a full build."""
        if not load(settings):
            return no_rows()
        with open_build_db(settings) as connection:
            connection.execute(f"create schema {BUILD_SCHEMA}")
            for sql in self._sql.values():
                connection.execute(sql)
        return _rows(settings.build_db, BUILD_SCHEMA)

    @contextmanager
    def _prepared(self, selected: list[str]) -> Iterator[None]:
        def invoke(_: dbt.dbtRunner, arguments: list[str]) -> dbt.dbtRunnerResult:
            variables = arguments[arguments.index("--vars") + 1]
            return self._invoke(self.manifest, ["run", "--vars", variables, *selected])

        def configure(config: RuntimeConfigObject, *_: Any, **values: Any) -> str:
            # dbt takes the config from the parse; the partitions to replace follow from this run's variables
            if "partitions" in values:
                config.model.config["partitions"] = values["partitions"]
            return ""

        with (
            mock.patch("dbt.cli.main.dbtRunner", type("Prepared", (), {"invoke": invoke})),
            mock.patch.object(RuntimeConfigObject, "__call__", configure),
        ):
            yield

    def _invoke(self, manifest: Any, arguments: list[str]) -> dbt.dbtRunnerResult:
        done = _RUNNER(manifest=manifest).invoke([*arguments, *self._where])
        assert done.success, done.exception or [result.message for result in done.result.results]
        return done


_RUNNER = dbt.dbtRunner


def no_rows() -> Rows:
    """The marts of a lake to which no event has ever come."""
    return {mart: [] for mart in PUBLISHED_MARTS}


def published(settings: Settings) -> Rows:
    """Every row of every mart as readers see it."""
    return _rows(settings.published_db, "main") if settings.published_db.exists() else no_rows()


def _rows(database: Path, schema: str) -> Rows:
    with duckdb.connect(database, read_only=True) as connection:
        return {
            mart: connection.execute(f"select * from {schema}.{mart} order by all").fetchall()
            for mart in PUBLISHED_MARTS
        }
