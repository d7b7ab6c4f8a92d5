"""The events zone: a Delta table of contract rows, partitioned by event_date, committed without a JVM.

The Spark engine writes plain Parquet files below ``<events zone>/<run id>/<attempt>/<round>/event_date=.../``. They are
invisible until :func:`commit` replaces the touched dates in one Delta transaction: a reader sees the old version or the
new one, and a job killed half-way leaves the old.
"""

from __future__ import annotations

import json
import re
import secrets
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import unquote

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, CommitProperties, Transaction, create_table_with_add_actions

from footfall.contract import PARTITION_COLUMN
from footfall.errors import FootfallError
from footfall.lake.event_schema import delta_schema
from footfall.lake.storage import ObjectNotFound, StorageProblem, storage_for

# delta-rs writes a checkpoint with every tenth version, so that a table is opened from one and at most nine commits.
# With a checkpoint it also deletes the log of versions older than 30 days (Delta's default): see VersionGone.
_TABLE_PROPERTIES: Final = {"delta.checkpointInterval": "10"}


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A Parquet file an engine wrote below the events zone, not yet part of the table."""

    path: str  # relative to the events zone
    event_date: date
    size_bytes: int
    rows: int


def open_table(zone: str) -> DeltaTable | None:
    """The events table, or None before the first commit."""
    try:
        return DeltaTable(zone)
    except TableNotFoundError:
        return None


def version_of(table: DeltaTable | None) -> int | None:
    """The table's version; None when there is no table."""
    return None if table is None else table.version()


class StaleRun(FootfallError):
    """Another run committed after this one was staged."""

    def __init__(self, run_id: str) -> None:
        super().__init__(
            f"Run {run_id} was staged on a version of the events table that another run has since replaced; nothing "
            "was committed. Stage it again (its files are still pending): `footfall sessionize`."
        )


class VersionGone(FootfallError):
    """The Delta log no longer tells what a version held, or what changed since: every date may have."""

    def __init__(self, zone: str, version: int) -> None:
        super().__init__(
            f"Version {version} of the events table {zone} cannot be read: its log is older than the 30 days that are "
            "kept, or the table was made anew since. Take every date as changed: build from nothing."
        )


_ANSI = re.compile(r"\x1b\[[0-9;]*m")  # delta-rs paints its messages


def commit(
    zone: str,
    run_id: str,
    files: Iterable[StagedFile],
    dates: Iterable[date],
    *,
    base_version: int | None,
    causes: Mapping[date, Collection[str]] | None = None,
    attempt: str | None = None,
) -> int:
    """Replace ``dates`` by ``files`` in one transaction and return the new version of the table.

    A date in ``dates`` without a file becomes empty. The version is ``base_version`` + 1 (0 for the first) or nothing
    is committed: a Delta application transaction ties the run id to it, so that a rerun can tell that it has been
    made (:func:`committed_version`). ``causes`` says why a date changed and is kept in the commit
    (:func:`causes_between`). ``attempt`` tells this attempt at the run from others (:func:`committed_attempt`).

    ``base_version`` is the version the files were made from (None: there was no table): raises :class:`StaleRun` when
    it is no longer the newest, and :class:`~footfall.lake.storage.StorageProblem` when the disk is full or refuses.
    An error that leaves the commit in place (a lost answer, a checkpoint that could not be written) is none.
    """
    actions = [
        AddAction(
            path=file.path,
            size=file.size_bytes,
            partition_values={PARTITION_COLUMN: file.event_date.isoformat()},
            modification_time=0,
            data_change=True,
            stats=json.dumps({"numRecords": file.rows}),
        )
        for file in files
    ]
    version = 0 if base_version is None else base_version + 1
    by_date = {day.isoformat(): sorted(set(why)) for day, why in (causes or {}).items() if why}
    metadata = {
        "footfall_run_id": run_id,
        "footfall_causes": json.dumps(by_date, sort_keys=True),
        "footfall_attempt": attempt or secrets.token_hex(8),
    }
    properties = CommitProperties(
        custom_metadata=metadata,
        app_transactions=[Transaction(_app_id(run_id), version)],
        # a retry would move the commit on top of what another run has committed since
        max_commit_retries=0,
    )
    table = open_table(zone)
    if version_of(table) != base_version:
        raise StaleRun(run_id)
    try:
        _write(zone, table, actions, dates, properties)
    except (DeltaError, OSError) as error:
        if _is_in_log(zone, version, metadata):
            return version
        if version_of(open_table(zone)) != base_version:
            raise StaleRun(run_id) from error
        if isinstance(error, DeltaError):
            raise
        why = _ANSI.sub("", str(error)).strip().splitlines()[-1].strip(" ↳")
        raise StorageProblem(
            f"Run {run_id} could not be committed to {zone}: {why}. Nothing was committed; make room or give this user "
            f"access, then `footfall commit --run-id {run_id}`."
        ) from error
    return version


