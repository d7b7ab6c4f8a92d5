"""The DuckDB file dbt builds in, and what it remembers: which version of the events it shows and what was built of it.

Two tables in the schema ``footfall_state``. ``load`` has one row: the version of the events zone dbt sees, the dates
that were touched since the last complete build, and which rebuild of everything the tables go back to. ``results`` has
the latest status of every dbt node since that load; dbt itself writes it when a run ends (dbt/macros/results.sql), so
that a build counts in whatever pieces it was run: one ``dbt build``, or an Airflow task for each node.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

import duckdb

from footfall.errors import EnvironmentProblem
from footfall.settings import Settings
from footfall.warehouse import PUBLISHED_TABLES, PUBLISHED_VIEWS

BUILD_SCHEMA = "footfall_build"
_PUBLISHED_MODELS = [*(table.name for table in PUBLISHED_TABLES), *PUBLISHED_VIEWS]
PASSING = ("success", "pass", "warn", "no-op")  # what dbt says of a node that is no obstacle to a publish
_STATE = """
create schema if not exists footfall_state;
create table if not exists footfall_state.load (
    load_id varchar, table_id varchar, events_version bigint, project_sha256 varchar, touched_dates date[],
    loaded_at timestamp, built_version bigint, rebuild_id varchar
);
alter table footfall_state.load add column if not exists rebuild_id varchar;
create table if not exists footfall_state.results (
    unique_id varchar, resource_type varchar, name varchar, status varchar, finished_at timestamp
);
"""


@dataclass(frozen=True, slots=True)
class Load:
    """The one row of footfall_state.load."""

    load_id: str
    table_id: str  # id of the Delta table: another id is another lake
    events_version: int
    project_sha256: str
    touched_dates: tuple[date, ...]
    loaded_at: datetime
    built_version: int | None  # version of the last complete build before this load
    rebuild_id: str | None  # another one after a build from nothing: a load's id, or that of a dbt run


@dataclass(frozen=True, slots=True)
class BuildState:
    """What the build database holds."""

    load: Load | None
    built_at: datetime | None  # when the last node finished; None unless every mart and test is green

    @property
    def complete(self) -> bool:
        """Whether the marts are those of the loaded version, and tested."""
        return self.built_at is not None


@contextmanager
def open_build_db(settings: Settings, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """The build database; the folder and the state tables are made when missing.

    Raises EnvironmentProblem when another process is building, or the folder cannot be written.
    """
    is_new = not settings.build_db.exists()
    try:
        if not read_only:
            settings.warehouse_dir.mkdir(parents=True, exist_ok=True)
        connection = duckdb.connect(settings.build_db, read_only=read_only)
    except duckdb.IOException as error:
        if is_new:  # on a full disk DuckDB leaves the beginning of a file, which it would refuse to open ever after
            settings.build_db.unlink(missing_ok=True)
        if "lock" in str(error).lower():
            raise in_use(settings) from error
        raise EnvironmentProblem(
            f"{settings.build_db} cannot be opened ({_first_line(error)}): the build database must be a DuckDB file "
            "this user can write. Correct its access, or remove it to build it anew from the events zone."
        ) from error
    except OSError as error:
        raise _cannot_be_written(settings, error) from error
    try:
        connection.execute("set TimeZone = 'UTC'")
        if not read_only:
            connection.execute(_STATE)
        yield connection
    finally:
        connection.close()


@contextmanager
def building(settings: Settings) -> Iterator[None]:
    """Keep other builds out from the load to the end of dbt, which lets go of the database between its nodes.

    The kernel ends it with the process. Raises EnvironmentProblem when another process is building.
    """
    try:
        settings.warehouse_dir.mkdir(parents=True, exist_ok=True)
        lock = (settings.warehouse_dir / ".building.lock").open("a")
    except OSError as error:
        raise _cannot_be_written(settings, error) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise in_use(settings) from error
        yield


def in_use(settings: Settings) -> EnvironmentProblem:
    """The error of a build database that another process holds."""
    return EnvironmentProblem(
        f"{settings.build_db} is in use by another footfall or dbt process: one process at a time builds. "
        "Wait for it to finish (the marts can be queried meanwhile), then run this again."
    )


def _cannot_be_written(settings: Settings, error: OSError) -> EnvironmentProblem:
    return EnvironmentProblem(
        f"{settings.warehouse_dir} cannot be written ({error.strerror}): the warehouse lives there. "
        "Correct its access or set FOOTFALL_HOME to another folder."
    )


def read_state(connection: duckdb.DuckDBPyConnection) -> BuildState:
    """What was loaded last and whether all of it was built."""
    known = connection.execute(
        "select count(*) from information_schema.tables where table_schema = 'footfall_state'"
    ).fetchone()
    if known != (2,):
        return BuildState(None, None)
    row = connection.execute(
        "select load_id, table_id, events_version, project_sha256, touched_dates, loaded_at, built_version, "
        "rebuild_id from footfall_state.load"
    ).fetchone()
    if row is None:
        return BuildState(None, None)
    load_id, table_id, events_version, project_sha256, touched_dates, *others = row
    load = Load(load_id, table_id, events_version, project_sha256, tuple(touched_dates), *others)
    models, bad, built_at = connection.execute(
        "select count(*) filter (where status = 'success' and resource_type = 'model' and name in (select unnest($1))),"
        " count(*) filter (where status not in (select unnest($2))), max(finished_at) "
        "from footfall_state.results",
        [_PUBLISHED_MODELS, list(PASSING)],
    ).fetchall()[0]
    return BuildState(load, built_at if models == len(_PUBLISHED_MODELS) and not bad else None)


def write_load(connection: duckdb.DuckDBPyConnection, load: Load) -> None:
    """Remember ``load`` and forget the results of the one before. Call it inside a transaction."""
    connection.execute("delete from footfall_state.load")
    connection.execute("delete from footfall_state.results")
    connection.execute(
        "insert into footfall_state.load values ($1, $2, $3, $4, $5, $6, $7, $8)",
        [
            load.load_id,
            load.table_id,
            load.events_version,
            load.project_sha256,
            list(load.touched_dates),
            load.loaded_at,
            load.built_version,
            load.rebuild_id,
        ],
    )


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
