from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime

import pytest

from footfall.errors import EnvironmentProblem, InputError, TransformError
from footfall.settings import PROJECT_ROOT
from footfall.warehouse.build_db import open_build_db
from footfall.warehouse.dbt_runner import build
from footfall.warehouse.load import load
from footfall.warehouse.publish import newest_publication, publish
from footfall.warehouse.published_file import spare_file
from footfall.warehouse.query import published as reading
from footfall.warehouse.query import query
from footfall.warehouse.transform import transform
from tests.warehouse.history import History, sessionized
from tests.warehouse.stand_in import built_marts, published_marts

pytestmark = pytest.mark.xdist_group("warehouse")

PUBLISH = """
import os, signal, sys
from pathlib import Path
from footfall.settings import Settings
from footfall.warehouse.publish import publish
Path.replace = lambda *paths: os.kill(os.getpid(), signal.SIGKILL)
publish(Settings(home=Path(sys.argv[1])), "killed")
"""


def run_ids(settings):
    table = query(settings, "select run_id from footfall_publications order by published_at")
    return table.column("run_id").to_pylist()


def sessions(settings):
    return query(settings, "select count(*) as n from fct_sessions").to_pylist()[0]["n"]


def touch_build(settings):
    """What a finished rebuild leaves behind: newer results and, here, one session less."""
    with open_build_db(settings) as connection:
        connection.execute("update footfall_state.results set finished_at = finished_at + interval 1 minute")
        connection.execute(
            "delete from footfall_build.fct_sessions where session_id = "
            "(select min(session_id) from footfall_build.fct_sessions)"
        )


def test_before_any_build_there_is_nothing_to_publish(settings):
    with pytest.raises(InputError, match=r"Nothing has been built .*footfall transform"):
        publish(settings)


def test_what_is_published_is_not_published_again(published):
    assert publish(published, "again") is None
    assert run_ids(published) == ["first"]


def test_a_publish_says_what_it_published_and_keeps_the_history(published):
    touch_build(published)
    publication = publish(published, "second")
    assert publication is not None
    assert (publication.run_id, publication.events_version) == ("second", 0)
    assert newest_publication(published) == publication
    assert run_ids(published) == ["first", "second"]


def test_a_published_file_that_is_none_is_named_with_the_remedy(published):
    published.published_db.write_bytes(b"not a database" * 1000)
    with pytest.raises(EnvironmentProblem, match=r"marts\.duckdb cannot be read .*or remove it"):
        publish(published)
    published.published_db.unlink()
    publish(published, "anew")
    assert run_ids(published) == ["anew"]


def test_a_load_without_its_build_is_not_published(published):
    History(published).commit(sessionized([(datetime(2024, 5, 3, 10, tzinfo=UTC), "new", {})]))
    load(published)
    with pytest.raises(TransformError, match="last build did not finish"):
        publish(published)
    assert run_ids(published) == ["first"]


def test_one_failed_test_holds_the_publish_back(published):
    touch_build(published)
    with open_build_db(published) as connection:
        connection.execute(
            "update footfall_state.results set status = 'fail' where name = 'unique_fct_sessions_session_id'"
        )
    with pytest.raises(TransformError, match="every test green"):
        publish(published)
    assert run_ids(published) == ["first"]


def test_a_reader_keeps_what_it_opened_and_the_next_one_sees_the_new(published):
    before = sessions(published)
    with reading(published) as reader:
        touch_build(published)
        publish(published, "second")
        assert reader.execute("select count(*) from fct_sessions").fetchone() == (before,)
        assert sessions(published) == before - 1
        assert reader.execute("select run_id from footfall_publications").fetchall() == [("first",)]


def test_a_publish_killed_before_the_swap_leaves_the_old_marts_and_the_next_one_cleans_up(published):
    before = sessions(published)
    touch_build(published)
    killed = subprocess.run([sys.executable, "-c", PUBLISH, str(published.home)], cwd=PROJECT_ROOT, check=False)
    assert killed.returncode == -9
    assert list(published.warehouse_dir.glob(".publishing-*"))
    assert (run_ids(published), sessions(published)) == (["first"], before)
    publish(published, "second")
    assert (run_ids(published), sessions(published)) == (["first", "second"], before - 1)
    assert not list(published.warehouse_dir.glob(".publishing-*"))


def test_nothing_is_published_while_a_build_runs(published, build_running):
    with build_running(published):
        with pytest.raises(EnvironmentProblem, match="in use by another"):
            publish(published)
        assert run_ids(published) == ["first"]


def test_bad_events_fail_the_build_and_the_old_marts_stand_until_it_is_mended(published):
    zone, late = History(published), datetime(2024, 5, 3, 10, tzinfo=UTC)
    rows = sessionized([(late, "new", {})])
    zone.commit([row | {"split_reason": "boredom"} for row in rows])
    before = sessions(published)
    with pytest.raises(TransformError, match=r"dbt test accepted_values_fct_sessions_split_reason.* failed"):
        transform(published)
    with pytest.raises(TransformError, match="last build did not finish"):
        publish(published)
    assert (run_ids(published), sessions(published)) == (["first"], before)

    zone.commit(rows)
    assert transform(published).build is not None
    assert publish(published, "mended") is not None
    assert sessions(published) == before + 1


def test_late_events_move_to_readers_by_date_and_a_full_refresh_moves_whole(published):
    zone = History(published)
    hits = [(datetime(2024, 5, 2, hour, tzinfo=UTC), "late", {}) for hour in (9, 12)]
    used = []
    for run_id, rows in (("second", hits[:1]), ("third", hits), ("fourth", hits)):
        spare = spare_file(published)
        known = {path.stat().st_ino for path in (spare, published.published_db) if path.exists()}
        zone.commit(sessionized(rows))
        transform(published, full_refresh=run_id == "fourth")
        publish(published, run_id)
        assert published_marts(published) == built_marts(published)
        used.append(published.published_db.stat().st_ino in known)
    assert used == [False, True, False]
    restated = query(published, "select metric_date, cause, old_value, new_value from audit_metric_restatements "
                                "where metric = 'events' order by restated_at").to_pylist()  # fmt: skip
    assert [tuple(row.values()) for row in restated] == [
        (date(2024, 5, 2), "late_data", 10.0, 1.0),
        (date(2024, 5, 2), "late_data", 1.0, 2.0),
    ]


def test_a_build_beside_another_says_so(published, build_running):
    with build_running(published), pytest.raises(EnvironmentProblem, match="in use by another"):
        build(published, [])


def test_with_nothing_new_dbt_is_not_started(published, monkeypatch):
    monkeypatch.setattr("footfall.warehouse.transform.build", lambda *_, **__: pytest.fail("dbt was started"))
    assert transform(published).build is None
