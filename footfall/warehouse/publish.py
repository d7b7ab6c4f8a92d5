"""Put the finished marts in front of readers: all of them in one step, or none.

A laptop's readers open ``settings.published_db``. A publish writes a new file beside it and renames it into place, so
that a reader sees the old file whole or the new one whole, and one that is reading keeps the old until it reconnects.
"""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from footfall.errors import EnvironmentProblem, InputError, TransformError
from footfall.lake.storage_local import sync_folder
from footfall.run_id import new_run_id
from footfall.settings import Settings
from footfall.sql import string_literal
from footfall.warehouse import PUBLICATIONS_TABLE, PUBLISHED_MARTS
from footfall.warehouse.build_db import BUILD_SCHEMA, open_build_db, read_state
from footfall.warehouse.publication import Publication

_LEFTOVER = ".publishing-"


def publish(settings: Settings, run_id: str | None = None) -> Publication | None:
    """Publish what was built, or return None when it is already published.

    ``run_id`` names the publication (a sortable id is made when there is none).

    Raises InputError when nothing has been built, TransformError when the last build did not finish green,
    EnvironmentProblem when a build is running or the disk refuses.
    """
    now = datetime.now(UTC)
    run_id = run_id or new_run_id()
    if settings.env == "gcp":
        from footfall.warehouse.bigquery import publish as publish_bigquery

        return publish_bigquery(settings, run_id, now)
    if not settings.build_db.exists():
        raise InputError(f"Nothing has been built in {settings.warehouse_dir}: run `footfall transform` first.")
    with open_build_db(settings, read_only=True) as build:
        state = read_state(build)
        if state.load is None:
            raise InputError(f"Nothing has been built in {settings.build_db}: run `footfall transform` first.")
        if state.built_at is None:
            raise TransformError(
                "The last build did not finish: a publish needs every mart built and every test green. "
                "The published marts still stand; run `footfall transform` and read what it says."
            )
        publication = Publication(run_id, now.replace(tzinfo=None), state.load.events_version, state.built_at)
        newest = newest_publication(settings)
        if newest and (newest.events_version, newest.built_at) == (publication.events_version, publication.built_at):
            return None
        _swap(settings, publication)
    return publication


def newest_publication(settings: Settings) -> Publication | None:
    """The publication a laptop's readers see, or None before the first."""
    if not settings.published_db.exists():
        return None
    with duckdb.connect() as connection:
        connection.execute(f"attach {string_literal(settings.published_db)} as marts (read_only)")
        row = connection.execute(
            f"select run_id, published_at, events_version, built_at from marts.{PUBLICATIONS_TABLE} "
            "order by published_at desc limit 1"
        ).fetchone()
    return Publication(*row) if row else None


def _swap(settings: Settings, publication: Publication) -> None:
    """Write the marts to a new file and rename it over the published one. Needs the build database unlocked."""
    folder = settings.warehouse_dir
    for leftover in folder.glob(f"{_LEFTOVER}*"):  # of a publish that was killed; the build lock keeps others out
        leftover.unlink(missing_ok=True)
    fresh = folder / f"{_LEFTOVER}{secrets.token_hex(6)}.duckdb"
    try:
        _write(settings, publication, fresh)
        with fresh.open("rb") as file:
            os.fsync(file.fileno())
        fresh.replace(settings.published_db)
        sync_folder(folder)
    except (duckdb.IOException, OSError) as error:
        raise EnvironmentProblem(
            f"The marts could not be written to {folder} ({str(error).splitlines()[0]}): a publish needs room for a "
            "second copy of them. The published marts still stand; make room, then run `footfall publish` again."
        ) from error
    finally:
        fresh.unlink(missing_ok=True)


def _write(settings: Settings, publication: Publication, fresh: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"attach {string_literal(fresh)} as fresh")
        connection.execute(f"attach {string_literal(settings.build_db)} as build (read_only)")
        for mart in PUBLISHED_MARTS:
            connection.execute(f"create table fresh.{mart} as select * from build.{BUILD_SCHEMA}.{mart}")
        connection.execute(
            f"create table fresh.{PUBLICATIONS_TABLE} "
            "(run_id varchar, published_at timestamp, events_version bigint, built_at timestamp)"
        )
        if settings.published_db.exists():
            connection.execute(f"attach {string_literal(settings.published_db)} as published (read_only)")
            connection.execute(f"insert into fresh.{PUBLICATIONS_TABLE} select * from published.{PUBLICATIONS_TABLE}")
        connection.execute(
            f"insert into fresh.{PUBLICATIONS_TABLE} values ($1, $2, $3, $4)",
            [publication.run_id, publication.published_at, publication.events_version, publication.built_at],
        )
        # the log would be a second file, which one rename cannot carry
        connection.execute("checkpoint fresh")
