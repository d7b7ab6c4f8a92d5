"""Google's own SQL engine (ZetaSQL, compiled to WebAssembly) as a function: SQL and tables in, typed rows out.

It is the analyzer and the reference implementation BigQuery's dialect is specified by. It needs no network, no
account and no Google Cloud library. The wrapper talks protocol buffers to the module itself, because the package's
Python classes lose microseconds and NUMERIC values on the way in, and copy memory byte by byte.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import re
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from google.protobuf.message import Message
from wasmtime import Config, Engine, Linker, Module, Store, WasiConfig, WasmtimeError
from zetasql.core import ServerError
from zetasql.core.wasm_client import WasmClient, get_tzinfo_dir
from zetasql.wasi import get_wasm_path
from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as service_pb2
from zetasql.wasi._pb2.zetasql.proto import options_pb2 as analyzer_pb2
from zetasql.wasi._pb2.zetasql.proto import simple_catalog_pb2 as catalog_pb2
from zetasql.wasi._pb2.zetasql.public import options_pb2, simple_table_pb2, type_pb2

from tests.dbt_bigquery.table import Table
from tests.dbt_bigquery.values import decode, encode, type_name, type_proto

Columns = Mapping[str, str]


class SqlError(AssertionError):
    """Google's engine refused a statement; the message is its own, with the line it points at."""


class _Client(WasmClient):
    """The package's client with the compiled module kept between runs and block copies instead of byte loops."""

    def __init__(self) -> None:
        wasi = WasiConfig()
        wasi.inherit_stderr()
        if tzinfo := get_tzinfo_dir():
            wasi.preopen_dir(tzinfo, "/usr/share/zoneinfo")
        config = Config()
        config.shared_memory = True
        self.store = Store(Engine(config))
        self.store.set_wasi(wasi)
        self.module = _compiled_module(self.store.engine)
        linker = Linker(self.store.engine)
        linker.define_wasi()
        self.instance = linker.instantiate(self.store, self.module)
        self.exports = self.instance.exports(self.store)
        self.exports["_initialize"](self.store)
        self.memory = self.exports["memory"]

    def _address(self, offset: int) -> int:
        return ctypes.addressof(self.memory.data_ptr().contents) + offset

    def write_bytes(self, ptr: int, data: bytes) -> None:
        ctypes.memmove(self._address(ptr), data, len(data))

    def read_bytes(self, ptr: int, size: int) -> bytes:
        return ctypes.string_at(self._address(ptr), size)


