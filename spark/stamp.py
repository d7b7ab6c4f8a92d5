"""Stamp identity, session and device on events that come ordered by visitor and time, in one streaming pass.

The rules look back at the visitor's events before (the 24-hour limit at where it cut before), so they read naturally
as one walk; done on Arrow batches with numpy it is faster than the windows that could say the same, holds one batch
in memory however many events a visitor has, and is the same code on both engines.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from footfall.contract import SPLIT_REASONS
from footfall.enrich.user_agents import DEVICE_FIELDS, device_columns
from footfall.lake.quarantine import REPEATED
from footfall.settings import SessionSettings
from footfall.sources.base import REJECT_REASON

NO_REASON, INACTIVITY, MAX_DURATION, CAMPAIGN = -1, 0, 1, 2

Batches = Iterable[pa.RecordBatch]


class OutOfOrder(RuntimeError):
    """The rows of a visitor did not come together and in order: a bug of the engine or of the plan."""


@dataclass(slots=True)
class _Last:
    """The row before the batch, and the session it belongs to."""

    visitor: str | None = None
    row: int = 0
    ts: int = 0
    identity: str | None = None
    file: int | None = None
    ordinal: int = 0  # position among identical lines of the file
    line_ordinal: int = 0  # largest ordinal among identical lines
    start: int = 0
    number: int = 0
    reason: int = NO_REASON
    session_id: str = ""
    campaign: str | None = None


def stamper(
    settings: SessionSettings, columns: list[str], files: Mapping[str, pa.Array] | None = None
) -> Callable[[Batches], Batches]:
    """A ``mapInArrow`` function that fills in event_id, session_*, split_reason and device, and rejects copies.

    Its input is ordered by (visitor_id, event_ts, identity, file, line_number) within a partition, all
    rows of a visitor in one; ``row`` numbers them from 1. Raises :class:`OutOfOrder` when the engine broke that order.
    ``columns`` are the output's. A row with ``carry_start_ts`` is an open session from before; it is not
    returned. ``files`` are columns to add, one value for each number a ``file`` can have.
    """

    def stamp(batches: Batches) -> Iterator[pa.RecordBatch]:
        last = _Last()
        for batch in batches:
            if batch.num_rows:
                yield _stamp(batch, last, settings, columns, files or {})

    return stamp


def _stamp(
    batch: pa.RecordBatch, last: _Last, settings: SessionSettings, columns: list[str], files: Mapping[str, pa.Array]
) -> pa.RecordBatch:
    ts = _micros(batch["event_ts"])
    new_visitor = _differs(batch["visitor_id"], last.visitor)
    is_carry = batch["carry_start_ts"].is_valid().to_numpy(zero_copy_only=False)
    row = batch["row"].to_numpy()
    if (row != np.where(new_visitor, 1, np.concatenate(([last.row], row[:-1])) + 1)).any():
        raise OutOfOrder("The engine handed over rows out of order; nothing was committed. Please report this.")
    last.row = int(row[-1])
    ordinal, is_copy = _count_copies(batch, last, ts, new_visitor)
    is_copy &= ~is_carry
    is_rejected = batch[REJECT_REASON].is_valid().to_numpy(zero_copy_only=False)
    is_event = ~(is_copy | is_rejected | is_carry)

    previous_ts = np.concatenate(([last.ts], ts[:-1]))
    idle = new_visitor | (ts - previous_ts > settings.timeout_minutes * 60_000_000)
    reason = np.where(idle & ~is_carry, INACTIVITY, NO_REASON)
    start_here = np.where(is_carry, _micros(batch["carry_start_ts"]), ts)
    limit = settings.max_hours * 3_600_000_000
    if settings.split_on_campaign:
        _split_at_limit_or_campaign(batch, ts, start_here, reason, is_event, is_carry, last, limit)
    else:
        _split_at_limit(ts, start_here, reason, is_carry, last, limit)
    carried = _codes(batch["carry_reason"])
    reason = np.where(is_carry, carried, reason)

    begins = is_carry | (reason != NO_REASON)
    at = np.maximum.accumulate(np.where(begins, np.arange(len(ts)), -1))  # where the row's session began; -1: before
    known = at >= 0
    seen = np.cumsum(is_event)
    before = np.where(is_carry, seen - pc.fill_null(batch["carry_event_number"], 0).to_numpy(), seen - is_event)
    start = np.where(known, start_here[at], last.start)
    number = np.where(known, seen - before[at], last.number + seen)
    reason = np.where(known, reason[at], last.reason)
    session_id = _session_ids(batch, begins & ~is_rejected, start, last)

    _remember(last, batch, ts[-1], start[-1], number[-1], reason[-1], session_id)
    filled = {
        "event_id": _event_ids(batch["identity"], ordinal),
        "session_id": session_id,
        "session_start_ts": pa.array(start, pa.timestamp("us", tz="UTC")),
        "session_event_number": pa.array(number, pa.int64()),
        "split_reason": pa.array(SPLIT_REASONS, pa.string()).take(pa.array(np.maximum(reason, 0))),
    }
    mask = pa.array(is_event)
    out = {name: pc.if_else(mask, value, pa.scalar(None, value.type)) for name, value in filled.items()}
    if "user_agent" in batch.schema.names:
        # Here, where the rows are in Python's hands already: a UDF would take all of them there again, a join copy them
        device = device_columns(batch["user_agent"])
        out |= {name: device.field(name) for name in DEVICE_FIELDS}
    of_file = pc.max_element_wise(batch["file"], 0)  # a carried row has none, and is not returned
    out |= {name: values.take(of_file) for name, values in files.items()}
    out[REJECT_REASON] = pc.coalesce(batch[REJECT_REASON], pc.if_else(pa.array(is_copy), REPEATED, None))
    stamped = pa.RecordBatch.from_arrays([out[n] if n in out else batch[n] for n in columns], columns)
    return stamped.filter(pa.array(~is_carry)) if is_carry.any() else stamped


def _count_copies(
    batch: pa.RecordBatch, last: _Last, ts: np.ndarray, new_visitor: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Ordinal among identical lines of a file, and whether the row is a copy of an event of another file.

    The n-th copy in one file is the n-th copy in every other. Files are numbered by their hash, and the first keeps
    the event: which one arrived first does not matter. A source's own event id has ordinal 1 wherever it stands.
    """
    rows = np.arange(len(ts))
    same_line = ~new_visitor & ~_differs(batch["identity"], last.identity)
    same_line &= ts == np.concatenate(([last.ts], ts[:-1]))
    same_file = same_line & ~_differs(batch["file"], last.file)
    run_start = np.maximum.accumulate(np.where(same_file, -1, rows))
    ordinal = np.where(run_start >= 0, rows - run_start + 1, last.ordinal + rows + 1)
    last.ordinal = int(ordinal[-1])
    given = batch["ordinal"]
    if given.null_count < len(given):
        ordinal = np.where(given.is_valid(), pc.fill_null(given, 0).to_numpy(), ordinal)
    # Numbers that grow from one line to the next make "the largest ordinal so far of this line" a running maximum
    line = np.cumsum(~same_line)
    rank = (line << 32) + ordinal
    highest = np.maximum.accumulate(np.concatenate(([last.line_ordinal], rank)))
    last.line_ordinal = int(highest[-1] & 0xFFFFFFFF)
    return ordinal, highest[:-1] >= rank


