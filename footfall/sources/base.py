"""What a log format is to Footfall: how it is recognised, where its header is, and how a line becomes columns.

A new source is one file in this folder that ends in ``SOURCE = Source(...)``, and one row in ``docs/sources.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from footfall.lake.line_index import DateHint

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# What parse() may deliver beside the contract's own columns; the job consumes these and drops them.
CLIENT_IP = "client_ip"  # hashed with user agent and host into visitor_id, never written
FIRST_PARTY_ID = "first_party_id"  # the source's own visitor id: becomes visitor_id as it is
SOURCE_EVENT_ID = "source_event_id"  # the source's own id of the event: becomes event_id
REJECT_REASON = "reject_reason"  # a contract.RejectReason, or null


@dataclass(frozen=True, slots=True)
class Header:
    """The header of one file: its field names, and how many lines it takes."""

    fields: tuple[str, ...]
    lines: int


@dataclass(frozen=True, slots=True)
class Source:
    """A log format.

    ``matches`` says of one line whether it has this format. ``read_header`` finds the header in a file's first lines
    (None: the format has one and it is missing); formats without a header leave it out. ``parse`` takes a frame with
    ``line`` (string) and ``defect`` (string, a RejectReason the reader found, else null) and returns the same frame
    with contract columns and the names above added; it must not drop or add rows. What
    follows from other columns is left to ``spark/derive.py``. ``date_hint`` says where a line
    carries its date, so that landing knows which dates a file may touch.
    """

    name: str
    title: str
    matches: Callable[[str], bool]
    parse: Callable[[DataFrame, tuple[str, ...]], DataFrame]
    date_hint: DateHint
    read_header: Callable[[Sequence[str]], Header | None] | None = None
