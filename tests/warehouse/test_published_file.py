"""A publish writes the dates that changed to the file before the published one, and readers never see it half done."""

from __future__ import annotations

import os
import signal
import threading
from datetime import date, datetime, timedelta

import duckdb
import pytest

from footfall.errors import EnvironmentProblem
from footfall.warehouse import publish as publishing
from footfall.warehouse.build_db import open_build_db
from footfall.warehouse.publish import newest_publication, publish
from footfall.warehouse.published_file import spare_file
from footfall.warehouse.query import published as reading
from footfall.warehouse.query import query
from tests.processes import python
from tests.warehouse.stand_in import StandIn, built_marts, published_marts

pytestmark = pytest.mark.xdist_group("warehouse")

MAY1, MAY2, MAY3, MAY4 = (date(2024, 5, day) for day in (1, 2, 3, 4))

READER = """
import duckdb, sys
connection = duckdb.connect()
connection.execute("attach '" + sys.argv[1].replace("'", "''") + "' as marts (read_only)")
print("reads", flush=True)
for line in sys.stdin:
    print(connection.execute("select count(*) from marts.fct_sessions").fetchone()[0], flush=True)
"""
KILLED = """
import os, signal, sys
from pathlib import Path
from footfall.settings import Settings
from footfall.warehouse import publish, published_file, published_tables

def dies(*arguments, **named):
    os.kill(os.getpid(), signal.SIGKILL)

place, home = sys.argv[1:]
if place == "second rename":
    first = Path.replace
    def replace(path, target):
        Path.replace = dies
        return first(path, target)
    Path.replace = replace
else:
    owner, name = {
        "views made": (publish, "comparison"),
        "all written": (published_tables, "add_publication"),
        "committed": (published_tables, "write_out"),
        "first rename": (Path, "replace"),
        "renamed": (published_file, "sync_folder"),
        "old one renamed": (published_file, "discard"),
    }[place]
    setattr(owner, name, dies)
publish.publish(Settings(home=Path(home)), "killed")
"""
PLACES = (
    "views made", "all written", "committed", "first rename",
    "renamed", "old one renamed", "second rename",
)  # fmt: skip


@pytest.fixture
def twice(settings):
    """A home that has been published twice: it has a spare, which holds 3 sessions, and the published file 5."""
    stand_in = StandIn(settings)
    stand_in.changed_and_built({MAY1: 1, MAY2: 2})
    publish(settings, "first")
    stand_in.changed_and_built({MAY3: 2})
    publish(settings, "second")
    return stand_in


def inode(path):
    return path.stat().st_ino


def run_ids(settings):
    return query(settings, "select run_id from footfall_publications order by published_at")["run_id"].to_pylist()


def test_the_first_two_publishes_are_copies_and_the_third_writes_the_first_ones_file(settings, twice):
    spare, published = inode(spare_file(settings)), inode(settings.published_db)
    twice.changed_and_built({MAY4: 3})
    publish(settings, "third")
    assert (inode(settings.published_db), inode(spare_file(settings))) == (spare, published)
    assert published_marts(settings) == built_marts(settings)
    assert run_ids(settings) == ["first", "second", "third"]


def test_a_publish_writes_the_dates_that_changed_since_the_spare_and_no_other(settings, twice):
    # marks in the spare: those on dates a publish writes go
    with duckdb.connect(spare_file(settings)) as connection:
        for day in (MAY1, MAY2, MAY3, MAY4):
            connection.execute("insert into footfall_build.fct_page_views values ($1, 'mark')", [day])
            connection.execute("insert into footfall_build.fct_sessions values ($1, 'mark', 'mark')", [day])
    twice.changed_and_built({MAY4: 3})
    publish(settings, "third")
    marks = "select distinct {} as day from {} where {} = 'mark' order by 1"
    assert query(settings, marks.format("event_date", "fct_page_views", "page_view_id"))["day"].to_pylist() == [
        MAY1,
        MAY2,
    ]
    # a session of the day before may go on
    assert query(settings, marks.format("session_date", "fct_sessions", "session_id"))["day"].to_pylist() == [MAY1]


