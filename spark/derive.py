"""Columns that follow from others of the same row: page, hosts, campaign, date.

Computed after the shuffle, so that no row carries them through it. Stored events go through it again with the rest of
their day, and so follow the rules as they are now.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from footfall.sources.http_columns import event_name, percent_decoded, url_host, url_path
from spark.columns import CONTRACT_TYPES, UTM_PARAMETERS, with_missing
from spark.parse import mask_emails

PAGE_VIEWS = ("page_view", "view_item")
_NEEDED = (
    "page_url",
    "page_path",
    "page_host",
    "referrer_url",
    "event_name",
    "http_method",
    "http_status",
)


def derive(rows: DataFrame) -> DataFrame:
    """The rows with the date, hosts and campaign, and event_name, page_path, page_host where there were none."""
    rows = with_utm(with_missing(rows, {name: CONTRACT_TYPES[name] for name in _NEEDED}))
    path = F.coalesce(F.col("page_path"), url_path(F.col("page_url")))
    rows = rows.withColumns(
        {
            "page_path": path,
            "page_host": F.coalesce(F.col("page_host"), url_host(F.col("page_url"))),
            "referrer_host": url_host(F.col("referrer_url")),
            "event_date": F.to_date("event_ts"),
        }
    )
    name = F.coalesce(F.col("event_name"), event_name(F.col("http_method"), F.col("http_status"), F.col("page_path")))
    return rows.withColumn("event_name", name).withColumn("is_page_view", F.col("event_name").isin(*PAGE_VIEWS))


def with_utm(rows: DataFrame, names: Sequence[str] = UTM_PARAMETERS) -> DataFrame:
    """The rows with utm parameters of page_url, percent-decoded and without e-mail addresses; null when absent."""
    return rows.withColumns({name: _utm(F.col("page_url"), name) for name in names})


def _utm(url: Column, name: str) -> Column:
    # The condition alone first: what stands beside it in one expression is evaluated for every row
    raw = F.when(url.contains(f"{name}="), F.regexp_extract(url, rf"[?&]{name}=([^&#]*)", 1))
    value = mask_emails(F.coalesce(percent_decoded(raw), raw))
    return F.when(value != "", value)
