"""The whole chain by ``dag.test()``, with the real command, engine, gate and dbt project on real input."""

from __future__ import annotations

import gzip
import json
import re
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from launch.bootstrap import PROJECT_ROOT as ROOT

pytestmark = [pytest.mark.xdist_group("airflow"), pytest.mark.slow]


@dataclass
class Demo:
    """A home, and the demo run in it."""

    home: Path
    environment: dict[str, str]
    first: subprocess.CompletedProcess[str] | None = field(default=None)

    def run(self, **variables: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "launch.demo", "--days", "2", "--visitors", "120", "--seed", "7"]
        environment = {**self.environment, **variables}
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    def footfall(self, *arguments: str) -> Any:
        done = subprocess.run(
            ["footfall", *arguments, "--format", "json"],
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(done.stdout)

    def metadata(self, sql: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.home / "airflow" / "airflow.db") as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, real_footfall: dict[str, str]) -> Demo:
    home = tmp_path_factory.mktemp("demo") / "a home with spaces"
    demo = Demo(home, {**real_footfall, "FOOTFALL_HOME": str(home)})
    demo.first = demo.run()
    assert demo.first.returncode == 0, demo.first.stdout + demo.first.stderr
    return demo


def figure(output: str, name: str) -> str:
    found = re.search(rf"│ {name}\s+│\s+([\d.,%]+) │", output)
    assert found, f"the summary has no {name}:\n{output}"
    return found.group(1).replace(",", "")


def test_the_summary_is_what_the_marts_hold(demo: Demo) -> None:
    assert demo.first is not None
    status = demo.footfall("status")
    for name in ("lines", "events", "quarantined"):
        assert int(figure(demo.first.stdout, name)) == status[name]
    assert status["lines"] == status["events"] + status["quarantined"] + status["repeated"] > 500
    [totals] = demo.footfall(
        "query",
        "select count(*) as sessions, count(distinct visitor_id) as visitors, avg(is_bounce::int) as bounce_rate "
        "from fct_sessions",
    )
    assert int(figure(demo.first.stdout, "sessions")) == totals["sessions"] > 0
    assert int(figure(demo.first.stdout, "visitors")) == totals["visitors"]
    assert figure(demo.first.stdout, "bounce rate") == f"{totals['bounce_rate']:.1%}"


def test_every_stage_is_reported_in_order(demo: Demo) -> None:
    assert demo.first is not None
    names = re.findall(r"✓\s+[\d.]+ s  (\S+: [^.\s]+|generate|set up)", demo.first.stdout)
    seen = list(dict.fromkeys(names))
    assert seen == [
        "set up",
        "generate",
        "ingest: ingest",
        "sessionize: stage",
        "sessionize: audit",
        "sessionize: commit",
        "transform: load",
        "transform: marts",
        "transform: complete",
        "transform: publish",
    ]
    assert 'footfall query "select * from agg_daily_metrics"' in demo.first.stdout
    assert "Traceback" not in demo.first.stdout + demo.first.stderr


def test_the_day_is_handed_on_with_every_asset(demo: Demo) -> None:
    rows = demo.metadata("select a.name, e.partition_key from asset_event e join asset a on a.id = e.asset_id")
    days = dict(rows)
    assert set(days) == {"lake/raw", "lake/events", "warehouse/marts"}
    assert len(set(days.values())) == 1
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", next(iter(days.values())))


def test_a_second_run_says_there_is_nothing_to_do_in_seconds(demo: Demo) -> None:
    runs = demo.metadata("select count(*) from dag_run")
    began = time.monotonic()
    again = demo.run()
    assert again.returncode == 0
    assert "nothing new to do" in again.stdout
    assert time.monotonic() - began < 20, "it must be said before Airflow is imported"
    assert demo.metadata("select count(*) from dag_run") == runs


def test_make_up_finds_the_dags_running(demo: Demo) -> None:
    assert demo.metadata("select distinct is_paused from dag") == [(0,)]
    assert demo.metadata("select slots from slot_pool where pool = 'warehouse'") == [(1,)]


def test_a_refused_audit_stops_the_chain_the_old_marts_stand_and_the_next_run_goes_on(demo: Demo) -> None:
    before = demo.footfall("query", "select * from footfall_publications")
    sessions = demo.footfall("query", "select count(*) as n from fct_sessions")
    with gzip.open(demo.home / "inbox" / "late.log.gz", "wt") as file:
        file.write(
            '192.0.2.7 - - [03/Oct/2026:10:00:00 +0000] "GET /late HTTP/1.1" 200 7 "-" "Mozilla/5.0 Firefox/130.0"\n'
        )
        file.write("half a li\n")

    refused = demo.run(FOOTFALL_QUALITY__MAX_QUARANTINE_SHARE="0.1")

    assert refused.returncode == 1
    assert "sessionize: audit failed" in refused.stdout
    assert "What to do: The quality gate refused" in refused.stdout
    assert "transform" not in refused.stdout
    assert demo.footfall("status")["pending_files"] == 1
    assert demo.footfall("query", "select count(*) as n from fct_sessions") == sessions
    assert demo.footfall("query", "select * from footfall_publications") == before

    # ... and what it left pending is taken up by the next run, of whatever kind.
    subprocess.run(
        ["footfall", "run", str(demo.home / "inbox")],
        env={**demo.environment, "FOOTFALL_QUALITY__MAX_QUARANTINE_SHARE": "0.6"},
        capture_output=True,
        check=True,
    )
    [late] = demo.footfall("query", "select count(*) as n from fct_page_views where page_path = '/late'")
    assert late["n"] == 1
    assert demo.footfall("status")["pending_files"] == 0