def _cache_folder() -> Path | None:
    """A folder of this user's own, if there is one: the file is machine code, so none that others can write to."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "footfall"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK) else None


def _compiled_module(engine: Engine) -> Module:
    """The module compiled for this machine: 10 s the first time, half a second from the cache."""
    source, folder = Path(get_wasm_path()), _cache_folder()
    if folder is None:
        return Module.from_file(engine, str(source))
    stamp = f"{version('zetasql')}|{version('wasmtime')}|{os.uname().machine}|{source.stat().st_size}"
    cached = folder / f"zetasql-{hashlib.sha256(stamp.encode()).hexdigest()[:16]}.cwasm"
    if cached.exists():
        try:
            return Module.deserialize_file(engine, str(cached))
        except WasmtimeError:  # made on another processor, or cut short: compile again
            cached.unlink(missing_ok=True)
    module = Module.from_file(engine, str(source))
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as partial:
        partial.write(module.serialize())
    Path(partial.name).replace(cached)
    return module


class GoogleSql:
    """Type-checks and executes GoogleSQL. One instance serves many statements; it is not safe between threads."""

    def __init__(self) -> None:
        self._client = _Client()
        language = self._call(
            "GetLanguageOptions",
            service_pb2.LanguageOptionsRequest(maximum_features=True),
            analyzer_pb2.LanguageOptionsProto,
        )
        # What BigQuery sets: the types of the external product, QUALIFY a keyword, any kind of statement, UTC.
        language.product_mode = options_pb2.PRODUCT_EXTERNAL
        language.reserved_keywords.append("QUALIFY")
        del language.supported_statement_kinds[:]
        self._options = analyzer_pb2.AnalyzerOptionsProto(
            language_options=language,
            default_timezone="UTC",
            error_message_mode=options_pb2.ERROR_MESSAGE_ONE_LINE,
        )
        self._builtins = analyzer_pb2.ZetaSQLBuiltinFunctionOptionsProto(language_options=language)

    def columns(self, sql: str, tables: Mapping[tuple[str, str, str], Columns]) -> dict[str, str]:
        """Names and types a query returns, in order.

        ``tables`` maps (project, dataset, table) to the table's columns. Raises SqlError when the query does not
        type-check, names a table that is not among them, or returns two columns of one name.
        """
        root = catalog_pb2.SimpleCatalogProto(name="root", builtin_function_options=self._builtins)
        folders: dict[tuple[str, ...], catalog_pb2.SimpleCatalogProto] = {(): root}
        for number, ((project, dataset, table), columns) in enumerate(tables.items(), start=1):
            for path in ((project,), (project, dataset)):
                if path not in folders:
                    folders[path] = folders[path[:-1]].catalog.add(name=path[-1])
            folders[project, dataset].table.append(_table_proto(table, number, columns))
        request = service_pb2.AnalyzeRequest(options=self._options, simple_catalog=root, sql_statement=sql)
        statement = self._call("Analyze", request, service_pb2.AnalyzeResponse, sql).resolved_statement
        outputs = statement.resolved_query_stmt_node.output_column_list
        return _by_name([(output.name, output.column.type) for output in outputs])

    def execute(self, sql: str, tables: Mapping[str, Table]) -> Table:
        """Rows a query returns in the reference implementation, given the content of the tables it names.

        Table names are single identifiers. Raises SqlError when the query does not type-check or fails on a row.
        """
        catalog = catalog_pb2.SimpleCatalogProto(name="root", builtin_function_options=self._builtins)
        request = service_pb2.EvaluateQueryRequest(sql=sql, options=self._options, simple_catalog=catalog)
        for number, (name, table) in enumerate(tables.items(), start=1):
            request.simple_catalog.table.append(_table_proto(name, number, table.columns))
            types = [type_proto(declared) for declared in table.columns.values()]
            data = request.table_content[name].table_data
            data.SetInParent()
            for row in table.rows:
                data.row.add(cell=[encode(value, kind) for value, kind in zip(row, types, strict=True)])
        response = self._call("EvaluateQuery", request, service_pb2.EvaluateQueryResponse, sql)
        columns = _by_name([(column.name, column.type) for column in response.prepared.columns])
        kinds = [column.type for column in response.prepared.columns]
        rows = [
            tuple(decode(cell, kind) for cell, kind in zip(row.cell, kinds, strict=True))
            for row in response.content.table_data.row
        ]
        return Table(columns, rows)

    def _call(self, method: str, request: Message, answer: type[Message], sql: str = "") -> Any:
        try:
            return self._client.call_grpc_func(f"ZetaSqlLocalService_{method}", request, answer)
        except ServerError as refused:
            raise SqlError(_pointed(str(refused), sql)) from None


def _pointed(message: str, sql: str) -> str:
    """The engine's message followed by the line of the statement it points at."""
    if place := re.search(r"\[at (\d+):(\d+)\]", message):
        line, column = int(place[1]), int(place[2])
        message += f"\n{sql.splitlines()[line - 1]}\n{'^':>{column}}"
    return message


def _by_name(columns: list[tuple[str, type_pb2.TypeProto]]) -> dict[str, str]:
    names = [name for name, _ in columns]
    if len(set(names)) != len(names):
        raise SqlError(f"two output columns share a name: {names}")
    return {name: type_name(kind) for name, kind in columns}


def _table_proto(name: str, number: int, columns: Columns) -> simple_table_pb2.SimpleTableProto:
    return simple_table_pb2.SimpleTableProto(
        name=name,
        serialization_id=number,
        column=[
            simple_table_pb2.SimpleColumnProto(name=column, type=type_proto(declared))
            for column, declared in columns.items()
        ],
    )
