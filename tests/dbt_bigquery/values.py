"""Values and types as they cross into Google's SQL engine and back: Python on this side, protocol buffers on that."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from zetasql.wasi._pb2.zetasql.public import type_pb2, value_pb2

_KINDS: Final[dict[str, int]] = {
    "STRING": type_pb2.TYPE_STRING,
    "BYTES": type_pb2.TYPE_BYTES,
    "INT64": type_pb2.TYPE_INT64,
    "FLOAT64": type_pb2.TYPE_DOUBLE,
    "NUMERIC": type_pb2.TYPE_NUMERIC,
    "BIGNUMERIC": type_pb2.TYPE_BIGNUMERIC,
    "BOOL": type_pb2.TYPE_BOOL,
    "TIMESTAMP": type_pb2.TYPE_TIMESTAMP,
    "DATETIME": type_pb2.TYPE_DATETIME,
    "DATE": type_pb2.TYPE_DATE,
    "JSON": type_pb2.TYPE_JSON,
}
_NAMES: Final = {kind: name for name, kind in _KINDS.items()}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NUMERIC_SCALE: Final = Decimal(10) ** 9  # a NUMERIC is an integer count of 10^-9


def type_proto(name: str) -> type_pb2.TypeProto:
    """The engine's type for a BigQuery type name. Raises ValueError for a name that is not one."""
    if array := re.fullmatch(r"ARRAY<(.+)>", name):
        element = type_pb2.ArrayTypeProto(element_type=type_proto(array[1]))
        return type_pb2.TypeProto(type_kind=type_pb2.TYPE_ARRAY, array_type=element)
    if name not in _KINDS:
        raise ValueError(f"{name!r} is not a BigQuery type known here; known are {', '.join(_KINDS)} and ARRAY<...>")
    return type_pb2.TypeProto(type_kind=_KINDS[name])


def type_name(proto: type_pb2.TypeProto) -> str:
    """BigQuery's name of an engine type."""
    if proto.type_kind == type_pb2.TYPE_ARRAY:
        return f"ARRAY<{type_name(proto.array_type.element_type)}>"
    if proto.type_kind == type_pb2.TYPE_STRUCT:
        fields = (f"{field.field_name} {type_name(field.field_type)}" for field in proto.struct_type.field)
        return f"STRUCT<{', '.join(fields)}>"
    return _NAMES.get(proto.type_kind) or type_pb2.TypeKind.Name(proto.type_kind).removeprefix("TYPE_")


def encode(value: Any, kind: type_pb2.TypeProto) -> value_pb2.ValueProto:
    """One cell for the engine; None is NULL of any type."""
    proto = value_pb2.ValueProto()
    match kind.type_kind:
        case _ if value is None:
            pass
        case type_pb2.TYPE_STRING:
            proto.string_value = value
        case type_pb2.TYPE_INT64:
            proto.int64_value = value
        case type_pb2.TYPE_DOUBLE:
            proto.double_value = value
        case type_pb2.TYPE_BOOL:
            proto.bool_value = value
        case type_pb2.TYPE_TIMESTAMP:
            proto.timestamp_value.FromMicroseconds((value - _EPOCH) // timedelta(microseconds=1))
        case type_pb2.TYPE_DATE:
            proto.date_value = (value - _EPOCH.date()).days
        case type_pb2.TYPE_NUMERIC:
            units = int(value * _NUMERIC_SCALE)
            proto.numeric_value = units.to_bytes(units.bit_length() // 8 + 1, "little", signed=True)
        case type_pb2.TYPE_ARRAY:
            proto.array_value.SetInParent()
            proto.array_value.element.extend(encode(item, kind.array_type.element_type) for item in value)
        case _:
            raise ValueError(f"no way to send a {type_name(kind)} to Google's engine: {value!r}")
    return proto


def decode(proto: value_pb2.ValueProto, kind: type_pb2.TypeProto) -> Any:
    """One cell from the engine as the Python value DuckDB gives for the same type."""
    match proto.WhichOneof("value"):
        case None:
            return None
        case "timestamp_value":
            return _EPOCH + timedelta(microseconds=proto.timestamp_value.ToMicroseconds())
        case "date_value":
            return _EPOCH.date() + timedelta(days=proto.date_value)
        case "numeric_value":
            return Decimal(int.from_bytes(proto.numeric_value, "little", signed=True)) / _NUMERIC_SCALE
        case "array_value":
            return [decode(item, kind.array_type.element_type) for item in proto.array_value.element]
        case "struct_value":
            fields = zip(kind.struct_type.field, proto.struct_value.field, strict=True)
            return {field.field_name: decode(item, field.field_type) for field, item in fields}
        case "string_value" | "int64_value" | "double_value" | "bool_value" | "json_value" as field:
            return getattr(proto, field)
        case other:
            raise ValueError(f"no way to read a {other} from Google's engine")
