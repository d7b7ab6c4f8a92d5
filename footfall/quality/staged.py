"""Staged Parquet files, read for the gate: their schemas, counts of broken rules by date, and example rows.

DuckDB reads the files where they lie, only the columns a query names, and spills to disk beyond ``_MEMORY_LIMIT``.
Files in a bucket are copied to a temporary folder first: DuckDB's own Parquet reader takes a fraction of the time of
a pyarrow dataset handed to it, and its extension for buckets would have to be downloaded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from footfall.contract import PARTITION_COLUMN, Type
from footfall.errors import QualityError
from footfall.lake.events import StagedFile
from footfall.lake.storage import ObjectNotFound, storage_for
from footfall.quality.rules import Grain, Rule
from footfall.sql import string_literal

_MEMORY_LIMIT = "2GB"
_MOST_EVENTS_IN_A_SESSION = 10_000_000  # a larger event number is a fault in itself; one session a day has not more
_FINDS_THE_LINE = ("event_id", "event_ts", "file_sha256", "line_number")

# One row a session, of the events on the touched dates. Sessions are filed under the date of their first such event.
# Equal sums of 64-bit hashes say that the numbers are first..last, each once: a distinct count would keep every number
# of every session in memory (10 M events: 1.2 GB and twice the time).
_SESSIONS = """
create temp table sessions as
with
grouped as (
    select
        session_id,
        min(event_date) as event_date,
        min(event_ts) as first_event_ts,
        min(session_start_ts) as first_session_start_ts,
        max(session_start_ts) as last_session_start_ts,
        min(visitor_id) as first_visitor_id,
        max(visitor_id) as last_visitor_id,
        min(split_reason) as first_split_reason,
        max(split_reason) as last_split_reason,
        count(*) as event_count,
        min(session_event_number) as first_number,
        max(session_event_number) as last_number,
        sum(hash(session_event_number)) as number_hashes
    from events
    where session_id is not null
    group by session_id
),

hash_sums as (
    select number, sum(hash(number)) over (order by number rows unbounded preceding) as hash_sum
    from (select unnest(range(1, (select least(coalesce(max(last_number), 0), {most}) from grouped) + 1)) as number)
),

shared_starts as (
    select first_visitor_id, first_session_start_ts, count(*) as sessions_of_start
    from grouped
    group by all
    having count(*) > 1
)

select
    grouped.*,
    first_session_start_ts::date in (select event_date from touched) as starts_on_touched_date,
    coalesce(number_hashes = through_last.hash_sum - coalesce(before_first.hash_sum, 0), false) as numbers_are_distinct,
    coalesce(sessions_of_start, 1) as sessions_of_start