def _split_at_limit(
    ts: np.ndarray, start_here: np.ndarray, reason: np.ndarray, is_carry: np.ndarray, last: _Last, limit: int
) -> None:
    """Begin a new session at each first event that finds its session at or past the limit."""
    rows = np.arange(len(ts))
    while True:
        at = np.maximum.accumulate(np.where(is_carry | (reason != NO_REASON), rows, -1))
        start = np.where(at >= 0, start_here[at], last.start)
        past = np.flatnonzero((ts - start >= limit) & ~is_carry)  # what is carried in began under the limit of its time
        if not len(past):
            return
        first = past[np.unique(at[past], return_index=True)[1]]  # one cut a session, then look again
        reason[first] = MAX_DURATION


def _split_at_limit_or_campaign(
    batch: pa.RecordBatch,
    ts: np.ndarray,
    start_here: np.ndarray,
    reason: np.ndarray,
    is_event: np.ndarray,
    is_carry: np.ndarray,
    last: _Last,
    limit: int,
) -> None:
    """Begin a new session at the limit, and at a campaign that differs from the last one of the session.

    Each looks at where the other cut before, so this is a walk. A session forgets the campaigns of those before it:
    else what a day carries in would depend on days further back. Two sessions of a visitor cannot begin at the same
    time, since they would be one session by their id.
    """
    campaigns, carried = batch["utm_campaign"].to_pylist(), batch["carry_campaign"].to_pylist()
    start, campaign = last.start, last.campaign
    for row in np.flatnonzero(is_event | is_carry).tolist():
        if is_carry[row]:
            start, campaign = start_here[row], carried[row]
            continue
        if reason[row] == NO_REASON and ts[row] - start >= limit:
            reason[row] = MAX_DURATION
        elif reason[row] == NO_REASON and campaigns[row] not in (None, campaign) and ts[row] > start:
            reason[row] = CAMPAIGN
        if reason[row] != NO_REASON:
            start, campaign = ts[row], None
        campaign = campaigns[row] or campaign
    last.campaign = campaign


