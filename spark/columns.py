"""The columns a row has on its way: from the parser, through the shuffle, to the contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from footfall.contract import COLUMN_NAMES, EVENT_COLUMNS, Type
from footfall.enrich.user_agents import DEVICE_FIELDS
from footfall.sources.base import REJECT_REASON

SPARK_TYPES = {
    Type.STRING: "string",
    Type.INT64: "bigint",
    Type.FLOAT64: "double",
    Type.NUMERIC: "decimal(38,9)",
    Type.BOOL: "boolean",
    Type.TIMESTAMP: "timestamp",
    Type.DATE: "date",
    Type.STRING_ARRAY: "array<string>",
}
CONTRACT_TYPES = {column.name: SPARK_TYPES[column.type] for column in EVENT_COLUMNS}
# What sessionize needs beside the source's columns: who, in which order, and what to set aside
IDENTITY, ORDINAL, FILE, LINE = "identity", "ordinal", "file", "line"
PARSED_TYPES = {
    "visitor_id": "string",
    "event_ts": "timestamp",
    IDENTITY: "string",
    ORDINAL: "int",
    FILE: "int",
    "line_number": "bigint",
    REJECT_REASON: "string",
    LINE: "string",
}
# Known of the file, not of the line: a row carries its file's number through the shuffle, and gets them after it
FILE_COLUMNS = ("file_sha256", "ingest_run_id", "ingested_at", "source")
UTM_PARAMETERS = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
# Follow from other columns: see spark.derive, and spark.stamp for the device
DERIVED_COLUMNS = ("event_date", "is_page_view", "referrer_host", *DEVICE_FIELDS, *UTM_PARAMETERS)
SESSION_COLUMNS = ("event_id", "session_id", "session_start_ts", "session_event_number", "split_reason")
# What a source may deliver of the contract
SOURCE_COLUMNS = tuple(
    name for name in COLUMN_NAMES if name not in {*PARSED_TYPES, *FILE_COLUMNS, *DERIVED_COLUMNS, *SESSION_COLUMNS}
)

# An open session comes as one row: the visitor's last event before the first date, and these
CARRY_TYPES = {
    "carry_start_ts": "timestamp",
    "carry_event_number": "bigint",
    "carry_campaign": "string",
    "carry_reason": "string",
}


def with_missing(frame: DataFrame, types: Mapping[str, str]) -> DataFrame:
    """The frame with those of the columns it has not, as nulls of their type."""
    present = set(frame.columns)
    missing = {name: F.lit(None).cast(kind) for name, kind in types.items() if name not in present}
    return frame.withColumns(missing) if missing else frame


def union(frames: Sequence[DataFrame]) -> DataFrame:
    """One frame with all columns of each and the carry columns, null where a frame has not got them."""
    frames = [with_missing(frame, CARRY_TYPES) for frame in frames]
    return reduce(lambda a, b: a.unionByName(b, allowMissingColumns=True), frames)
