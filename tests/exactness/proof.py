"""Live a history in a home of its own, and hold what came of it to a full rebuild and to the oracle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from footfall.errors import InputError
from footfall.lake.events import StaleRun
from footfall.lake.staging import Manifest, read_manifest
from footfall.lake.storage import storage_for
from tests.exactness import oracle
from tests.exactness.history import (
    Build,
    Commit,
    Deliver,
    File,
    History,
    Kill,
    Operation,
    Overtaken,
    Replay,
    Run,
    TakeOut,
)
from tests.exactness.kills import Killed, dying
from tests.exactness.marts import Marts, published
from tests.home import ARRIVAL, Home, new_home

SHOWN = 6

Stage = Callable[[Home, str], Manifest | None]


def prove(history: History, folder: Path, marts: Marts | None, stage: Stage = Home.stage) -> Counter[str]:
    """Assert that ``history`` leaves what a full rebuild over the same files makes; returns what was survived.

    ``folder`` must be empty; ``marts`` are left out where there are none; ``stage`` stages a home under a run id.
    """
    lived = Life(history, folder, marts, stage)
    for operation in history.operations:
        lived.do(operation)
    lived.settle()
    home, inside = lived.home, lived.inside
    fresh = new_home(folder / "rebuilt", session=history.session)
    for name in inside.values():
        fresh.ingest(lived.path(name), source=history.files[name].source)
    if inside:
        fresh.commit(fresh.stage())

    _same("events", home.table(), fresh.table())
    _same("ledger", home.counts().items(), fresh.counts().items())
    _same("quarantine", _quarantined(home), _quarantined(fresh))
    home.assert_every_line_is_accounted_for()
    assert home.counts().keys() == inside.keys()
    _agrees_with_oracle(home, history, [history.files[name] for name in inside.values()])
    if marts is not None:
        marts.build(home.settings)
        seen, rebuilt = published(home.settings), marts.at_once(fresh.settings)
        for mart in rebuilt:
            _same(mart, seen[mart], rebuilt[mart])
        lived.survived["builds"] += 1
    lived.survived["histories"] += 1
    return lived.survived


class Life:
    """A home, and what happened to it so far. ``inside`` has a name of each content that is in, by its hash."""

    def __init__(self, history: History, folder: Path, marts: Marts | None, stage: Stage) -> None:
        self.home = new_home(folder / "home", session=history.session)
        self.inside: dict[str, str] = {}
        self.survived: Counter[str] = Counter()
        self._history, self._marts, self._stage = history, marts, stage
        self._inbox = folder / "inbox"
        self._inbox.mkdir()
        for name, file in history.files.items():
            self.path(name).write_bytes(file.data)
        self._runs = 0
        self._killed: str | None = None

    def path(self, name: str) -> Path:
        return self._inbox / name

    def do(self, operation: Operation) -> None:
        match operation:
            case Deliver(names, kill):
                self._until_done(kill, lambda: self._deliver(names))
            case TakeOut(name, kill):
                self._until_done(kill, lambda: self._take_out(name))
            case Replay(names, kill):
                self._until_done(kill, lambda: self._replay(names))
            case Run(kill, again):
                self._run(kill, again)
            case Commit():
                self._commit_late()
            case Overtaken():
                self._overtake()
            case Build(models) if self._marts is not None:
                self._marts.build(self.home.settings, models)
                self.survived["builds" if models is None else "kills"] += 1

    def settle(self) -> None:
        """Run what is pending."""
        self._run(None, again=False)
        left = [record.names for record in self.home.ledger.pending()]
        assert not left, f"still pending after a run: {left}"
        assert self._stage(self.home, self._next()) is None, "there is something to stage after a run"

    def _until_done(self, kill: Kill | None, action: Callable[[], None]) -> None:
        """A command that was killed is given again."""
        try:
            with dying(kill):
                action()
        except Killed:
            self.survived["kills"] += 1
            action()

    def _deliver(self, names: Iterable[str]) -> None:
        for name in names:
            landing = self.home.ingest(self.path(name), source=self._history.files[name].source)
            sha256 = self._history.files[name].sha256
            if landing.refused:  # the one thing that keeps a good file out
                assert "is on its way out of the lake" in landing.refused[0][1], landing.refused
                assert sha256 not in self.inside
                continue
            self.inside[sha256] = name
            self.survived["deliveries"] += 1

    def _take_out(self, name: str) -> None:
        sha256 = self._history.files[name].sha256
        if sha256 not in self.inside:
            return
        with suppress(InputError):  # that it is not in the lake: the command that was killed had done it
            self.home.unimport(self.path(name))
        del self.inside[sha256]
        self.survived["un-imports"] += 1

    def _replay(self, names: Iterable[str]) -> None:
        self.home.replay(*[self.path(name) for name in names if self._history.files[name].sha256 in self.inside])
        self.survived["replays"] += 1

    def _run(self, kill: Kill | None, again: bool) -> None:
        run_id = self._killed if again and self._killed else self._next()
        self.survived["runs"] += 1
        try:
            with dying(kill):
                manifest = self._stage(self.home, run_id)
                if manifest is not None:
                    self.home.commit(manifest)
        except Killed:
            self.survived["kills"] += 1
            self._killed = run_id

    def _commit_late(self) -> None:
        if self._killed is None:
            return
        with suppress(InputError, StaleRun):
            self.home.commit(read_manifest(storage_for(self.home.settings.zone("events")), self._killed))

    def _overtake(self) -> None:
        slow = self._stage(self.home, self._next())
        fast = self._stage(self.home, self._next())
        self.survived["runs"] += 2
        if slow is None:
            return
        self.home.commit(fast)
        with pytest.raises(StaleRun):
            self.home.commit(slow)

    def _next(self) -> str:
        self._runs += 1
        return f"run-{self._runs:03}"


def _quarantined(home: Home) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name not in ARRIVAL} for row in home.quarantined()]


def _same(what: str, found: Iterable[Any], rebuilt: Iterable[Any]) -> None:
    """Raise with what only one of the two has."""
    ours, theirs = Counter(map(repr, found)), Counter(map(repr, rebuilt))
    if ours != theirs:
        only = [f"only after the history: {row}" for row in sorted((ours - theirs).elements())[:SHOWN]]
        only += [f"only in the rebuild:    {row}" for row in sorted((theirs - ours).elements())[:SHOWN]]
        raise AssertionError("\n".join([f"{what} differ from a full rebuild:", *only]))


def _agrees_with_oracle(home: Home, history: History, files: list[File]) -> None:
    expected = oracle.sessions(history, files)
    found, ids = {}, {}
    for row in home.rows():
        place = oracle.Place(row["file_sha256"], row["line_number"])
        session = expected.get(place)
        found[place] = (row["session_start_ts"].astimezone(UTC), row["session_event_number"], row["split_reason"])
        if session is not None:  # ids are names: one each for what the oracle calls otherwise
            ids |= {("visitor", row["visitor_id"]): session.visitor, ("session", row["session_id"]): session[:2]}
    _same(
        "sessions (the oracle's are the rebuild here)", found.items(), {p: s[1:] for p, s in expected.items()}.items()
    )
    names = [(kind, whose) for (kind, _), whose in ids.items()]
    assert (
        len(set(names))
        == len(names)
        == len({s.visitor for s in expected.values()}) + len({s[:2] for s in expected.values()})
    ), "a visitor or session has two ids, or two share one"
