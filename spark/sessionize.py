"""Events to sessions: one shuffle by visitor, one sort, one pass.

The order within a visitor is (event_ts, identity, file, line): a function of the data alone, so that the sessions do
not depend on how the lines were cut into files or in which order those arrived.
"""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from footfall.contract import COLUMN_NAMES, EVENT_COLUMNS
from footfall.settings import SessionSettings
from footfall.sources.base import REJECT_REASON
from spark.parse import IDENTITY, SPARK_TYPES
from spark.stamp import stamper

# An open session comes as one row: the visitor's last event before the first date, and these
CARRY_TYPES = {
    "carry_start_ts": "timestamp",
    "carry_event_number": "bigint",
    "carry_campaign": "string",
    "carry_reason": "string",
}
STAMPED_SCHEMA = ", ".join(
    [*(f"{column.name} {SPARK_TYPES[column.type]}" for column in EVENT_COLUMNS), f"{REJECT_REASON} string"]
)


def sessionize(rows: DataFrame, settings: SessionSettings) -> DataFrame:
    """Contract columns of parsed rows, stored events and carried-in sessions, and ``reject_reason`` beside them.

    ``rows`` has the columns of ``spark.parse.PARSED_COLUMNS`` and ``CARRY_TYPES``. Carried-in rows
    (``carry_start_ts`` set) give the open sessions and are not returned. A rejected row passes through with its masked
    line in ``properties``.
    """
    # A rejected line has no visitor: its identity keeps it out of every visitor's events, and spreads the lines
    key = F.when(F.col(REJECT_REASON).isNull(), F.col("visitor_id")).otherwise(F.col(IDENTITY))
    # The window is what makes the engines shuffle and sort (Sail drops a sort that nothing asks for); the stamper
    # holds them to it by the numbers
    visitor = Window.partitionBy("key").orderBy("event_ts", IDENTITY, "file_sha256", "line_number")
    return (
        rows.withColumn("key", key)
        .withColumn("row", F.row_number().over(visitor))
        .mapInArrow(stamper(settings, [*COLUMN_NAMES, REJECT_REASON]), STAMPED_SCHEMA)
    )
