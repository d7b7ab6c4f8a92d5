"""All of a verification in one call."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb

from footfall.errors import InputError
from footfall.settings import Settings
from footfall.verify import audits, tables
from footfall.verify.finding import Compared, Finding, Verification, masked
from footfall.verify.rebuild import Rebuild, rebuild
from footfall.verify.snapshot import Snapshot, snapshot
from footfall.warehouse.query import MARTS


def verify(settings: Settings, scratch: Path | None = None) -> Verification:
    """Rebuild the lake from its raw files and compare: events, quarantine zone, ledger, and the marts readers see.

    Needs room for a second copy of the events and the marts, and the time of a rebuild. ``scratch`` is an empty folder,
    which is kept; without it one below ``FOOTFALL_HOME`` is made, and removed at the end. Runs may commit and publish
    meanwhile: what is compared is the state of the beginning.

    Raises :class:`~footfall.errors.InputError` for a ``scratch`` with something in it, and what the Spark job raises,
    such as :class:`~footfall.errors.EnvironmentProblem` for a full disk.
    """
    with _place(settings, scratch) as place, snapshot(settings, place) as lake:
        if lake.version is None and not lake.records:
            return Verification(None, Compared(), lake.findings, lake.notes)
        missing = list(audits.raw_objects(settings, lake.records))
        if missing:  # one file more or less can change any session: without all of them there is nothing to compare
            note = "Nothing else was compared: there is no rebuild without all of the raw files."
            return Verification(
                lake.version, Compared(len(lake.records)), (*lake.findings, *missing), (*lake.notes, note)
            )
        made = rebuild(settings, lake.records, place, marts=lake.has_marts)
        return judge(settings, lake, made, place)


def judge(settings: Settings, lake: Snapshot, made: Rebuild, scratch: Path) -> Verification:
    """Compare a lake with its rebuild."""
    findings = [*lake.findings, *audits.ledger_counts(lake.records, made.records)]
    dates: dict[date, int] = {}
    marts: dict[str, int] = {}
    sessions = 0
    with _readable("events", findings):
        dates, found = tables.compare_events(lake, made)
        findings += found
        findings += audits.owners(lake.connection, tables.stored_events(lake), settings, lake.records)
        sessions = tables.count_sessions(lake)
    with _readable("quarantine", findings):
        findings += audits.quarantined_lines(lake.connection, settings, made.settings, lake.records, scratch)
    with _readable(MARTS, findings):
        marts, found = tables.compare_marts(lake, made)
        findings += found
    compared = Compared(
        files=len(lake.records),
        lines=sum(record.lines for record in lake.records),
        dates=len(dates),
        events=sum(dates.values()),
        sessions=sessions,
        marts=marts,
    )
    return Verification(lake.version, compared, tuple(findings), lake.notes)


@contextmanager
def _readable(where: str, findings: list[Finding]) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:  # a file that is damaged
        findings.append(Finding(where, f"It cannot be read: {masked(str(error).splitlines()[0])}"))


@contextmanager
def _place(settings: Settings, given: Path | None) -> Iterator[Path]:
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        if any(given.iterdir()):
            raise InputError(f"{given} is not empty: a rebuild begins with nothing. Give another folder, or empty it.")
        yield given
        return
    home = settings.home.absolute()
    home.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix="verify-", dir=home))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
