"""Put the finished marts in front of readers: all of them in one step, or none.

A laptop's readers open ``settings.published_db``. A publish writes a file beside it and renames it into place, so that
a reader sees the old file whole or the new one whole, and one that is reading keeps the old until it reconnects. The
file it writes is the spare (:mod:`footfall.warehouse.published_file`), brought up to date by the dates that changed
since it was published; without one that can be used, it is a new file and everything is copied.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from footfall.errors import EnvironmentProblem, InputError, TransformError
from footfall.run_id import checked_run_id, new_run_id
from footfall.settings import Settings
from footfall.sql import string_literal
from footfall.warehouse import RESTATEMENTS_TABLE, published_file, published_tables
from footfall.warehouse.build_db import BUILD_SCHEMA, open_build_db, read_state
from footfall.warehouse.publication import Publication, time_of_publication
from footfall.warehouse.published_tables import FRESH, PUBLISHED
from footfall.warehouse.restatements import comparison, touched_between


def publish(settings: Settings, run_id: str | None = None) -> Publication | None:
    """Publish what was built, or return None when it is already published.

    ``run_id`` names the publication (a sortable id is made when there is none).

    Raises InputError when nothing has been built, TransformError when the last build did not finish green,
    EnvironmentProblem when a build or another publish is running or the disk refuses.
    """
    now = datetime.now(UTC)
    run_id = new_run_id() if run_id is None else checked_run_id(run_id)
    if settings.env == "gcp":
        from footfall.warehouse.bigquery_publish import publish as publish_bigquery

        return publish_bigquery(settings, run_id, now)
    if not settings.build_db.exists():
        raise InputError(f"Nothing has been built in {settings.warehouse_dir}: run `footfall transform` first.")
    # opened for writing, although it is read: the lock keeps builds and other publishes out
    with open_build_db(settings) as connection:
        state = read_state(connection)
        if state.load is None:
            raise InputError(f"Nothing has been built in {settings.build_db}: run `footfall transform` first.")
        if state.built_at is None:
            raise TransformError(
                "The last build did not finish: a publish needs every mart built and every test green. "
                "The published marts still stand; run `footfall transform` and read what it says."
            )
        newest = newest_publication(settings)
        publication = Publication(
            run_id,
            time_of_publication(now, newest),
            state.load.events_version,
            state.built_at,
            state.load.table_id,
            state.load.project_sha256,
            state.load.rebuild_id,
        )
        if newest is not None and newest.shows(publication):
            return None
        _publish(settings, connection, newest, publication)
    return publication


def newest_publication(settings: Settings) -> Publication | None:
    """The publication a laptop's readers see, or None before the first.

    Raises EnvironmentProblem when the published file cannot be read.
    """
    path = settings.published_db
    if not path.exists():
        return None
    try:
        with duckdb.connect() as connection, _attached(connection, path, PUBLISHED, read_only=True):
            return published_tables.newest_in(connection, PUBLISHED)
    except duckdb.Error as error:
        raise EnvironmentProblem(
            f"{path} cannot be read ({str(error).splitlines()[0]}): it must be a DuckDB file this user can read. "
            "Correct its access, or remove it and run `footfall publish`: what was published before is then forgotten."
        ) from error


def _publish(
    settings: Settings, connection: duckdb.DuckDBPyConnection, newest: Publication | None, publication: Publication
) -> None:
    published_file.clean(settings)
    fresh = None
    try:
        if newest is None:
            fresh = _whole(settings, connection, None, publication)
        else:
            with _attached(connection, settings.published_db, PUBLISHED, read_only=True):
                fresh = _spare(settings, connection, newest, publication)
                if fresh is None:
                    fresh = _whole(settings, connection, newest, publication)
        published_file.swap_in(settings, fresh)
    except (duckdb.IOException, OSError) as error:
        raise EnvironmentProblem(
            f"The marts could not be written to {settings.warehouse_dir} ({str(error).splitlines()[0]}): a publish "
            "needs room for a second copy of them. The published marts still stand; make room, then run "
            "`footfall publish` again."
        ) from error
    finally:
        published_file.clean(settings)


def _spare(
    settings: Settings, connection: duckdb.DuckDBPyConnection, newest: Publication, publication: Publication
) -> Path | None:
    """The spare, brought up to date; None when it cannot be used, because of whatever: a copy is always right."""
    spare = published_file.spare_file(settings)
    try:
        if published_file.is_held(spare):
            return None
        with _attached(connection, spare, FRESH):
            # its last publication was written with its rows, in one transaction: the two are of one version
            holds, since = published_tables.newest_in(connection, FRESH), published_tables.last_in_common(connection)
            dates = None if holds is None else touched_between(settings, holds, publication)
            if dates is None or since is None:
                return None
            with _transaction(connection):
                published_tables.replace_dates(connection, dates, since)
                _finish(settings, connection, newest, publication)
            published_tables.write_out(connection)
    except (duckdb.Error, OSError):  # missing, read by another process, damaged, or the disk is full
        return None
    return None if published_file.log_of(spare).exists() else spare


def _whole(
    settings: Settings, connection: duckdb.DuckDBPyConnection, newest: Publication | None, publication: Publication
) -> Path:
    fresh = published_file.new_file(settings)
    with _attached(connection, fresh, FRESH):
        with _transaction(connection):
            published_tables.create_tables(connection)
            _finish(settings, connection, newest, publication)
        published_tables.write_out(connection)
    return fresh


def _finish(
    settings: Settings, connection: duckdb.DuckDBPyConnection, newest: Publication | None, publication: Publication
) -> None:
    """Views and records, when the tables of FRESH are those of the build."""
    published_tables.create_views(connection)
    if newest is not None:
        mart = "agg_daily_metrics"
        restated = comparison(settings, newest, publication, touched_between(settings, newest, publication)).insert_sql(
            f"{FRESH}.{RESTATEMENTS_TABLE}",
            f"{PUBLISHED}.{mart}",
            f"{BUILD_SCHEMA}.{mart}",
            published_tables.metrics_in_both(connection, mart),
            "double",
        )
        if restated is not None:
            connection.execute(restated)
    published_tables.add_publication(connection, publication)


@contextmanager
def _attached(
    connection: duckdb.DuckDBPyConnection, path: Path, name: str, *, read_only: bool = False
) -> Iterator[None]:
    connection.execute(f"attach {string_literal(path)} as {name}{' (read_only)' if read_only else ''}")
    try:
        yield
    finally:
        connection.execute(f"detach {name}")


@contextmanager
def _transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    connection.begin()
    try:
        yield
    except BaseException:
        with suppress(duckdb.Error):  # one that DuckDB has ended itself
            connection.rollback()
        raise
    connection.commit()
