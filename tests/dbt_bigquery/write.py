"""What BigQuery does with the rows an incremental model selects, so that whole tables can be compared.

dbt turns the selected rows into a MERGE script at run time, which needs a live BigQuery; the script's effect is
replayed here from the model's own configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.dbt_bigquery.values import Table


def written(config: Mapping[str, Any], before: Table, selected: Table) -> Table:
    """The table after an incremental run that selected these rows, by ``incremental_strategy``.

    ``insert_overwrite`` replaces the partitions that occur among the selected rows and leaves the others; ``merge``
    replaces rows of the same ``unique_key``. Raises ValueError for a strategy not replayed here, or one that lacks
    what it needs.
    """
    strategy = config.get("incremental_strategy") or "merge"
    if strategy == "insert_overwrite":
        partition = (config.get("partition_by") or {}).get("field")
        if not partition or (config["partition_by"].get("granularity") or "day") != "day":
            raise ValueError(f"insert_overwrite needs partition_by a field by day, got {config.get('partition_by')!r}")
        keys: list[str] = [partition]
    elif strategy == "merge" and config.get("unique_key"):
        unique = config["unique_key"]
        keys = [unique] if isinstance(unique, str) else list(unique)
    else:
        raise ValueError(f"no replay of incremental_strategy {strategy!r} with unique_key {config.get('unique_key')!r}")
    positions = [list(before.columns).index(key) for key in keys]
    replaced = {tuple(row[key] for key in keys) for row in selected.dicts()}
    kept = [row for row in before.rows if tuple(row[position] for position in positions) not in replaced]
    return Table(selected.columns, [*kept, *selected.rows])
