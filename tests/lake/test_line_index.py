"""Lines counted, places to split found and dates foreseen, however the bytes are cut into chunks."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.lake import line_index
from footfall.lake.line_index import LineIndex
from footfall.sources import SOURCES
from tests.bad_lines import combined, csv

COMBINED, CSV = SOURCES["combined"].date_hint, SOURCES["ecommerce_csv"].date_hint


def index(data: bytes, hint: line_index.DateHint | None = None, chunk: int = 1 << 20) -> LineIndex:
    found = LineIndex(hint)
    for start in range(0, len(data), chunk):
        found.add(data[start : start + chunk])
    found.close()
    return found


@given(st.lists(st.binary(max_size=9)), st.integers(1, 40), st.integers(1, 30))
def test_splits_begin_lines_whatever_the_chunks(parts: list[bytes], chunk: int, split_bytes: int) -> None:
    data = b"\n".join(parts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_index, "SPLIT_BYTES", split_bytes)
        found = index(data, None, chunk)
    assert found.lines == (data.removesuffix(b"\n").count(b"\n") + 1 if data else 0)
    assert found.splits[0] == (0, 1)
    for offset, line in found.splits[1:]:
        assert data[offset - 1 : offset] == b"\n"
        assert line == data[:offset].count(b"\n") + 1
        assert offset < len(data), "a split with nothing behind it"
    gaps = [b[0] - a[0] for a, b in zip(found.splits, found.splits[1:], strict=False)]
    assert all(gap >= split_bytes for gap in gaps)


@pytest.mark.parametrize("chunk", [1, 7, 64, 1 << 20])
def test_dates_are_found_across_chunks(chunk: int) -> None:
    days = ("12/May/2024", "13/May/2024", "01/Jan/2025")
    data = "".join(combined(time=f"{day}:10:15:30 +0000") + "\n" for day in days).encode()
    assert index(data, COMBINED, chunk).dates == {date(2024, 5, 12), date(2024, 5, 13), date(2025, 1, 1)}


@pytest.mark.parametrize(
    ("time", "dates"),
    [
        ("12/May/2024:23:50:00 +0000", {12}),
        ("12/May/2024:23:50:00 -0930", {11, 12, 13}),  # any offset: the days beside it as well
        ("12/May/2024:00:10:00 +1400", {11, 12, 13}),
        ("31/Feb/2024:00:10:00 +0000", set()),
    ],
)
def test_an_offset_reaches_to_the_days_beside(time: str, dates: set[int]) -> None:
    found = index(f"{combined(time=time)}\n".encode(), COMBINED).dates
    assert {day.day for day in found} == dates


def test_the_ends_of_the_calendar_are_no_dates_of_events() -> None:
    lines = [combined(time=f"{day}:00:00:00 -0100") for day in ("31/Dec/9999", "01/Jan/0001")]
    assert index("\n".join(lines).encode(), COMBINED).dates == set()


def test_quoted_and_unquoted_times_of_a_csv_file() -> None:
    lines = [csv(time='"2024-05-14 10:15:30 UTC"'), csv(), "2024-05-1"]
    assert index("\n".join(lines).encode(), CSV).dates == {date(2024, 5, 14), date(2024, 5, 12)}
