"""The proof notices when one of the things exactness rests on is broken on purpose."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from footfall.lake import events, work
from spark import attempt, sessionize, stamp
from spark.columns import FILE
from tests.exactness.history import Build, Deliver, File, History, Run, TakeOut
from tests.exactness.marts import Marts
from tests.exactness.proof import prove

pytestmark = [pytest.mark.xdist_group("exact-1"), pytest.mark.usefixtures("shared_engine")]


def views(*at: str, product: str = "a") -> File:
    """A visitor's views, from ``10 23:45`` (a day of May and a time)."""
    return File("ecommerce_csv", tuple(f"2024-05-{moment}:00 UTC,view,{product},7,,,1.00,1,s" for moment in at))


def in_turn(**files: File) -> History:
    """Deliver, run and build one file after the other."""
    steps = [(Deliver((name,)), Run(), Build()) for name in files]
    return History(files, tuple(itertools.chain(*steps)), timeout_minutes=240)


HISTORIES = {
    "a session over midnight": in_turn(evening=views("10 23:45"), morning=views("11 00:05")),
    "four events of one second": in_turn(
        one=File("ecommerce_csv", tuple(views("10 12:00", product=product).lines[0] for product in "abcd"))
    ),
    "a line in two files": in_turn(one=views("10 12:00", "10 12:01"), other=views("10 12:00")),
    "a late event": in_turn(one=views("10 12:00"), late=views("10 11:00")),
    "a late event that moves every cut of a visitor who never sleeps": in_turn(
        days=views(*(f"{day} {hour:02}:00" for day in (11, 12, 13, 14) for hour in (0, 4, 8, 12, 16, 20))),
        late=views("10 20:00"),
    ),
    "files that share a line are taken out": History(
        {"one": views("10 12:00", "10 12:01"), "other": views("10 12:00")},
        (Deliver(("one", "other")), Run(), TakeOut("one"), Run(), Deliver(("one",)), Run(), TakeOut("other")),
    ),
}


@contextmanager
def no_carry_over(_: Marts) -> Iterator[None]:
    """Sessions that are open at midnight are forgotten."""

    def nothing(*arguments: Any) -> DataFrame:
        return real(*arguments).where(F.lit(False))

    real = attempt.open_sessions
    with mock.patch.object(attempt, "open_sessions", nothing):
        yield


@contextmanager
def order_by_place(_: Marts) -> Iterator[None]:
    """Of events of one second, the one that stands first in its file is first."""

    class ByPlace:
        @staticmethod
        def partitionBy(*columns: str) -> Any:
            by_visitor = Window.partitionBy(*columns)
            return mock.Mock(orderBy=lambda *_: by_visitor.orderBy("event_ts", FILE, "line_number"))

    with mock.patch.object(sessionize, "Window", ByPlace):
        yield


@contextmanager
def no_copies(_: Marts) -> Iterator[None]:
    """No line is taken for a copy of another."""

    def count(*arguments: Any) -> tuple[np.ndarray, np.ndarray]:
        ordinal, is_copy = real(*arguments)
        return ordinal, np.zeros_like(is_copy)

    real = stamp._count_copies
    with mock.patch.object(stamp, "_count_copies", count):
        yield


@contextmanager
def old_files_stay(_: Marts) -> Iterator[None]:
    """A commit leaves the old files of one date it replaces."""

    def commit(zone: str, run_id: str, files: Any, dates: Collection[date], **named: Any) -> int:
        return real(zone, run_id, files, sorted(dates)[1:], **named)

    real = events.commit
    with mock.patch.object(events, "commit", commit):
        yield


@contextmanager
def one_day_forward(_: Marts) -> Iterator[None]:
    """A late event is replayed into the next day, and no further."""

    def once(*arguments: Any) -> set[date]:
        return real(*arguments) if next(calls) == 0 else set()

    real, calls = attempt.dates_to_replay, itertools.count()
    with mock.patch.object(attempt, "dates_to_replay", once):
        yield


@contextmanager
def no_heirs(_: Marts) -> Iterator[None]:
    """When the file that holds an event goes, no other file's copy takes its place."""
    with mock.patch.object(work, "_repeats", return_value=False):
        yield


@contextmanager
def sessions_of_the_day_alone(marts: Marts) -> Iterator[None]:
    """dbt rewrites the sessions of the touched dates, without those that began the day before."""
    macro = marts.manifest.macros["macro.footfall.touched_session_dates"]
    text = "{% macro touched_session_dates() %}{{ return(touched_dates()) }}{% endmacro %}"
    with mock.patch.object(macro, "macro_sql", text):
        yield


MUTATIONS: dict[str, Callable[[Marts], contextlib.AbstractContextManager[None]]] = {
    "a session over midnight": no_carry_over,
    "four events of one second": order_by_place,
    "a line in two files": no_copies,
    "a late event": old_files_stay,
    "a late event that moves every cut of a visitor who never sleeps": one_day_forward,
    "files that share a line are taken out": no_heirs,
}


@pytest.mark.parametrize("name", HISTORIES)
def test_the_history_holds(name: str, tmp_path: Path) -> None:
    prove(HISTORIES[name], tmp_path, None)


@pytest.mark.parametrize(("name", "broken"), MUTATIONS.items(), ids=[broken.__name__ for broken in MUTATIONS.values()])
def test_is_noticed(name: str, broken: Callable[[Marts], Any], tmp_path: Path, marts: Marts) -> None:
    with broken(marts), pytest.raises(AssertionError, match="differ from a full rebuild"):
        prove(HISTORIES[name], tmp_path, None)


@pytest.mark.prove
def test_marts_that_forget_the_day_before_are_noticed(tmp_path: Path, marts: Marts) -> None:
    history = HISTORIES["a session over midnight"]
    for folder in ("right", "wrong"):
        (tmp_path / folder).mkdir()
    prove(history, tmp_path / "right", marts)
    with sessions_of_the_day_alone(marts), pytest.raises(AssertionError, match="fct_sessions differ"):
        prove(history, tmp_path / "wrong", marts)
