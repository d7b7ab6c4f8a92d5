"""The contract in the formats of the events zone: an Arrow schema for its files, a Delta schema for the table."""

from __future__ import annotations

import json

import pyarrow as pa
from deltalake import Schema

from footfall.contract import EVENT_COLUMNS, PARTITION_COLUMN, Type

_ARROW: dict[Type, pa.DataType] = {
    Type.STRING: pa.string(),
    Type.INT64: pa.int64(),
    Type.FLOAT64: pa.float64(),
    Type.NUMERIC: pa.decimal128(38, 9),
    Type.BOOL: pa.bool_(),
    Type.TIMESTAMP: pa.timestamp("us", tz="UTC"),
    Type.DATE: pa.date32(),
    Type.STRING_ARRAY: pa.list_(pa.string()),
}

_DELTA: dict[Type, object] = {
    Type.STRING: "string",
    Type.INT64: "long",
    Type.FLOAT64: "double",
    Type.NUMERIC: "decimal(38,9)",
    Type.BOOL: "boolean",
    Type.TIMESTAMP: "timestamp",
    Type.DATE: "date",
    Type.STRING_ARRAY: {"type": "array", "elementType": "string", "containsNull": True},
}


def arrow_schema(*, with_partition: bool = True) -> pa.Schema:
    """The contract as an Arrow schema; without the partition column it is the schema of one Parquet file."""
    return pa.schema(
        [
            pa.field(column.name, _ARROW[column.type])
            for column in EVENT_COLUMNS
            if with_partition or column.name != PARTITION_COLUMN
        ]
    )


def delta_schema() -> Schema:
    """The contract as a Delta schema. All columns are nullable there: the quality gate holds the required ones."""
    fields = [
        {"name": column.name, "type": _DELTA[column.type], "nullable": True, "metadata": {}} for column in EVENT_COLUMNS
    ]
    return Schema.from_json(json.dumps({"type": "struct", "fields": fields}))