def _write(
    zone: str,
    table: DeltaTable | None,
    actions: list[AddAction],
    dates: Iterable[date],
    properties: CommitProperties,
) -> None:
    if table is None:
        create_table_with_add_actions(
            zone,
            delta_schema(),
            actions,
            mode="error",
            partition_by=[PARTITION_COLUMN],
            configuration=_TABLE_PROPERTIES,
            commit_properties=properties,
        )
    else:
        stale = sorted({day.isoformat() for day in dates})
        table.create_write_transaction(
            [*actions],
            mode="overwrite",
            schema=delta_schema(),
            partition_by=[PARTITION_COLUMN],
            partition_filters=[(PARTITION_COLUMN, "in", stale)],
            commit_properties=properties,
        )


def _app_id(run_id: str) -> str:
    return f"footfall/{run_id}"


def _is_in_log(zone: str, version: int, metadata: Mapping[str, str]) -> bool:
    """Whether the commit that made ``version`` carries this metadata."""
    try:
        (info,) = _commit_infos(zone, [version])
    except VersionGone:
        return False
    return metadata.items() <= info.items()


def _commit_infos(zone: str, versions: Iterable[int]) -> Iterator[dict[str, Any]]:
    """What the log says about the commits that made ``versions``, in the order asked for. Raises VersionGone.

    Not by ``DeltaTable.history``: it counts versions down from the one the table was opened at, but begins at the
    newest there is when it is asked.
    """
    waiting = deque(versions)
    log = storage_for(zone).read_many([f"_delta_log/{version:020}.json" for version in waiting])
    try:
        for _, content in log:
            waiting.popleft()
            actions = map(json.loads, content.splitlines())
            yield next((action["commitInfo"] for action in actions if "commitInfo" in action), {})
    except ObjectNotFound as error:
        raise VersionGone(zone, waiting[0]) from error


def committed_version(table: DeltaTable | None, run_id: str) -> int | None:
    """The table version a run committed, or None if it has not committed. Takes the same time however old the run."""
    return None if table is None else table.transaction_version(_app_id(run_id))


def committed_attempt(zone: str, version: int) -> str | None:
    """Which attempt at its run the commit of ``version`` was. Raises :class:`VersionGone`."""
    return next(_commit_infos(zone, [version])).get("footfall_attempt")


def newest_run(zone: str) -> str | None:
    """The run that made the newest version of the table; None when there is no table, or no run made it."""
    version = version_of(open_table(zone))
    return None if version is None else next(_commit_infos(zone, [version])).get("footfall_run_id")


def dates_in(table: DeltaTable | None) -> set[date]:
    """The dates the table holds events of."""
    if table is None:
        return set()
    return {date.fromisoformat(str(partition[PARTITION_COLUMN])) for partition in table.partitions()}


def files_of(table: DeltaTable, dates: Iterable[date] | None = None) -> list[str]:
    """Absolute paths (or gs:// URIs) of the Parquet files of ``dates`` (all dates unless given) in this version."""
    if dates is None:
        uris = table.file_uris()
    else:
        wanted = sorted({day.isoformat() for day in dates})
        uris = table.file_uris(file_pruning_predicate=[(PARTITION_COLUMN, "in", wanted)]) if wanted else []
    # delta-rs percent-encodes what it hands out: a home with spaces would not be found
    return sorted(unquote(uri) for uri in uris)


def dates_changed_between(zone: str, before: int | None, after: int | None) -> set[date]:
    """Dates whose files differ between two versions, emptied dates included.

    ``before`` None is an empty table, ``after`` None the newest version. A date that was changed and put back has not
    changed. The Delta log is the change feed: whoever reads the table remembers the version it saw, nothing else.
    Raises :class:`VersionGone` when the table cannot tell any more.
    """
    then = _files_by_date(None if before is None else _table_at(zone, before))
    now = _files_by_date(open_table(zone) if after is None else _table_at(zone, after))
    return {day for day in now.keys() | then.keys() if now.get(day) != then.get(day)}


def dates_changed_since(zone: str, version: int | None) -> set[date]:
    """:func:`dates_changed_between` that version and the newest."""
    return dates_changed_between(zone, version, None)


def causes_between(zone: str, before: int | None, after: int) -> dict[date, list[tuple[str, str]]]:
    """Why dates changed after version ``before`` (None: from the first on) up to ``after``: (run id, cause) by date.

    In the order of the commits. Only those versions' log entries are read, and a date that was put back is told of,
    too. Raises :class:`VersionGone` when one of them is not kept any more.
    """
    found: dict[date, list[tuple[str, str]]] = {}
    for info in _commit_infos(zone, range(0 if before is None else before + 1, after + 1)):
        for day, causes in json.loads(info.get("footfall_causes", "{}")).items():
            found.setdefault(date.fromisoformat(day), []).extend((info["footfall_run_id"], cause) for cause in causes)
    return found


def _table_at(zone: str, version: int) -> DeltaTable:
    try:
        return DeltaTable(zone, version=version)
    except DeltaError as error:
        raise VersionGone(zone, version) from error


def _files_by_date(table: DeltaTable | None) -> dict[date, frozenset[str]]:
    if table is None:
        return {}
    actions = pa.table(table.get_add_actions(flatten=True))
    found: dict[date, set[str]] = {}
    paths, days = actions["path"].to_pylist(), actions[f"partition.{PARTITION_COLUMN}"].to_pylist()
    for path, day in zip(paths, days, strict=True):
        found.setdefault(day, set()).add(path)
    return {day: frozenset(files) for day, files in found.items()}
