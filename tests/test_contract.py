"""The contract is one: what Spark writes, what the table holds and what a source may deliver are made from it."""

from __future__ import annotations

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from footfall.contract import COLUMN_NAMES, EVENT_COLUMNS, PARTITION_COLUMN, RejectReason
from footfall.lake import events
from footfall.lake.event_schema import arrow_schema
from footfall.sources import SOURCES
from tests.bad_lines import combined
from tests.home import Home, new_home

UNITS = {"_ms": "milliseconds", "bytes_sent": "bytes", "_ts": "microseconds", "latitude": "degrees"}


def test_names_are_unique_and_numbers_have_units() -> None:
    assert len(set(COLUMN_NAMES)) == len(COLUMN_NAMES)
    for column in EVENT_COLUMNS:
        assert column.description.rstrip().endswith("."), column.name
        for suffix, unit in UNITS.items():
            if column.name.endswith(suffix):
                assert column.unit == unit, column.name


def test_the_table_and_its_files_have_the_contract_s_columns_and_types(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    import pyarrow.parquet as pq

    folder = tmp_path_factory.mktemp("contract")
    (folder / "a.log").write_text(combined() + "\n")
    home: Home = new_home(folder / "home")
    home.take(folder / "a.log")
    table = events.open_table(home.settings.zone("events"))
    assert isinstance(table, DeltaTable)
    assert [field.name for field in table.schema().fields] == list(COLUMN_NAMES)
    assert table.metadata().partition_columns == [PARTITION_COLUMN]
    (file,) = events.files_of(table)
    written = pq.ParquetFile(file).schema_arrow
    expected = arrow_schema(with_partition=False)
    assert written.names == expected.names
    for name in expected.names:
        assert _kind(written.field(name).type) == _kind(expected.field(name).type), name
    (row,) = home.rows()
    required = [column.name for column in EVENT_COLUMNS if column.required]
    assert [name for name in required if row[name] is None] == []
    for name, kind in ((f.name, f.type) for f in expected):
        if pa.types.is_timestamp(kind) and row[name] is not None:
            assert row[name].utcoffset().total_seconds() == 0, name


def _kind(kind: pa.DataType) -> str:
    """Names of types that differ between engines only in how Arrow lays them out."""
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return f"list<{_kind(kind.value_type)}>"
    return str(kind).replace("large_string", "string").replace("string_view", "string")


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_is_known_by_its_own_name(name: str) -> None:
    assert SOURCES[name].name == name
    assert SOURCES[name].title


def test_reasons_are_words_a_person_can_search_for() -> None:
    assert all(reason.value == reason.name.lower() for reason in RejectReason)
