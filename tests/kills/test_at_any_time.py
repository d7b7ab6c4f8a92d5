"""Commands of all kinds killed at random times, in three ways, each followed by itself again or by another kill."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from footfall.errors import FootfallError, InputError
from tests.home import Home
from tests.kills.command import Command, footfall
from tests.kills.lake import FIRST_DAY, assert_holds, days_of_logs, held_back, in_parts, lake, marts
from tests.kills.reader import Reader
from tests.kills.traces import as_survived

pytestmark = [pytest.mark.xdist_group("kills"), pytest.mark.prove, pytest.mark.timeout(0)]

KILLS = int(os.environ.get("FOOTFALL_KILLS", "60"))
SEED = 3
VERIFY_EVERY = 10
DAYS = 4
GUESS = 15.0  # seconds; of a command that has not been run to its end yet

# What a command may answer because one that was killed before it has not been given again yet
UNFINISHED = ("is on its way out of the lake", "is no file of this lake")


def test_whatever_is_killed_whenever_nothing_is_lost(
    tmp_path: Path, record_property: Callable[[str, Any], None]
) -> None:
    life = Life(tmp_path, random.Random(SEED))
    with Reader(life.home.settings) as reader:
        killed = 0
        while killed < KILLS:
            arguments = life.any_command()
            while life.is_killed(arguments):
                killed += 1
                if killed % VERIFY_EVERY == 0:
                    life.settle()
                if life.chance.random() < 0.5:
                    arguments = life.any_command()
        life.settle()
    assert reader.versions
    undisturbed = lake(tmp_path / "undisturbed")
    footfall(undisturbed.settings, "run", *sorted(life.inside))
    assert marts(life.home.settings) == marts(undisturbed.settings)
    assert life.home.table() == undisturbed.table()
    record_property("survived", as_survived(life.kills))


@dataclass
class Life:
    """A home, and what was asked of it. ``inside``: the files that are in it when nothing is left to be done."""

    folder: Path
    chance: random.Random
    inside: set[Path] = field(default_factory=set)
    kills: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        inbox = self.folder / "inbox"
        self.home: Home = lake(self.folder / "home", inbox=str(inbox / "{day}"))
        logs = days_of_logs(self.folder / "logs", DAYS)
        late = held_back(logs[:3], self.folder / "logs" / "late.log")
        # some come by the inbox and stay, the others come and go by their paths
        self._by_day: dict[str, Path] = {}
        self._by_path: list[Path] = [late]
        for log in logs:
            day = log.stem.removeprefix("access-")
            delivered, *others = in_parts(log, 3)
            (inbox / day).mkdir(parents=True)
            self._by_day[day] = delivered.rename(inbox / day / delivered.name)
            self._by_path += others
        assert min(self._by_day) == FIRST_DAY.isoformat()
        self._seconds: dict[str, float] = {}
        self._uncertain: set[Path] = set()  # what was done with them last was killed
        self._orphaned: list[Command] = []
        footfall(self.home.settings, "run", logs_of_today := self._by_path[1])
        self.inside.add(logs_of_today)

    def any_command(self) -> list[str]:
        """A command, of which ``inside`` knows already."""
        kind = self.chance.choice(["run", "run", "unimport", "unimport", "replay", "backfill"])
        outside = sorted(set(self._by_path) - self.inside)
        removable = sorted(self.inside.intersection(self._by_path))
        if kind == "unimport" and removable:
            return self._asked("unimport", self.chance.sample(removable, min(2, len(removable))))
        if kind == "replay":
            return ["replay", *self.chance.choice([[], ["--all"]])]
        if kind == "backfill":
            first, last = sorted(self.chance.choices(sorted(self._by_day), k=2))
            self.inside |= {file for day, file in self._by_day.items() if first <= day <= last}
            return ["backfill", "--from", first, "--to", last, *self.chance.choice([[], ["--reprocess"]])]
        return self._asked("run", self.chance.sample(outside or removable, min(2, len(outside or removable))))

    def is_killed(self, arguments: list[str]) -> bool:
        """Start a command and kill it, unless it ends before that."""
        usual = self._seconds.get(arguments[0], GUESS)
        command = Command(self.home.settings, *arguments)
        files = {Path(argument) for argument in arguments}.intersection(self._by_path)
        if not command.live(self.chance.uniform(0, 1.2 * usual)):
            self._seconds[arguments[0]] = command.seconds
            self._ended(command, files)
            return False
        self._uncertain |= files
        match self.chance.choice(["all", "all", "parent", "spark"]):
            case "parent":
                step = command.kill_parent()
                if command.orphans:
                    step += ", the command alone"
                    self._orphaned.append(command)
            case "spark" if command.spark_jobs():
                step = f"{command.kill_spark()}, its job alone"
                if command.end() == 0:  # the job was at its end
                    self._ended(command, files)
                    return False
                assert "was killed by signal 9" in command.said, command.said
                assert command.end() == FootfallError.exit_code, command.said
            case _:
                step = command.kill()
        self.kills[step] += 1
        return True

    def settle(self) -> None:
        """Give again what was killed, and hold the home to a rebuild."""
        for command in self._orphaned:
            command.bury()
        self._orphaned.clear()
        footfall(self.home.settings, "sessionize")
        backfilled = [day for day, file in self._by_day.items() if file in self.inside]
        if backfilled:
            footfall(self.home.settings, "backfill", "--from", min(backfilled), "--to", max(backfilled))
            self.inside |= {file for day, file in self._by_day.items() if min(backfilled) <= day <= max(backfilled)}
        for file in sorted(self._uncertain - self.inside):
            self._ended(Command(self.home.settings, "unimport", file), {file})
        footfall(self.home.settings, "run", *sorted(self.inside))
        self._uncertain.clear()
        assert_holds(self.home, self.inside)

    def _asked(self, verb: str, files: list[Path]) -> list[str]:
        if verb == "run":
            self.inside |= set(files)
        else:
            self.inside -= set(files)
        return [verb, *map(str, files)]

    def _ended(self, command: Command, files: set[Path]) -> None:
        """A command that was not killed is done, or says what of those before it is not."""
        code, said = command.end(), " ".join(command.said.split())
        if code == 0:
            self._uncertain -= files
            return
        excused = code == InputError.exit_code and any(text in said for text in UNFINISHED)
        assert excused, f"footfall {' '.join(command.arguments)} ended with {code}:\n{command.said}"
        self._uncertain |= files
