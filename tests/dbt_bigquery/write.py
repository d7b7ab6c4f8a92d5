"""What BigQuery does with the rows an incremental model selects, so that whole tables can be compared.

dbt wraps the selected rows in a MERGE when it runs, which needs a live BigQuery; the effect of that statement is
replayed here from the model's own configuration.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from tests.dbt_bigquery.table import Table


def written(config: Mapping[str, Any], before: Table, selected: Table) -> Table:
    """The table after an incremental run that selected these rows, with the strategy ``insert_overwrite``.

    The partitions listed by the setting ``partitions`` lose their rows, the selected rows are inserted, whatever
    their partition. Raises ValueError for any other configuration: replay it here before a model uses it.
    """
    field, partitions = partition_field(config), overwritten(config)
    position = list(before.columns).index(field)
    kept = [row for row in before.rows if row[position] not in partitions]
    return Table(selected.columns, [*kept, *selected.rows])


def partition_field(config: Mapping[str, Any]) -> str:
    """The date column an incremental model is partitioned by. Raises ValueError when it is not so partitioned."""
    partition_by = config.get("partition_by") or {}
    by_day = partition_by.get("data_type") == "date" and (partition_by.get("granularity") or "day") == "day"
    if config.get("incremental_strategy") != "insert_overwrite" or not by_day:
        raise ValueError(
            "an incremental model needs incremental_strategy insert_overwrite and partition_by a date column, by day; "
            f"it has {config.get('incremental_strategy')!r} and {partition_by!r}"
        )
    return str(partition_by["field"])


def overwritten(config: Mapping[str, Any]) -> set[date]:
    """The partitions an incremental run replaces. Raises ValueError unless all of them are date literals.

    Without the list BigQuery replaces only the dates that occur among the new rows, and a date that has become
    empty would keep its old rows.
    """
    literals = [re.fullmatch(r"date '(\d{4}-\d{2}-\d{2})'", text) for text in config.get("partitions") or []]
    if not literals or None in literals:
        raise ValueError(f"partitions must list date literals, got {config.get('partitions')!r}")
    return {date.fromisoformat(literal[1]) for literal in literals if literal}
