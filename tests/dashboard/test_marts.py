"""The way to the published file while publish replaces it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from dashboard import marts, queries
from footfall.errors import InputError
from footfall.settings import Settings


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    """A home on a path with spaces and a quote, with nothing published."""
    settings = Settings(home=tmp_path / "it's a home")
    settings.warehouse_dir.mkdir(parents=True)
    return settings


def publish(settings: Settings, run_id: str) -> None:
    fresh = settings.warehouse_dir / "next.duckdb"
    with duckdb.connect(fresh) as connection:
        connection.execute(
            f"create table footfall_publications as select '{run_id}' as run_id, timestamp '2024-06-01' as published_at"
        )
    fresh.replace(settings.published_db)


def test_before_the_first_publish_there_is_no_publication(home: Settings) -> None:
    assert marts.newest(home) is None


def test_a_new_publication_is_seen_even_while_the_old_file_is_still_open(home: Settings) -> None:
    publish(home, "first")
    first = marts.newest(home)
    with duckdb.connect(home.published_db, read_only=True):
        publish(home, "second")
        second = marts.newest(home)
    assert (first and first.run_id, second and second.run_id) == ("first", "second")


def test_one_page_never_mixes_two_publications(home: Settings) -> None:
    publish(home, "first")
    first = marts.newest(home)
    assert first is not None
    publish(home, "second")
    for sql in (queries.publication(), "select 'a query not asked before'"):
        with pytest.raises(marts.Republished):
            marts.rows(home, first.file, sql)


def test_a_file_that_is_no_database_is_named_with_the_remedy(home: Settings) -> None:
    home.published_db.write_bytes(b"not a database" * 1000)
    with pytest.raises(InputError, match="footfall publish"):
        marts.newest(home)
