"""Two commands that know nothing of each other on one home: one may have to be given again, and nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from footfall.errors import EnvironmentProblem, FootfallError
from tests.kills.command import Command, footfall
from tests.kills.lake import assert_holds, days_of_logs, held_back, lake
from tests.kills.reader import Reader

pytestmark = [pytest.mark.xdist_group("kills"), pytest.mark.slow, pytest.mark.timeout(900)]

# What the second to come is told, and its exit code: every remedy is to give the command again
REFUSED = {
    "is in use by another footfall or dbt process": EnvironmentProblem.exit_code,
    "that another run has since replaced": FootfallError.exit_code,
}


@pytest.mark.parametrize("times", [1, pytest.param(6, marks=pytest.mark.prove)])
def test_of_two_runs_at_once_none_loses_a_line(tmp_path: Path, times: int) -> None:
    home = lake(tmp_path / "home")
    first, second = days_of_logs(tmp_path, 2)
    late = held_back([first, second], tmp_path / "late.log")
    with Reader(home.settings) as reader:
        for _ in range(times):
            both = [Command(home.settings, "run", first), Command(home.settings, "run", second, late)]
            for command in both:
                if code := command.end():
                    said = " ".join(command.said.split())
                    assert [text for text in REFUSED if text in said and REFUSED[text] == code], f"{code}: {said}"
            footfall(home.settings, "run", first, second, late)
            assert_holds(home, [first, second, late])
            if times > 1:
                footfall(home.settings, "unimport", first, late)
                assert_holds(home, [second])
    assert reader.versions
