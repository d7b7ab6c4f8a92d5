"""One attempt at a run: stage the touched dates, then date after date while what is carried over midnight differs.

A changed day can change the sessions of the next: a visitor who is up at midnight brings a session along. So after each
round the open sessions that the staged days hand over are compared with those that their old versions handed over.
Where a visitor with a difference goes on after midnight, the next stored day is stamped anew in the next round. Where
nobody does, the days that follow are what a full rebuild would make them, and are not read.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from deltalake import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from footfall.lake import events
from footfall.lake.keys import load_keys
from footfall.lake.ledger import Cause, FileRecord
from footfall.lake.staging import StagedParquet
from footfall.lake.storage import storage_for
from footfall.lake.work import Work
from footfall.settings import Settings
from footfall.sources.base import REJECT_REASON
from spark.carry import dates_to_replay, open_sessions
from spark.columns import FILE, FILE_COLUMNS, union
from spark.derive import derive
from spark.raw import raw_rows
from spark.sessionize import sessionize
from spark.staged_parquet import write_parquet
from spark.stored import read_events, stored_events

ONE_DAY = timedelta(days=1)

Causes = dict[date, set[Cause]]


class Attempt:
    """Stages ``work`` below ``folder`` of the events zone; ``table`` is the version of the events it builds on."""

    def __init__(
        self, spark: SparkSession, settings: Settings, folder: str, table: DeltaTable | None, work: Work
    ) -> None:
        self._spark, self._settings, self._folder, self._table, self._work = spark, settings, folder, table, work
        self._zone = storage_for(settings.zone("events"))
        self._in_table = events.dates_in(table)
        self._staged: dict[date, list[StagedParquet]] = {}
        self._rejected: list[StagedParquet] = []
        self._rounds = 0
        self.causes: Causes = {}

    @property
    def parquet(self) -> list[StagedParquet]:
        """What was staged: the last files of each date, and those of the rejected rows."""
        return [*(file for files in self._staged.values() for file in files), *self._rejected]

    @property
    def dates(self) -> set[date]:
        """The dates that what was staged replaces: those that had events, or have some now."""
        return {day for day, files in self._staged.items() if files or day in self._in_table}

    def stage(self) -> None:
        """Stage round after round, until no date is left that may have changed."""
        touched = dict(self._work.causes)
        before = self._first_round(touched)
        while unforeseen := self._staged.keys() - touched.keys():
            # Landing looks for dates where a format usually has them. To go on would replace these days unread.
            touched |= {day: {"new_data"} for day in unforeseen}
            self._staged, self._rejected = {}, []
            before = self._first_round(touched)
        for day in self._untouched():
            del before[day], self._staged[day], self.causes[day]
        while following := self._to_replay(before):
            before = {day: self._files(day) for day in following}
            rows, files = self._stored_rows(following)
            self._write(rows, files, {day: self.causes[day - ONE_DAY] for day in following})

    def _first_round(self, causes: Causes) -> dict[date, list[str]]:
        """Take files in and out; returns what the dates' files were before."""
        work, before = self._work, {day: self._files(day) for day in causes}
        rows, files = self._stored_rows(set(causes), [*work.take_in, *work.heirs])
        keys = load_keys(self._settings)
        rows.append(raw_rows(self._spark, self._settings, work.take_in, files.number, keys))
        if work.heirs:
            heirs = raw_rows(self._spark, self._settings, work.heirs, files.number, keys)
            rows.append(heirs.where(F.col(REJECT_REASON).isNull() & F.to_date("event_ts").isin([*work.left])))
        self._write(rows, files, causes)
        return before

    def _untouched(self) -> set[date]:
        """Stored dates that the run's files might have had events on, and have not: their old files stay.

        Landing names the days around as well where a log's times are not UTC. A day that has to follow one before it is
        found as any other is.
        """
        suspects = (self._staged.keys() & self._in_table) - self._work.left
        staged = self._events(suspects) if len(suspects) > 1 else None
        if staged is None:
            return set()
        own = [record.sha256 for record in (*self._work.take_in, *self._work.heirs)]
        touched = staged.where(F.col("file_sha256").isin(own)).select("event_date").distinct().collect()
        return suspects - {row.event_date for row in touched}

    def _stored_rows(self, dates: set[date], fresh: Iterable[FileRecord] = ()) -> tuple[list[DataFrame], _Files]:
        """The stored events of ``dates`` that stay as they are, and the sessions carried in from the days before."""
        rows = []
        stored = self._events(dates)
        if stored is not None:
            # Of files that are read again, the events come from raw
            own = [record.sha256 for record in (*self._work.take_in, *self._work.take_out)]
            stored = stored.where(~F.col("file_sha256").isin(own))
            if self._work.heirs:
                heirs = F.col("file_sha256").isin([record.sha256 for record in self._work.heirs])
                stored = stored.where(~(heirs & F.col("event_date").isin([*self._work.left])))
        files = _Files(self._spark, fresh, stored)
        if stored is not None:
            rows.append(stored_events(stored.join(F.broadcast(files.numbers), "file_sha256")))
        if (days_before := self._events({day - ONE_DAY for day in dates} - dates)) is not None:
            rows.append(open_sessions(days_before, self._settings.session))
        return rows, files

    def _write(self, rows: list[DataFrame], files: _Files, causes: Causes) -> None:
        """Stage one round; the dates of ``causes`` hold nothing but what it writes."""
        self._rounds += 1
        session = self._settings.session
        staged = derive(sessionize(union(rows), files.known, session))
        written = write_parquet(staged, self._zone, f"{self._folder}/{self._rounds}")
        self._staged |= {day: [] for day in causes}
        for file in written:
            if file.event_date is None:
                self._rejected.append(file)
            else:
                self._staged.setdefault(file.event_date, []).append(file)
        self.causes |= causes

    def _to_replay(self, before: dict[date, list[str]]) -> set[date]:
        """Stored dates right after the round's dates that have to follow. ``before``: the old files of its dates."""
        nexts = {day + ONE_DAY for day in before} - before.keys()
        boundaries = {day for day in before if day + ONE_DAY in nexts and self._files(day + ONE_DAY)}
        old = read_events(self._spark, [file for day in sorted(boundaries) for file in before[day]])
        following = self._events({day + ONE_DAY for day in boundaries})
        if following is None:
            return set()
        return dates_to_replay(old, self._events(boundaries), following, self._settings.session)

    def _events(self, dates: set[date]) -> DataFrame | None:
        return read_events(self._spark, [file for day in sorted(dates) for file in self._files(day)])

    def _files(self, day: date) -> list[str]:
        """A date's files as a commit would leave them now."""
        if day in self._staged:
            return [self._zone.uri(file.path) for file in self._staged[day]]
        return events.files_of(self._table, [day]) if self._table is not None and day in self._in_table else []


class _Files:
    """The files of a round, numbered by their hash: rows carry the number, and get the rest back at the end."""

    def __init__(self, spark: SparkSession, fresh: Iterable[FileRecord], stored: DataFrame | None) -> None:
        rows = {r.sha256: (r.sha256, r.ingest_run_id, r.landed_at, r.source) for r in fresh}
        if stored is not None:
            rows |= {row.file_sha256: tuple(row) for row in stored.select(*FILE_COLUMNS).distinct().collect()}
        self.number = {sha256: number for number, sha256 in enumerate(sorted(rows))}
        self.known = [rows[sha256] for sha256 in self.number]
        numbers = [(number, sha256) for sha256, number in self.number.items()]
        self.numbers = spark.createDataFrame(numbers, f"{FILE} int, file_sha256 string")
