"""The chain by ``dag.test()``, killed with everything it started and run again: it ends as if nothing had happened."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from footfall.settings import PROJECT_ROOT
from tests.dags.inbox import KEY_SETTINGS, fill, processed_at_once, tables
from tests.dags.kills import commands_of, kill_tree, words

pytestmark = [pytest.mark.xdist_group("interrupted"), pytest.mark.prove, pytest.mark.timeout(900)]

Moment = Callable[[psutil.Process, str], bool]


def command(verb: str) -> Moment:
    """While the command of a task runs."""
    return lambda demo, _: any(verb in words(process) for process in commands_of(demo))


def half_built(_: psutil.Process, said: str) -> bool:
    """When dbt has built the first of its nodes."""
    return "transform: marts." in said


MOMENTS: dict[str, Moment] = {
    "ingest": command("ingest"),
    "stage": command("stage"),
    "audit": command("audit"),
    "commit": command("commit"),
    "load": command("load"),
    "dbt": half_built,
    "publish": command("publish"),
}


def run_demo(home: Path, environment: dict[str, str], stop: Moment | None, seconds: float) -> str:
    """What the demo says; it is killed ``seconds`` after the moment has come."""
    output = home.parent / "demo.txt"
    with output.open("w") as out:
        demo = subprocess.Popen(
            [sys.executable, "-u", "-m", "launch.demo", "--home", str(home)],
            cwd=PROJECT_ROOT,
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    process = psutil.Process(demo.pid)
    while stop and not stop(process, output.read_text()):
        assert demo.poll() is None, f"it ended before it could be killed: {output.read_text()}"
        time.sleep(0.02)
    if stop:
        time.sleep(seconds)
        kill_tree(process)
    code = demo.wait()
    assert code == (-9 if stop else 0), output.read_text()
    return output.read_text()


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(["dbt"], id="in the middle of dbt"),
        pytest.param(list(MOMENTS), id="in every step"),
    ],
)
def test_a_killed_chain_that_runs_again_ends_as_an_undisturbed_one(
    tmp_path: Path, real_footfall: dict[str, str], names: list[str]
) -> None:
    home = tmp_path / "home"
    inbox = fill(home / "inbox", days=2, visitors=60)
    environment = {**real_footfall, **KEY_SETTINGS, "FOOTFALL_INBOX": inbox}
    expected = processed_at_once(tmp_path / "at once", environment)
    # The demo takes the whole inbox
    environment["FOOTFALL_INBOX"] = str(home / "inbox")
    for name in names:
        run_demo(home, environment, MOMENTS[name], seconds=0.7)
    run_demo(home, environment, None, 0)
    assert tables(home) == expected
