"""The stamper against a reference that anybody can check by eye, on ordered rows cut into batches anywhere."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.contract import SPLIT_REASONS
from footfall.settings import SessionSettings
from spark.stamp import OutOfOrder, stamper

MINUTE, HOUR, DAY = 60_000_000, 3_600_000_000, 86_400_000_000  # microseconds
MIDNIGHT = 1_431_820_800_000_000  # 2015-05-17
SCHEMA = pa.schema(
    [
        ("row", pa.int32()),
        ("visitor_id", pa.string()),
        ("event_ts", pa.timestamp("us", tz="UTC")),
        ("identity", pa.string()),
        ("ordinal", pa.int32()),
        ("file", pa.int32()),
        ("line_number", pa.int64()),
        ("utm_campaign", pa.string()),
        ("reject_reason", pa.string()),
        ("carry_start_ts", pa.timestamp("us", tz="UTC")),
        ("carry_event_number", pa.int64()),
        ("carry_campaign", pa.string()),
        ("carry_reason", pa.string()),
    ]
)
STAMPED = ["event_id", "session_id", "session_start_ts", "session_event_number", "split_reason"]
OUTPUT = ["visitor_id", "event_ts", "file", "line_number", *STAMPED, "reject_reason"]

Row = dict[str, Any]


def hit(ts: int, visitor: str = "v", **values: Any) -> Row:
    """A parsed line; the same visitor, time and ``text`` make the same line."""
    text = values.pop("text", "")
    row: Row = dict.fromkeys(SCHEMA.names)
    row |= {"visitor_id": visitor, "event_ts": ts, "file": 1}
    row["identity"] = hashlib.md5(f"{visitor}{ts}{text}".encode()).hexdigest()
    return row | values


def rejected(reason: str, **values: Any) -> Row:
    return hit(0, "bad", identity="bad", event_ts=None, reject_reason=reason) | values


def carried(ts: int, start: int, number: int, visitor: str = "v", reason: str = "inactivity", **values: Any) -> Row:
    """The last event before the first date, which tells of the session it is in."""
    return hit(ts, visitor) | {
        "carry_start_ts": start,
        "carry_event_number": number,
        "carry_reason": reason,
        "file": -1,
        **values,
    }


def ordered(rows: Iterable[Row]) -> list[Row]:
    """The rows as the window of spark/sessionize.py hands them over, numbered within their visitor."""
    rows = [row | {"line_number": row["line_number"] or at} for at, row in enumerate(rows, 1)]
    rows.sort(key=lambda r: (r["visitor_id"], r["event_ts"] or 0, r["identity"], r["file"], r["line_number"]))
    numbers: Counter[str] = Counter()
    for row in rows:
        numbers[row["visitor_id"]] += 1
        row["row"] = numbers[row["visitor_id"]]
    return rows


def stamp(rows: list[Row], cuts: Iterable[int] = (), options: SessionSettings | None = None) -> list[Row]:
    """Output of the stamper, fed ``rows`` in batches that end at ``cuts``; timestamps as microseconds."""
    table = pa.Table.from_pylist(rows, SCHEMA)
    bounds = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    batches = [
        table.slice(start, stop - start).combine_chunks().to_batches() or [pa.RecordBatch.from_pylist([], SCHEMA)]
        for start, stop in pairwise(bounds)
    ]
    out = []
    for batch in stamper(options or SessionSettings(), OUTPUT)(batch[0] for batch in batches):
        assert batch.schema.names == OUTPUT
        for name in ("event_ts", "session_start_ts"):
            at = batch.schema.names.index(name)
            batch = batch.set_column(at, name, batch[name].cast(pa.int64()))
        out += batch.to_pylist()
    return out


def reference(rows: list[Row], options: SessionSettings) -> list[Row]:
    """The rules in prose, row by row."""
    out = []
    lines_of_file: Counter[tuple] = Counter()
    highest: dict[tuple, int] = defaultdict(int)
    session: dict[str, dict[str, Any]] = {}
    for row in rows:
        visitor, ts = row["visitor_id"], row["event_ts"]
        result = {name: row.get(name) for name in OUTPUT} | dict.fromkeys(STAMPED)
        if row["reject_reason"]:
            out.append(result)
            continue
        if row["carry_start_ts"] is not None:
            session[visitor] = {
                "start": row["carry_start_ts"],
                "number": row["carry_event_number"],
                "reason": row["carry_reason"],
                "campaign": row["carry_campaign"],
                "last": ts,
            }
            continue
        line = visitor, ts, row["identity"]
        lines_of_file[line, row["file"]] += 1
        ordinal = row["ordinal"] or lines_of_file[line, row["file"]]
        if ordinal <= highest[line]:
            out.append(result | {"reject_reason": "repeated"})
            continue
        highest[line] = ordinal

        now = session.get(visitor)
        campaign = row["utm_campaign"] if options.split_on_campaign else None
        reason = None
        if now is None or ts - now["last"] > options.timeout_minutes * MINUTE:
            reason = "inactivity"
        elif ts - now["start"] >= options.max_hours * HOUR:
            reason = "max_duration"
        elif campaign is not None and campaign != now["campaign"] and ts > now["start"]:
            reason = "campaign"
        if reason:
            now = session[visitor] = {"start": ts, "number": 0, "reason": reason, "campaign": None}
        now["last"] = ts
        now["number"] += 1
        now["campaign"] = campaign or now["campaign"]
        out.append(
            result
            | {
                "event_id": row["identity"] if ordinal == 1 else f"{row['identity']}-{ordinal}",
                "session_id": hashlib.md5(f"{visitor}|{now['start']}".encode()).hexdigest(),
                "session_start_ts": now["start"],
                "session_event_number": now["number"],
                "split_reason": now["reason"],
            }
        )
    return out


# --- random visits -------------------------------------------------------------------------------------------------

TIMEOUT = 30 * MINUTE
gaps = st.sampled_from(
    [0, 0, 1, MINUTE, TIMEOUT - 1, TIMEOUT, TIMEOUT, TIMEOUT + 1, 31 * MINUTE, 3 * HOUR, DAY - 1, DAY, DAY + 1]
)
campaigns = st.sampled_from([None, None, "spring", "summer"])
switches = st.builds(SessionSettings, split_on_campaign=st.booleans(), max_hours=st.sampled_from([1, 24]))


@st.composite
def visits(draw: st.DrawFn) -> list[Row]:
    """Rows of a few visitors, in order: copies within and across files, source ids, bad lines, open sessions."""
    rows: list[Row] = []
    for visitor in draw(st.lists(st.sampled_from("uvw"), unique=True, max_size=3)):
        ts = MIDNIGHT + draw(st.sampled_from([-DAY, -1, 0, 12 * HOUR]))
        if draw(st.booleans()):
            start = ts - draw(st.sampled_from([0, MINUTE, DAY - MINUTE, DAY - 1]))
            carry_campaign, reason = draw(campaigns), draw(st.sampled_from(SPLIT_REASONS))
            rows.append(carried(ts, start, draw(st.integers(1, 9)), visitor, reason, carry_campaign=carry_campaign))
            ts += 1  # what is carried in is older than all events
        for _ in range(draw(st.integers(0, 8))):
            ts += draw(gaps)
            values: Row = {"text": draw(st.sampled_from("xy")), "utm_campaign": draw(campaigns)}
            if draw(st.integers(0, 3)) == 0:  # the source's own id
                values |= {"identity": f"{visitor}-{ts}-{values['text']}", "ordinal": 1}
            for file in draw(st.lists(st.integers(0, 2), min_size=1, max_size=4)):
                rows.append(hit(ts, visitor, file=file, **values))
        if draw(st.booleans()):  # somebody who is never idle, over days
            step = draw(st.sampled_from([29 * MINUTE, TIMEOUT]))
            rows += [hit(ts := ts + step, visitor) for _ in range(draw(st.integers(45, 110)))]
    rows += [rejected("malformed_line", file=file) for file in draw(st.lists(st.integers(0, 1), max_size=3))]
    return ordered(rows)


cut_places = st.lists(st.integers(0, 60), max_size=12)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(visits(), cut_places, switches)
def test_stamps_as_the_reference_wherever_batches_end(
    rows: list[Row], cuts: list[int], options: SessionSettings
) -> None:
    assert stamp(rows, cuts, options) == reference(rows, options)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(visits(), cut_places, switches)
def test_laws_of_sessions(rows: list[Row], cuts: list[int], options: SessionSettings) -> None:
    out = stamp(rows, cuts, options)
    given_back = Counter((row["file"], row["line_number"]) for row in out)
    assert given_back == Counter((r["file"], r["line_number"]) for r in rows if r["carry_start_ts"] is None)

    events = [row for row in out if row["reject_reason"] is None]
    assert len({row["event_id"] for row in events}) == len(events)
    sessions = defaultdict(list)
    for row in events:
        sessions[row["session_id"]].append(row)
    before = {(row["visitor_id"], row["carry_start_ts"]): row["carry_event_number"] for row in rows}
    for session in sessions.values():
        assert len({(row["visitor_id"], row["session_start_ts"], row["split_reason"]) for row in session}) == 1
        first = before.get((session[0]["visitor_id"], session[0]["session_start_ts"]), 0) + 1
        assert [row["session_event_number"] for row in session] == list(range(first, first + len(session)))
        assert session[-1]["event_ts"] - session[0]["session_start_ts"] < options.max_hours * HOUR


# --- cases worth a name ----------------------------------------------------------------------------------------------


def sessions_of(*rows: Row, options: SessionSettings | None = None) -> list[tuple[int, int, str]]:
    """(session start after MIDNIGHT in microseconds, number in session, reason) of each event."""
    return [
        (row["session_start_ts"] - MIDNIGHT, row["session_event_number"], row["split_reason"])
        for row in stamp(ordered(rows), options=options)
        if row["reject_reason"] is None
    ]


def test_thirty_minutes_to_the_microsecond_are_the_same_session() -> None:
    assert sessions_of(hit(MIDNIGHT), hit(MIDNIGHT + TIMEOUT)) == [(0, 1, "inactivity"), (0, 2, "inactivity")]
    late = TIMEOUT + 1
    assert sessions_of(hit(MIDNIGHT), hit(MIDNIGHT + late)) == [(0, 1, "inactivity"), (late, 1, "inactivity")]


def test_midnight_does_not_end_a_session() -> None:
    assert sessions_of(hit(MIDNIGHT - 1), hit(MIDNIGHT)) == [(-1, 1, "inactivity"), (-1, 2, "inactivity")]


def test_days_without_a_pause_are_sessions_of_less_than_a_day() -> None:
    hits = [hit(MIDNIGHT + n * 30 * MINUTE) for n in range(3 * 48 + 1)]
    found = sessions_of(*hits)
    begun = [(start, reason) for start, number, reason in found if number == 1]
    assert begun == [(0, "inactivity"), (DAY, "max_duration"), (2 * DAY, "max_duration"), (3 * DAY, "max_duration")]
    assert [number for _, number, _ in found] == [*(list(range(1, 49)) * 3), 1]


def test_a_campaign_begins_a_session_only_when_it_is_asked_to() -> None:
    hits = [
        hit(MIDNIGHT + n, utm_campaign=name)
        for n, name in enumerate(["spring", None, "spring", "summer", None, "summer"])
    ]
    assert {start for start, _, _ in sessions_of(*hits)} == {0}
    asked = SessionSettings(split_on_campaign=True)
    assert [(s, r) for s, n, r in sessions_of(*hits, options=asked) if n == 1] == [(0, "inactivity"), (3, "campaign")]


def test_campaigns_of_one_moment_are_one_session() -> None:
    hits = [hit(MIDNIGHT, utm_campaign=name, text=str(name)) for name in ("spring", "summer", None)]
    found = sessions_of(*hits, options=SessionSettings(split_on_campaign=True))
    assert found == [(0, 1, "inactivity"), (0, 2, "inactivity"), (0, 3, "inactivity")]


def test_a_carried_session_longer_than_a_limit_that_was_lowered_ends() -> None:
    lowered = SessionSettings(max_hours=1)
    open_session = carried(MIDNIGHT - MINUTE, MIDNIGHT - 5 * HOUR, 7)
    assert sessions_of(open_session, hit(MIDNIGHT), options=lowered) == [(0, 1, "max_duration")]


def test_a_carried_session_goes_on_or_ends() -> None:
    start = MIDNIGHT - 23 * HOUR
    open_session = carried(MIDNIGHT - MINUTE, start, 7, reason="campaign")
    assert sessions_of(open_session, hit(MIDNIGHT)) == [(-23 * HOUR, 8, "campaign")]
    assert sessions_of(open_session, hit(MIDNIGHT + TIMEOUT)) == [(TIMEOUT, 1, "inactivity")]
    busy = [hit(MIDNIGHT + n * 20 * MINUTE) for n in range(4)]
    assert sessions_of(open_session, *busy)[-1] == (HOUR, 1, "max_duration")


def test_the_first_file_by_hash_keeps_the_event() -> None:
    rows = ordered(hit(MIDNIGHT, file=file) for file in (3, 1, 2, 2))
    found = [(row["file"], row["event_id"], row["reject_reason"]) for row in stamp(rows)]
    identity = rows[0]["identity"]
    assert found == [
        (1, identity, None),
        (2, None, "repeated"),
        (2, f"{identity}-2", None),  # the second of its file is nobody's copy
        (3, None, "repeated"),
    ]


def test_an_id_of_the_source_is_one_event_even_within_a_file() -> None:
    rows = ordered(hit(MIDNIGHT, identity="request-7", ordinal=1) for _ in range(3))
    found = [(row["line_number"], row["event_id"], row["reject_reason"]) for row in stamp(rows)]
    assert found == [(1, "request-7", None), (2, None, "repeated"), (3, None, "repeated")]


def test_a_bad_line_keeps_its_reason_however_often_it_comes() -> None:
    found = stamp(ordered([rejected("bad_status"), rejected("bad_status", file=2)]))
    assert [(row["reject_reason"], row["event_id"]) for row in found] == [("bad_status", None)] * 2


@pytest.mark.parametrize("swap", [(0, 1), (1, 2), (2, 3)])
@pytest.mark.parametrize("cuts", [[], [1], [2], [1, 2, 3]])
def test_rows_out_of_order_are_refused(swap: tuple[int, int], cuts: list[int]) -> None:
    rows = ordered([hit(MIDNIGHT, "u"), hit(MIDNIGHT + 1, "u"), hit(MIDNIGHT, "v"), hit(MIDNIGHT + 1, "v")])
    one, other = swap
    rows[one], rows[other] = rows[other], rows[one]
    with pytest.raises(OutOfOrder, match="nothing was committed"):
        stamp(rows, cuts)


def test_a_visitor_in_two_pieces_is_refused() -> None:
    rows = ordered([hit(MIDNIGHT, "u"), hit(MIDNIGHT + 1, "u"), hit(MIDNIGHT, "v")])
    with pytest.raises(OutOfOrder):
        stamp([rows[0], rows[2], rows[1]])
