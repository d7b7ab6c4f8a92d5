"""The way to the published marts: one publication at a time, every answer remembered as long as it is the newest.

The cache is keyed by the publication, so that a newly published file is picked up at once and without a restart, and
an old answer is never shown beside a new one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import streamlit as st

from dashboard import queries
from footfall.errors import EnvironmentProblem
from footfall.settings import Settings

FileIdentity = tuple[int, int, int]


class Republished(Exception):
    """New marts were published between two queries of one page; run the page again."""


@dataclass(frozen=True, slots=True)
class Publication:
    """What readers see: the run that published it and when (UTC), and the file's identity."""

    run_id: str
    published_at: datetime
    file: FileIdentity


def file_identity(settings: Settings) -> FileIdentity | None:
    """Inode, modification time (ns) and size of the published file; None before the first publish.

    Publish replaces the file whole, so a new publication is a new identity.
    """
    try:
        status = settings.published_db.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def newest(settings: Settings) -> Publication | None:
    """The newest publication, or None before the first publish."""
    file = file_identity(settings)
    if file is None:
        return None
    (row,) = rows(settings, file, queries.publication())
    return Publication(row["run_id"], row["published_at"], file)


def rows(settings: Settings, file: FileIdentity, sql: str) -> list[dict[str, Any]]:
    """The rows of one query on the published file ``file``.

    Raises :class:`Republished` when another file has taken its place, so that one page never mixes two publications,
    and :class:`EnvironmentProblem` when the file cannot be read.
    """
    answer = _answer(settings, file, sql)
    if file_identity(settings) != file:
        raise Republished
    return answer


@st.cache_data(max_entries=500, show_spinner=False)
def _answer(_settings: Settings, file: FileIdentity, sql: str) -> list[dict[str, Any]]:
    try:
        answer = _query(_settings.published_db, sql)
    except duckdb.Error as error:
        if file_identity(_settings) != file:
            raise Republished from error
        raise EnvironmentProblem(
            f"{_settings.published_db} is not a file of published marts this page can read "
            f"({str(error).splitlines()[0]}): run `footfall transform` and `footfall publish` to make it anew."
        ) from error
    if file_identity(_settings) != file:
        raise Republished
    return answer


def _query(database: Path, sql: str) -> list[dict[str, Any]]:
    # an in-memory database with the file attached: connecting to the path itself would share the instance of any
    # connection still open in this process, and with it the file that was replaced
    with duckdb.connect() as connection:
        path = str(database).replace("'", "''")
        connection.execute(f"attach '{path}' as marts (read_only)")
        connection.execute("use marts")
        connection.execute("set TimeZone = 'UTC'")
        rows: list[dict[str, Any]] = connection.sql(sql).to_arrow_table().to_pylist()
        return rows
