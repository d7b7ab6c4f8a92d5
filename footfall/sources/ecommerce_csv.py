"""E-commerce events as CSV, the layout REES46 publishes.

``event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session``; times in UTC. The
shop's own ``user_session`` is kept beside our session.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.functions import arrow_udf

from footfall.contract import RejectReason
from footfall.lake.line_index import DateHint
from footfall.sources.base import FIRST_PARTY_ID, REJECT_REASON, Header, Source
from footfall.sources.http_columns import is_no_amount, reject

REQUIRED = ("event_time", "event_type", "product_id", "price", "user_id", "user_session")
# GA4's recommended event names
EVENT_NAMES = {
    "view": "view_item",
    "cart": "add_to_cart",
    "remove_from_cart": "remove_from_cart",
    "purchase": "purchase",
}
_LINE = re.compile(r'^"?\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"?,(view|cart|remove_from_cart|purchase),')


def read_header(first_lines: Sequence[str]) -> Header | None:
    """The column names of the first line."""
    fields = tuple(name.strip() for name in first_lines[0].lstrip("\ufeff").split(",")) if first_lines else ()
    return Header(fields, 1) if set(REQUIRED) <= set(fields) else None


def _split_quoted(lines: pa.Array) -> pa.Array:
    """Fields of the lines that hold quotes (null for the others), by Python's CSV reader."""
    return pa.array([None if line is None else _fields(line) for line in lines.to_pylist()], pa.list_(pa.string()))


def _fields(line: str) -> list[str]:
    """Fields of a line; none where it is no CSV: a carriage return outside quotes, a field of more than 128 KiB."""
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return []


def parse(lines: DataFrame, fields: tuple[str, ...]) -> DataFrame:
    """Add the columns of an event line whose header named ``fields``."""
    position = {name: index for index, name in enumerate(fields)}
    quoted = F.col("line").contains('"')
    # Spark's stubs want the kind of UDF, of which Spark itself says to leave it out
    split_quoted = arrow_udf(_split_quoted, "array<string>")  # type: ignore[call-overload]
    nothing = F.lit(None).cast("string")

    def field(name: str) -> Column:
        value = F.get("values", F.lit(position[name])) if name in position else nothing
        return F.when(value != "", value)

    names = F.lit(None).cast("string")
    for theirs, ours in EVENT_NAMES.items():
        names = F.when(field("event_type") == theirs, F.lit(ours)).otherwise(names)
    time = field("event_time")
    iso = F.concat(F.substring(time, 1, 10), F.lit("T"), F.substring(time, 12, 8), F.lit("Z"))
    frame = lines.withColumn("_quoted", split_quoted(F.when(quoted, F.col("line")))).withColumn(
        "values", F.when(quoted, F.col("_quoted")).otherwise(F.split("line", ","))
    )
    return (
        frame.withColumns(
            {
                "event_ts": F.when(time.endswith(" UTC") & (F.length(time) == 23), iso.try_cast("timestamp")),
                "event_name": names,
                FIRST_PARTY_ID: field("user_id"),
                "user_id": field("user_id"),
                "source_session_id": field("user_session"),
                "product_id": field("product_id"),
                "product_category": F.coalesce(field("category_code"), field("category_id")),
                "product_brand": field("brand"),
                # Plain digits alone: the engines differ on what an exponent means
                "price": F.when(field("price").rlike(r"^-?\d{1,20}(\.\d{1,9})?$"), field("price")).try_cast(
                    "decimal(38,9)"
                ),
                "quantity": F.when(names != "view_item", F.lit(1)).cast("bigint"),  # one row, one item
                "_price": field("price"),
            }
        )
        .withColumn(
            REJECT_REASON,
            reject(
                (F.size("values") != len(fields), RejectReason.MALFORMED_LINE),
                (F.col("event_ts").isNull(), RejectReason.BAD_TIMESTAMP),
                (F.col("event_name").isNull(), RejectReason.MALFORMED_LINE),
                (is_no_amount(F.col("_price"), F.col("price")), RejectReason.BAD_NUMBER),
                (F.col(FIRST_PARTY_ID).isNull(), RejectReason.MISSING_VISITOR),
            ),
        )
        .drop("values", "_quoted", "_price")
    )


SOURCE = Source(
    name="ecommerce_csv",
    title="E-commerce event CSV",
    matches=lambda line: _LINE.match(line) is not None,
    parse=parse,
    date_hint=DateHint(marker=b"\n", width=10, pattern="%Y-%m-%d"),
    read_header=read_header,
)
