"""What the sessions must be: docs/metrics.md and ADR 0004 in plain Python, over lists, sharing no code with the job."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from tests.exactness.history import File, History
from tests.home import KEYS

COMBINED = re.compile(r'(\S+) - - \[([^]]+)\] "GET (\S+) HTTP/1.1" ([1-5]\d\d) 1 "-" "(\w+)"')
CSV = re.compile(r"([-0-9]{10} [:0-9]{8}) UTC,(?:view|cart|purchase),\w+,7,,,\d+\.\d\d,(\w+),\w+")
CAMPAIGN = re.compile(r"[?&\t]utm_campaign=(\w+)")


class Place(NamedTuple):
    """A line of a file, header lines counted."""

    sha256: str
    number: int


@dataclass(frozen=True)
class Line:
    """A line that is an event, or another copy of one."""

    visitor: tuple[str, ...]
    at: datetime
    identity: str
    place: Place
    campaign: str | None
    has_own_id: bool


class Session(NamedTuple):
    """Where an event stands."""

    visitor: tuple[str, ...]
    start: datetime
    number: int
    reason: str


def read(file: File) -> Iterable[Line]:
    """The lines of a file that are no bad lines."""
    for number, text in enumerate(file.lines, 1 + file.header_lines):
        place, campaign = Place(file.sha256, number), CAMPAIGN.search(text)
        assert KEYS.event_key is not None
        own_id, key = None, KEYS.event_key.get_secret_value()
        if file.source == "combined" and (found := COMBINED.fullmatch(text)):
            at, visitor = datetime.strptime(found[2], "%d/%b/%Y:%H:%M:%S %z"), (found[1], found[5])
        elif file.source == "cloudfront" and text.count("\t") == 13:
            day, clock, _, _, address, _, host, *_, agent, _, _, own_id = text.split("\t")
            at, visitor = datetime.fromisoformat(f"{day}T{clock}+00:00"), (address, agent, host)
        elif file.source == "ecommerce_csv" and (found := CSV.fullmatch(text)):
            at, visitor = datetime.fromisoformat(f"{found[1]}+00:00"), (found[2],)
        else:
            continue
        has_own_id = own_id not in (None, "-")
        digest = hashlib.sha256(f"footfall-secret:{key}{text}".encode()).hexdigest()[:32]
        identity = str(own_id) if has_own_id else digest
        yield Line(visitor, at.astimezone(UTC), identity, place, campaign and campaign[1], has_own_id)


def events(files: Iterable[File]) -> dict[tuple[str, int], Line]:
    """Of each event, by identity and ordinal, the line that holds it: the one in the file with the smallest hash."""
    held: dict[tuple[str, int], Line] = {}
    for file in sorted(set(files), key=lambda file: file.sha256):
        copies: dict[str, int] = {}
        for line in read(file):
            copies[line.identity] = 1 if line.has_own_id else copies.get(line.identity, 0) + 1
            held.setdefault((line.identity, copies[line.identity]), line)
    return held


def sessions(history: History, files: Iterable[File]) -> dict[Place, Session]:
    """The session of each event, by the line that holds it."""
    found: dict[Place, Session] = {}
    held = sorted(events(files).values(), key=lambda line: (line.at, line.identity, line.place))
    for visitor in {line.visitor for line in held}:
        before, campaign, session = None, None, Session(visitor, datetime.min, 0, "")
        for line in [line for line in held if line.visitor == visitor]:
            reason = None
            if before is None or line.at - before > timedelta(minutes=history.timeout_minutes):
                reason = "inactivity"
            elif line.at - session.start >= timedelta(hours=24):
                reason = "max_duration"
            elif history.split_on_campaign and line.campaign not in (None, campaign) and line.at > session.start:
                reason = "campaign"
            if reason is not None:
                session, campaign = Session(visitor, line.at, 0, reason), None
            session = session._replace(number=session.number + 1)
            before, campaign, found[line.place] = line.at, line.campaign or campaign, session
    return found
