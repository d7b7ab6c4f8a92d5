"""The warehouse: it sees the events zone, dbt builds in it, and readers get what was published.

``load`` makes the changed dates visible to dbt, ``dbt_runner`` builds the models, ``publish`` swaps the finished marts
in front of readers in one step, ``query`` reads them. ``transform`` is load and build in one call. On a laptop the
warehouse is two DuckDB files (:mod:`build_db`, :mod:`publish`), on Google Cloud three BigQuery datasets
(:mod:`bigquery`).
"""

from __future__ import annotations

from typing import Final

PUBLISHED_MARTS: Final[tuple[str, ...]] = (
    "fct_page_views",
    "fct_sessions",
    "dim_visitors",
    "dim_pages",
    "agg_daily_metrics",
)
PUBLICATIONS_TABLE: Final = "footfall_publications"