def _session_ids(batch: pa.RecordBatch, begins: np.ndarray, start: np.ndarray, last: _Last) -> pa.Array:
    """MD5 of visitor and start in microseconds: an identifier, not a secret. Computed once a session."""
    first = np.flatnonzero(begins)
    visitors = pc.fill_null(batch["visitor_id"], "").take(pa.array(first)).to_pylist()
    ids = [last.session_id] + [
        hashlib.md5(f"{visitor}|{at}".encode(), usedforsecurity=False).hexdigest()
        for visitor, at in zip(visitors, start[first].tolist(), strict=True)
    ]
    return pa.array(ids, pa.string()).take(pa.array(np.cumsum(begins)))


def _event_ids(identity: pa.Array, ordinal: np.ndarray) -> pa.Array:
    if (ordinal <= 1).all():
        return identity
    numbered = pc.binary_join_element_wise(identity, pa.array(ordinal).cast(pa.string()), "-")
    return pc.if_else(pa.array(ordinal > 1), numbered, identity)


def _remember(
    last: _Last, batch: pa.RecordBatch, ts: int, start: int, number: int, reason: int, session_id: pa.Array
) -> None:
    last.visitor, last.ts = batch["visitor_id"][-1].as_py(), int(ts)
    last.identity, last.file = batch["identity"][-1].as_py(), batch["file"][-1].as_py()
    last.start, last.number, last.reason = int(start), int(number), int(reason)
    last.session_id = session_id[-1].as_py()


def _differs(column: pa.Array, before: str | int | None) -> np.ndarray:
    """Whether each value differs from the one before it; ``before`` stands before the first."""
    first = [column[0].as_py() != before]
    rest = pc.fill_null(pc.not_equal(column[1:], column[:-1]), True)
    return np.concatenate((first, rest.to_numpy(zero_copy_only=False))).astype(bool)


def _micros(column: pa.Array) -> np.ndarray:
    """Timestamps as microseconds, null as 0."""
    micros: np.ndarray = pc.fill_null(column.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()), 0).to_numpy()
    return micros


def _codes(reasons: pa.Array) -> np.ndarray:
    codes = pc.index_in(reasons, pa.array(SPLIT_REASONS, reasons.type))
    filled: np.ndarray = pc.fill_null(codes, NO_REASON).to_numpy()
    return filled