from grouped
left join hash_sums as through_last on through_last.number = last_number
left join hash_sums as before_first on before_first.number = first_number - 1
left join shared_starts using (first_visitor_id, first_session_start_ts)
"""


@dataclass(frozen=True, slots=True)
class StagedAudit:
    """What one run staged. ``quarantined``: lines set aside, by reason."""

    files: Sequence[StagedFile]
    lines_read: int
    quarantined: Mapping[str, int] = field(default_factory=dict)

    @property
    def dates(self) -> list[date]:
        """The dates with staged events, ascending."""
        return sorted({file.event_date for file in self.files})

    @property
    def quarantined_lines(self) -> int:
        """Lines set aside, all reasons."""
        return sum(self.quarantined.values())

    @property
    def quarantined_share(self) -> float:
        """Lines set aside as a share of the lines read, 0 to 1; 0 when nothing was read."""
        return self.quarantined_lines / self.lines_read if self.lines_read else 0.0


@dataclass(frozen=True, slots=True)
class Profile:
    """Counts by date. ``broken[rule][day]`` counts rows or sessions that break the rule, 0 included."""

    totals: dict[Grain, dict[date, int]]
    broken: dict[str, dict[date, int]]


def type_name(arrow_type: pa.DataType) -> str:
    """The contract's name of an Arrow type; Arrow's own name where the contract has none."""
    if pa.types.is_string(arrow_type) or pa.types.is_large_string(arrow_type) or pa.types.is_string_view(arrow_type):
        return Type.STRING
    if pa.types.is_list(arrow_type) or pa.types.is_large_list(arrow_type):
        return f"ARRAY<{type_name(arrow_type.value_type)}>"
    return _TYPE_NAMES.get(arrow_type, str(arrow_type))


_TYPE_NAMES: dict[pa.DataType, str] = {
    pa.int64(): Type.INT64,
    pa.float64(): Type.FLOAT64,
    pa.decimal128(38, 9): Type.NUMERIC,
    pa.bool_(): Type.BOOL,
    pa.timestamp("us", tz="UTC"): Type.TIMESTAMP,
    pa.date32(): Type.DATE,
}


class StagedEvents(AbstractContextManager["StagedEvents"]):
    """The staged files of one run as a table ``events`` in an in-memory DuckDB. Close it after use."""

    def __init__(self, zone: str, files: Sequence[StagedFile]) -> None:
        self._zone = zone
        self._storage = storage_for(zone)
        self._files = files
        self._scratch = TemporaryDirectory(prefix="footfall-audit-")
        self._near = Path(self._scratch.name) / "zone"
        self._db = duckdb.connect(config={"memory_limit": _MEMORY_LIMIT, "temp_directory": self._scratch.name})
        self._db.execute("set TimeZone = 'UTC'")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()
        self._scratch.cleanup()

    def schemas(self) -> dict[date, dict[str, set[str]]]:
        """Types found by date and column, under the contract's names; the partition column is not in the files.

        Raises QualityError when a file cannot be read as Parquet.
        """
        found: dict[date, dict[str, set[str]]] = {}
        for file in self._files:
            columns = found.setdefault(file.event_date, {})
            for column in self._read_schema(file):
                columns.setdefault(column.name, set()).add(type_name(column.type))
        return found

    def profile(self, rules: Sequence[Rule]) -> Profile:
        """Count the rows and sessions that break each rule, by date. Each scan reads only the columns it names."""
        self._bring_near()
        paths = ", ".join(string_literal(self._near / file.path) for file in self._files)
        self._db.execute(
            f"create temp view events as select * from read_parquet([{paths}], union_by_name = true, "
            f"hive_partitioning = true, hive_types = {{'{PARTITION_COLUMN}': date}})"
        )
        days = pa.array(sorted({file.event_date for file in self._files}), pa.date32())
        self._db.register("touched", pa.table({PARTITION_COLUMN: days}))
        # Hashes first: 16 bytes an event instead of the id; the ids are grouped only where hashes collide.
        self._db.execute(
            "create temp table repeated_hashes as select hash(event_id) as event_hash from events "
            "where event_id is not null group by all having count(*) > 1"
        )
        self._db.execute(
            "create temp table repeated_event_ids as select event_id from events "
            "where hash(event_id) in (select event_hash from repeated_hashes) group by all having count(*) > 1"
        )
        self._db.execute(_SESSIONS.format(most=_MOST_EVENTS_IN_A_SESSION))
        totals: dict[Grain, dict[date, int]] = {}
        broken: dict[str, dict[date, int]] = {}
        grains: tuple[Grain, ...] = ("events", "sessions")
        for grain in grains:
            of_grain = [rule for rule in rules if rule.grain == grain]
            counts = "".join(f", count(*) filter (where {rule.breaks})" for rule in of_grain)
            rows = self._db.execute(
                f"select event_date, count(*){counts} from {grain} group by event_date order by event_date"
            ).fetchall()
            totals[grain] = {row[0]: row[1] for row in rows}
            for position, rule in enumerate(of_grain, start=2):
                broken[rule.name] = {row[0]: row[position] for row in rows}
        return Profile(totals, broken)

    def examples(self, rule: Rule, limit: int) -> tuple[list[str], list[tuple[object, ...]]]:
        """Column names and at most ``limit`` rows that break the rule: no URL, no user agent among the columns.

        A row is the event, or the first staged event of a session that breaks the rule; ``rule.shows`` comes after the
        columns that find the line again.
        """
        columns = list(dict.fromkeys((*_FINDS_THE_LINE, *rule.shows)))
        shown = ", ".join(f"left({name}, 12) as {name}" if name == "file_sha256" else name for name in columns)
        if rule.grain == "events":
            query = f"select {shown} from events where {rule.breaks} order by {rule.order} limit {limit}"
        else:
            query = f"""
                with broken as (
                    select * exclude (event_date) from sessions where {rule.breaks} order by session_id limit {limit}
                )
                select distinct on (session_id) {shown}
                from events join broken using (session_id)
                order by session_id, event_ts, session_event_number
            """
        return columns, self._db.execute(query).fetchall()

    def _read_schema(self, file: StagedFile) -> pa.Schema:
        try:
            with self._storage.open(file.path) as stream:
                return pq.read_schema(stream)
        except (pa.ArrowInvalid, ObjectNotFound) as error:
            raise QualityError(
                f"Staged file {self._storage.uri(file.path)} cannot be read as Parquet ({error}): it is incomplete, or "
                "was changed after it was written. Nothing was committed; run `footfall stage` again."
            ) from error

    def _bring_near(self) -> None:
        """Have the files below the scratch folder: DuckDB takes a path as a glob, and a home may hold any character."""
        if "://" not in self._zone:
            self._near.symlink_to(Path(self._zone).absolute(), target_is_directory=True)
            return
        for file in self._files:
            target = self._near / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            with self._storage.open(file.path) as stream, target.open("wb") as copy:
                copyfileobj(stream, copy)
