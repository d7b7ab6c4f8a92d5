"""``kill -9`` wherever a command leaves a trace: run again, it goes on, and readers notice nothing."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from footfall.settings import Settings
from footfall.warehouse.publish import publish
from footfall.warehouse.transform import transform
from tests.home import Home
from tests.kills.command import Command, footfall
from tests.kills.lake import assert_holds, days_of_logs, held_back, in_parts, lake
from tests.kills.reader import Reader
from tests.kills.traces import STEPS, as_survived

pytestmark = [pytest.mark.xdist_group("kills"), pytest.mark.slow, pytest.mark.timeout(900)]

Logs = dict[str, list[Path]]
Survived = Callable[[str, Any], None]


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Logs:
    folder = tmp_path_factory.mktemp("logs")
    first, second, third = days_of_logs(folder, 3)
    late, slow = held_back([first, second], folder / "late.log"), held_back([first, second], folder / "slow.log")
    return {"first": [first], "second": [second], "slow": [slow], "new": [*in_parts(third, 6), late]}


@pytest.fixture(scope="module")
def begun(logs: Logs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days and a late file, published in two steps, so that there is a file before the published one."""
    home = lake(tmp_path_factory.mktemp("begun") / "home")
    for names in (["first"], ["second", "slow"]):
        home.take(*[log for name in names for log in logs[name]])
        transform(home.settings)
        publish(home.settings)
    return home.settings.home


@pytest.fixture
def home(begun: Path, tmp_path: Path) -> Home:
    shutil.copytree(begun, tmp_path / "home")
    return lake(tmp_path / "home")


def kill_at(settings: Settings, trace: str, *arguments: object) -> str:
    command = Command(settings, *arguments)
    command.wait_for(trace)
    return command.kill()


def test_a_run_that_is_killed_at_each_step_ends_as_if_it_had_not_been(
    home: Home, logs: Logs, record_property: Survived
) -> None:
    settings, kills = home.settings, Counter[str]()
    run = ["run", *logs["new"]]
    with Reader(settings) as reader:
        for trace in STEPS:
            if trace != "settled":  # the run after the one that is killed before has nothing to settle
                kills[kill_at(settings, trace, *run)] += 1
        footfall(settings, *run)
    assert_holds(home, [log for name in logs for log in logs[name]])
    assert len(reader.versions) == 2
    record_property("survived", as_survived(kills))


@pytest.mark.prove
def test_an_unimport_that_is_killed_and_given_again_ends_as_if_the_file_had_never_come(
    home: Home, logs: Logs, record_property: Survived
) -> None:
    settings, kills = home.settings, Counter[str]()
    unimport = ["unimport", *logs["slow"]]
    with Reader(settings) as reader:
        for trace in ("pending", "settled", "building", "published"):
            kills[kill_at(settings, trace, *unimport)] += 1
        footfall(settings, *unimport)
    assert_holds(home, [*logs["first"], *logs["second"]])
    assert len(reader.versions) == 2
    record_property("survived", as_survived(kills))


def test_a_command_whose_spark_job_is_killed_says_so(home: Home, logs: Logs, record_property: Survived) -> None:
    before = home.rows()
    command = Command(home.settings, "run", *logs["new"])
    command.wait_for("staged")
    step = command.kill_spark()
    assert command.end() == 1
    assert "was killed by signal 9" in command.said
    assert "run this again" in " ".join(command.said.split())
    assert home.rows() == before
    record_property("survived", as_survived({f"{step}, its job alone": 1}))


@pytest.mark.prove
def test_a_job_whose_command_was_killed_does_no_harm_to_the_next_attempt_at_its_run(
    home: Home, logs: Logs, record_property: Survived
) -> None:
    settings = home.settings
    footfall(settings, "ingest", *logs["new"])
    first = Command(settings, "sessionize", "--run-id", "again")
    first.wait_for("staged")
    step = first.kill_parent()
    assert first.orphans, "the Spark job had ended"
    # As Airflow's retry: the same run, while the job of the first attempt is at work
    footfall(settings, "sessionize", "--run-id", "again")
    first.bury()
    footfall(settings, "run", *logs["new"])
    assert_holds(home, [log for name in logs for log in logs[name]])
    record_property("survived", as_survived({f"{step}, the command alone": 1}))


@pytest.mark.prove
def test_a_job_whose_command_was_killed_leaves_nothing_of_a_file_that_was_taken_out_meanwhile(
    home: Home, tmp_path: Path, logs: Logs
) -> None:
    bad = tmp_path / "bad.log"
    bad.write_bytes(logs["new"][0].read_bytes() + b"a line that is none\n")
    footfall(home.settings, "ingest", bad)
    killed = Command(home.settings, "sessionize")
    killed.wait_for("staged")
    killed.kill_parent()
    assert killed.orphans, "the Spark job had ended"
    killed.orphans[0].suspend()
    footfall(home.settings, "unimport", bad)
    killed.orphans[0].resume()
    killed.bury()
    home.assert_every_line_is_accounted_for()
