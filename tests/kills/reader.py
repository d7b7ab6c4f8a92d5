"""Somebody who reads the published marts all the time, and wants each version whole and unchanging."""

from __future__ import annotations

import threading
from types import TracebackType

import duckdb

from footfall.settings import Settings
from footfall.warehouse import PUBLICATIONS_TABLE, PUBLISHED_MARTS, RESTATEMENTS_TABLE
from footfall.warehouse.query import published

PAUSE = 0.05  # seconds
_WHOLE = f"""
select
    (select sum(sessions) from agg_daily_metrics) = (select count(*) from fct_sessions),
    (select sum(page_views) from agg_daily_metrics) = (select count(*) from fct_page_views),
    (select sum(session_count) from dim_visitors) = (select count(*) from fct_sessions),
    (select sum(page_view_count) from dim_pages) = (select count(*) from fct_page_views),
    (select count(*) from {PUBLICATIONS_TABLE}) = (select count(distinct run_id) from {PUBLICATIONS_TABLE}),
    not exists (from {RESTATEMENTS_TABLE} where restated_at not in (select published_at from {PUBLICATIONS_TABLE}))
"""


class Reader:
    """Reads in a thread as long as the context is open; ``versions`` are the events versions it has seen, in order.

    At the end it raises what went wrong: a read that failed, a version that was not whole, two kinds of one version,
    a version that came back.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._digests: dict[int, tuple[int, ...]] = {}
        self._wrong: list[str] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._read_on, daemon=True)
        self.reads = 0

    @property
    def versions(self) -> list[int]:
        return list(self._digests)

    def __enter__(self) -> Reader:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        if error is None:
            self.check()

    def check(self) -> None:
        assert not self._wrong, "\n".join(self._wrong[:10])
        assert self.versions == sorted(self.versions), f"versions were seen in the order {self.versions}"

    def _read_on(self) -> None:
        while not self._settings.published_db.exists():  # from the first publication on there is always something
            if self._ended.wait(PAUSE):
                return
        while not self._ended.is_set():
            try:
                self._read()
            except Exception as error:  # whatever it is, no reader may see it
                self._wrong.append(f"read {self.reads}: {type(error).__name__}: {error}")
            self.reads += 1

    def _read(self) -> None:
        with published(self._settings) as connection:
            version, digest = _look(connection)
            # A slow reader: of what it has open nothing may change
            self._ended.wait(PAUSE)
            if _look(connection) != (version, digest):
                self._wrong.append(f"version {version} changed while it was open")
            if not all(connection.execute(_WHOLE).fetchall()[0]):
                self._wrong.append(f"version {version} is not whole: {connection.execute(_WHOLE).fetchall()[0]}")
        if self._digests.setdefault(version, digest) != digest:
            self._wrong.append(f"version {version} was seen as {self._digests[version]} and as {digest}")
        if version != self.versions[-1]:
            self._wrong.append(f"version {version} came back after {self.versions[-1]}")


def _look(connection: duckdb.DuckDBPyConnection) -> tuple[int, tuple[int, ...]]:
    """The events version of what is published, and a figure of each mart's rows that does not mind their order."""
    newest = f"select events_version from {PUBLICATIONS_TABLE} order by published_at desc limit 1"
    ((version,),) = connection.execute(newest).fetchall()
    sums = (f"(select sum(hash(mart)::hugeint) from {mart} mart)" for mart in PUBLISHED_MARTS)
    return version, connection.execute(f"select {', '.join(sums)}").fetchall()[0]
