"""The four tables the gate hands to Great Expectations, and the expectations on each.

========  ========================================  ==================================================
suite     one row per                               expectation
========  ========================================  ==================================================
run       run                                       share of quarantined lines at most the threshold
contract  staged date and column                    type in the files equals type in the contract
events    staged date                               count of rows that break a rule is 0, for each rule
sessions  date of a session's first staged event    count of sessions that break a rule is 0, for each
========  ========================================  ==================================================

This module needs no Great Expectations: an expectation is its type and arguments, as GX stores it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from footfall.contract import EVENT_COLUMNS, PARTITION_COLUMN
from footfall.quality.rules import Grain, Rule
from footfall.quality.staged import Profile, StagedAudit
from footfall.settings import Settings

NOT_IN_CONTRACT = "(not in the contract)"
MISSING = "(missing)"
QUARANTINE_SHARE = "quarantined_share_at_most"
COLUMN_TYPES = "columns_and_types_equal_contract"


@dataclass(frozen=True, slots=True)
class Expectation:
    """A GX expectation under the name of the rule it stands for; ``statement`` is what the data docs show."""

    rule: str
    statement: str
    type: str
    kwargs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Suite:
    """One suite with the rows it validates; ``index`` names the columns that say which row failed.

    ``row`` says what a row is (plural), ``value`` what the number in it counts; the data docs show both.
    """

    name: str
    row: str
    value: str
    expectations: Sequence[Expectation]
    rows: Sequence[Mapping[str, Any]]
    columns: Sequence[str]
    index: Sequence[str]


def run_suite(settings: Settings, run_id: str, staged: StagedAudit) -> Suite:
    """The share of quarantined lines; the threshold itself passes."""
    limit = settings.quality.max_quarantine_share
    row = {
        "run_id": run_id,
        "lines_read": staged.lines_read,
        "quarantined_lines": staged.quarantined_lines,
        "quarantined_share": staged.quarantined_share,
    }
    expectation = Expectation(
        QUARANTINE_SHARE,
        f"At most {limit:.2%} of the lines read are quarantined.",
        "expect_column_max_to_be_between",
        {"column": "quarantined_share", "max_value": limit},
    )
    return Suite("run", "runs", "share", [expectation], [row], list(row), ["run_id"])


def contract_suite(schemas: Mapping[date, Mapping[str, set[str]]]) -> Suite:
    """Every column of the contract in every file with the contract's type, and no other column."""
    expected = {column.name: str(column.type) for column in EVENT_COLUMNS if column.name != PARTITION_COLUMN}
    columns = [PARTITION_COLUMN, "column_name", "contract_type", "staged_type"]
    rows = [
        {
            PARTITION_COLUMN: day.isoformat(),
            "column_name": name,
            "contract_type": expected.get(name, NOT_IN_CONTRACT),
            "staged_type": " and ".join(sorted(found.get(name, {MISSING}))),
        }
        for day, found in sorted(schemas.items())
        for name in dict.fromkeys((*expected, *found))
    ]
    expectation = Expectation(
        COLUMN_TYPES,
        "Every column of the contract is in every file with the contract's type, and no other column is.",
        "expect_column_pair_values_to_be_equal",
        {"column_A": "contract_type", "column_B": "staged_type", "ignore_row_if": "neither"},
    )
    return Suite("contract", "columns by date", "type", [expectation], rows, columns, [PARTITION_COLUMN, "column_name"])


def rule_suite(grain: Grain, rules: Sequence[Rule], profile: Profile) -> Suite:
    """Counts of broken rules of one grain by date, each of which must be 0."""
    of_grain = [rule for rule in rules if rule.grain == grain]
    rows = [
        {PARTITION_COLUMN: day.isoformat(), grain: total}
        | {rule.name: profile.broken[rule.name][day] for rule in of_grain}
        for day, total in profile.totals[grain].items()
    ]
    expectations = [
        Expectation(
            rule.name,
            rule.statement,
            "expect_column_values_to_be_between",
            {"column": rule.name, "min_value": 0, "max_value": 0},
        )
        for rule in of_grain
    ]
    columns = [PARTITION_COLUMN, grain, *(rule.name for rule in of_grain)]
    return Suite(grain, "dates", f"{grain} that break it", expectations, rows, columns, [PARTITION_COLUMN])
