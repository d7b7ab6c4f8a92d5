"""The project compiled twice for BigQuery, built twice on DuckDB, and Google's SQL engine: once for all tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.dbt_bigquery.execute import Proof

_AGREED = "agreed"


@pytest.fixture(scope="session")
def proof(tmp_path_factory: pytest.TempPathFactory) -> Proof:
    """What the tests of this folder look at; dbt takes seconds to import, so nothing here does before it must."""
    from tests.dbt_bigquery.execute import prove

    return prove(tmp_path_factory.mktemp("dbt bigquery"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much was proven, in one line."""
    passed = terminalreporter.stats.get("passed", [])
    agreed = {value for report in passed for name, value in report.user_properties if name == _AGREED}
    if agreed:
        both = {model for model, _ in agreed if {(model, "full"), (model, "incremental")} <= agreed}
        terminalreporter.write_line(
            f"{len(both)} models type-checked and executed on Google's SQL engine, full and incremental, "
            "equal to DuckDB row by row"
        )