def test_a_date_that_was_taken_away_goes_from_the_spare_too(settings, twice):
    twice.changed_and_built({MAY2: 0}, "unimport")
    publish(settings, "third")
    assert published_marts(settings) == built_marts(settings)
    assert query(settings, "from agg_daily_metrics order by 1")["metric_date"].to_pylist() == [MAY1, MAY3]


def test_readers_are_shown_marts_and_records_and_no_parts(settings, twice):
    assert query(settings, "show tables")["name"].to_pylist() == [
        "agg_daily_metrics",
        "audit_metric_restatements",
        "dim_pages",
        "dim_visitors",
        "fct_page_views",
        "fct_sessions",
        "footfall_publications",
    ]


def test_a_reader_of_another_process_keeps_the_file_it_has_and_the_publish_goes_round_it(settings, twice):
    reader = python(READER, spare_file(settings))  # a BI tool that opened the file two publishes ago
    assert reader.stdin
    assert reader.stdout
    try:
        assert reader.stdout.readline() == "reads\n"
        with pytest.raises(duckdb.IOException, match="lock"):
            duckdb.connect(spare_file(settings))
        before = inode(spare_file(settings))
        twice.changed_and_built({MAY4: 3})
        publish(settings, "third")
        assert inode(settings.published_db) != before
        assert published_marts(settings) == built_marts(settings)
        reader.stdin.write("\n")
        reader.stdin.flush()
        assert reader.stdout.readline() == "3\n"
    finally:
        reader.communicate(timeout=30)


def test_a_reader_of_this_process_keeps_its_file_through_any_number_of_publishes(settings, twice):
    with reading(settings) as reader:
        read = inode(settings.published_db)
        with reading(settings):
            pass  # the end of another connection takes DuckDB's own lock away: it belongs to the process
        for day in (4, 5, 6, 7):
            twice.changed_and_built({date(2024, 5, day): day})
            publish(settings, f"on-{day}")
            assert published_marts(settings) == built_marts(settings)
            assert inode(settings.published_db) != read  # it was not written, whatever the reader has seen of it
            assert reader.execute("select count(*) from fct_sessions").fetchone() == (5,)
            assert reader.execute("select max(run_id) from footfall_publications").fetchone() == ("second",)


@pytest.mark.parametrize("place", PLACES)
def test_a_publish_killed_anywhere_leaves_a_whole_version_and_the_next_one_is_right(settings, twice, place):
    before = published_marts(settings)
    twice.changed_and_built({MAY4: 3, MAY2: 4})
    killed = python(KILLED, place, settings.home)
    assert killed.wait(timeout=60) == -signal.SIGKILL
    seen = {"second": before, "killed": built_marts(settings)}
    assert published_marts(settings) == seen[run_ids(settings)[-1]]
    assert (newest_publication(settings).run_id == "killed") == (place in PLACES[-3:])

    twice.changed_and_built({MAY3: 1})
    publish(settings, "next")
    assert published_marts(settings) == built_marts(settings)
    restated = query(settings, "select count(*) as n from audit_metric_restatements").to_pylist()
    twice.changed_and_built({MAY1: 7})
    publish(settings, "after")
    assert published_marts(settings) == built_marts(settings)
    assert run_ids(settings) in (["first", "second", "next", "after"], ["first", "second", "killed", "next", "after"])
    # 2 May was restated once, 3 May once, and nothing that nobody was shown
    assert restated == [{"n": 3 + 3}]
    assert sorted(path.name for path in settings.warehouse_dir.glob("*marts*")) == [
        ".marts-spare.duckdb",
        "marts.duckdb",
    ]
    assert not list(settings.warehouse_dir.glob(".publishing-*"))


@pytest.mark.parametrize("damage", ["no database", "of another lake", "rebuilt", "on a disk without hard links"])
def test_a_spare_that_cannot_be_used_costs_a_copy(settings, twice, damage, monkeypatch):
    spare = spare_file(settings)
    if damage == "no database":
        spare.write_bytes(b"not a database" * 1000)
    elif damage == "of another lake":
        with duckdb.connect(spare) as connection:
            connection.execute("update footfall_publications set table_id = 'another'")
            connection.execute("delete from footfall_build.fct_sessions")
    elif damage == "rebuilt":
        with open_build_db(settings) as connection:
            connection.execute("update footfall_state.load set rebuild_id = 'a dbt run'")
            connection.execute("delete from footfall_build.fct_sessions where session_date = '2024-05-01'")
    else:
        monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(OSError("not supported")))
    before = {inode(path) for path in (spare, settings.published_db)}
    for run_id, sessions in (("third", {MAY4: 3}), ("fourth", {MAY4: 2})):
        twice.changed_and_built(sessions)
        publish(settings, run_id)
        assert published_marts(settings) == built_marts(settings)
    assert run_ids(settings) == ["first", "second", "third", "fourth"]
    if damage != "on a disk without hard links":
        assert inode(spare) not in before


