"""The way to the published marts: one publication at a time, every answer remembered as long as it is the newest.

The cache is keyed by the publication, so that a newly published file is picked up at once and without a restart, and
an old answer is never shown beside a new one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import streamlit as st

from dashboard import queries
from footfall.errors import FootfallError
from footfall.settings import Settings
from footfall.warehouse.query import query

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
    and :class:`~footfall.errors.InputError` when the file cannot be read.
    """
    answer = _answer(settings, file, sql)
    if file_identity(settings) != file:
        raise Republished
    return answer


@st.cache_data(max_entries=500, show_spinner=False)
def _answer(_settings: Settings, file: FileIdentity, sql: str) -> list[dict[str, Any]]:
    try:
        answer: list[dict[str, Any]] = query(_settings, sql).to_pylist()
    except FootfallError as error:
        if file_identity(_settings) != file:
            raise Republished from error
        raise
    if file_identity(_settings) != file:
        raise Republished
    return answer
