"""Events to sessions: one shuffle by visitor, one sort, one pass.

The order within a visitor is (event_ts, identity, file, line): a function of the data alone, so that the sessions do
not depend on how the lines were cut into files or in which order those arrived.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from footfall.enrich.user_agents import DEVICE_FIELDS
from footfall.lake.event_schema import arrow_schema
from footfall.settings import SessionSettings
from spark.columns import (
    CONTRACT_TYPES,
    FILE,
    FILE_COLUMNS,
    IDENTITY,
    ORDINAL,
    PARSED_TYPES,
    SESSION_COLUMNS,
    SOURCE_COLUMNS,
    with_missing,
)
from spark.derive import with_utm
from spark.stamp import stamper


def sessionize(rows: DataFrame, files: Sequence[tuple[Any, ...]], settings: SessionSettings) -> DataFrame:
    """Parsed rows, stored events and carried-in sessions as events with session and device; rejected rows as well.

    ``rows`` has ``spark.columns.PARSED_TYPES``, ``CARRY_TYPES`` and any of ``SOURCE_COLUMNS``. Carried-in
    rows (``carry_start_ts`` set) give the open sessions and are not returned. ``files`` has the ``FILE_COLUMNS`` of
    each file, by its number.
    """
    # The window is what makes the engines shuffle and sort (Sail drops a sort that nothing asks for); the stamper
    # holds them to it by the numbers
    visitor = Window.partitionBy("visitor_id").orderBy("event_ts", IDENTITY, FILE, "line_number")
    delivered = [name for name in SOURCE_COLUMNS if name in rows.columns]
    used_up = {IDENTITY, ORDINAL, FILE}
    types = {name: kind for name, kind in PARSED_TYPES.items() if name not in used_up}
    device = DEVICE_FIELDS if "user_agent" in delivered else ()
    types |= {name: CONTRACT_TYPES[name] for name in (*delivered, *SESSION_COLUMNS, *device, *FILE_COLUMNS)}
    schema = ", ".join(f"{name} {kind}" for name, kind in types.items())
    if settings.split_on_campaign:
        rows = with_missing(rows, {"page_url": CONTRACT_TYPES["page_url"]})
        rows = with_utm(rows, ("utm_campaign",))
    stamp = stamper(settings, list(types), _file_columns(files))
    return rows.withColumn("row", F.row_number().over(visitor)).mapInArrow(stamp, schema)


def _file_columns(files: Sequence[tuple[Any, ...]]) -> dict[str, pa.Array]:
    arrow = arrow_schema()
    nobody = [(None,) * len(FILE_COLUMNS)]  # a carried row has a file's columns as well, until it is dropped
    columns = zip(*(files or nobody), strict=True)
    return {name: pa.array(column, arrow.field(name).type) for name, column in zip(FILE_COLUMNS, columns, strict=True)}