def test_a_file_of_an_older_footfall_is_replaced_and_its_history_kept(settings):
    stand_in = StandIn(settings)
    stand_in.changed_and_built({MAY1: 1})
    with duckdb.connect(settings.published_db) as connection:
        connection.execute(
            "create table footfall_publications as select 'old' as run_id, timestamp '2024-06-01' as published_at, "
            "cast(0 as bigint) as events_version, timestamp '2024-06-01' as built_at"
        )
        connection.execute("create table agg_daily_metrics as select date '2024-05-01' as metric_date, 9 as sessions")
    publish(settings, "new")
    assert published_marts(settings) == built_marts(settings)
    assert run_ids(settings) == ["old", "new"]
    assert query(settings, "select metric, old_value, new_value, cause from audit_metric_restatements").to_pylist() == [
        {"metric": "sessions", "old_value": 9.0, "new_value": 1.0, "cause": "rule_change"}
    ]


def test_publishing_one_date_again_and_again_does_not_make_the_file_grow(settings, monkeypatch):
    stand_in = StandIn(settings)
    days = {MAY1 + timedelta(days=n): 2_000 for n in range(10)}
    stand_in.changed_and_built(days)
    sizes = []
    monkeypatch.setattr(publishing, "touched_between", lambda *_: {date(2024, 5, 10)})
    for number in range(50):
        with open_build_db(settings) as connection:  # the same dates, other rows: no lake is needed for the size
            connection.execute(
                "update footfall_build.fct_sessions set session_id = md5(session_id) where session_date >= '2024-05-09'"
            )
            connection.execute("update footfall_state.results set finished_at = finished_at + interval 1 second")
        publish(settings, f"number-{number}")
        sizes.append(settings.published_db.stat().st_size)
    # the two files reach their size in a few rounds: what was deleted is written over
    assert max(sizes[20:]) <= max(sizes[:20]) < 3 * sizes[0]


def test_one_publish_at_a_time(settings, twice, build_running):
    twice.changed_and_built({MAY4: 3})
    with build_running(settings), pytest.raises(EnvironmentProblem, match="in use by another"):
        publish(settings)


def test_publications_stay_in_order_when_the_clock_is_set_back(settings, twice):
    with duckdb.connect(settings.published_db) as connection:
        connection.execute("update footfall_publications set published_at = '2099-01-01' where run_id = 'second'")
    twice.changed_and_built({MAY4: 3})
    third = publish(settings, "third")
    assert third is not None
    assert third.published_at == datetime(2099, 1, 1, 0, 0, 0, 1)
    assert newest_publication(settings) == third


def test_readers_see_a_whole_version_while_publishes_go_on(settings, twice):
    seen, done = set(), threading.Event()
    broken: list[object] = []

    def read() -> None:
        while not done.is_set():
            with reading(settings) as connection:
                (row,) = connection.execute(
                    "select (select sum(sessions) from agg_daily_metrics), (select count(*) from fct_sessions), "
                    "(select sum(session_count) from dim_visitors), "
                    "(select max_by(run_id, published_at) from footfall_publications)"
                ).fetchall()
            daily, sessions, visits, run_id = row
            if not daily == sessions == visits:
                broken.append(row)
            seen.add((run_id, sessions))

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    published = {("second", 5)}
    try:
        for number in range(8):
            day = MAY1 + timedelta(days=number % 5)
            twice.changed_and_built({day: 3 + number})
            publish(settings, f"publish-{number}")
            published.add((f"publish-{number}", len(built_marts(settings)["fct_sessions"])))
    finally:
        done.set()
        for reader in readers:
            reader.join()
    assert not broken
    assert len(seen) > 3
    assert seen <= published
