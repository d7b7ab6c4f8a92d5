"""A lake with a history: day files of one size, fed to ``footfall`` one a day, and what every step of every day cost.

The benchmarks of what a new day, a late file and a small batch cost stand on it. It is made once below ``--scratch``,
goes on where it was stopped, and is copied before anything is measured on top of it.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.harness import SEED, Cost, footfall, run
from footfall.generate import generate

START: Final = date(2026, 6, 1)
# the command of each step, in order; spark is stage, audit and commit, dbt is load and build
STEPS: Final[dict[str, tuple[str, ...]]] = {
    "ingest": ("ingest",), "spark": ("sessionize",), "dbt": ("transform",), "publish": ("publish",)
}  # fmt: skip
# A third of the visits is a person's first, as on a site that has been there for long
_VISITORS_PER_LINE = 0.022
# Sundays have more traffic than Thursdays: make enough for the quietest day, then leave out what is too much
_SURPLUS = 1.4
LATE_SHARE: Final = 0.05


def options(description: str | None) -> argparse.ArgumentParser:
    """The options of every benchmark that stands on a history."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=60, help="days of the history (default %(default)s)")
    parser.add_argument("--events", type=int, default=200_000, help="lines of every day (default %(default)s)")
    parser.add_argument("--repetitions", type=int, default=5, help="runs of each (default %(default)s)")
    parser.add_argument("--scratch", type=Path, help="folder for the history; kept, and taken up again from there")
    return parser


@dataclass(frozen=True, slots=True)
class History:
    """Days 1 to ``days`` of ``events`` lines each. Day ``days + 1`` has a file as well but is not fed."""

    folder: Path
    days: int
    events: int

    @classmethod
    def below(cls, scratch: Path, arguments: argparse.Namespace) -> History:
        """The history of the size that the arguments ask for."""
        folder = scratch / f"history-{arguments.days}x{arguments.events}"
        return cls(folder, arguments.days, arguments.events)

    @property
    def home(self) -> Path:
        """The lake that is worked on."""
        return self.folder / "home"

    @property
    def late_day(self) -> int:
        """The day some lines of which are held back: day 57 of 60."""
        return max(1, self.days - 3)

    def day_file(self, day: int) -> Path:
        """The log of a day, counted from 1."""
        return self.folder / "days" / f"access-{START + timedelta(days=day - 1)}.log.gz"

    @property
    def late_file(self) -> Path:
        """Lines of ``late_day`` that are not in its file: a twentieth of a day's."""
        return self.folder / "days" / "late.log.gz"

    @property
    def _fed(self) -> Path:
        return self.folder / "home-fed"

    @property
    def _costs(self) -> Path:
        return self.folder / "days.jsonl"

    def fed(self) -> list[dict[str, Any]]:
        """Feed what is not fed yet; returns one record a day: ``day``, ``whole`` and, by step, what it cost.

        A day on which an earlier run was stopped is not ``whole``: some of its work had been done already.
        """
        self._make_files()
        records = read_records(self._costs)
        begun = self.folder / "begun"
        for day in range(len(records) + 1, self.days + 1):
            if day == 1:
                shutil.rmtree(self.home, ignore_errors=True)
            whole = day == 1 or not begun.exists()
            begun.touch()
            record: dict[str, Any] = {"day": day, "whole": whole, **feed(self.home, self.day_file(day))}
            add_record(self._costs, record)
            begun.unlink()
            records.append(record)
            spent = "  ".join(f"{step} {record[step]['seconds']:5.1f} s" for step in STEPS)
            print(f"  day {day:3d}/{self.days}  {spent}", file=sys.stderr, flush=True)
        if not self._fed.exists():
            unfinished = self.folder / "home-fed.unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            shutil.copytree(self.home, unfinished)
            unfinished.rename(self._fed)
        return records

    def floor(self) -> dict[str, Any]:
        """What each step costs on a day of a hundred lines after another such day: Python, imports, dbt's project."""
        file = self.folder / "floor.jsonl"
        if not file.exists():
            home = self.folder / "home-floor"
            shutil.rmtree(home, ignore_errors=True)
            costs = []
            for day in (1, 2):
                small = self.folder / f"floor-{day}.log.gz"
                write_lines(small, list(islice(lines_of(self.day_file(day)), 100)))
                costs.append(feed(home, small))
            add_record(file, costs[-1])
            shutil.rmtree(home)
        return read_records(file)[0]

    def fresh_home(self) -> Path:
        """The lake as it is after the last day, whatever was done to it since; at the same address every time."""
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.copytree(self._fed, self.home)
        os.sync()  # or the copy would still be on its way to the disk while we measure
        return self.home

    def _make_files(self) -> None:
        if (self.folder / "days").exists():
            return
        parts, unfinished = self.folder / "generated", self.folder / "days.unfinished"
        for folder in (parts, unfinished):
            shutil.rmtree(folder, ignore_errors=True)
        unfinished.mkdir(parents=True)
        # the log of exactly so many lines ends in the middle of its last day: one day more
        made = self.days + 2
        lines = round(made * self.events * _SURPLUS)
        visitors = max(1, round(lines * _VISITORS_PER_LINE))
        for day, file in enumerate(
            generate(parts, days=made, visitors=visitors, seed=SEED, start=START, lines=lines).files
        ):
            if day > self.days:
                break
            self._cut(day + 1, list(lines_of(file)), unfinished)
        shutil.rmtree(parts)
        unfinished.rename(self.folder / "days")

    def _cut(self, day: int, lines: list[bytes], folder: Path) -> None:
        late = round(self.events * LATE_SHARE) if day == self.late_day else 0
        if len(lines) < self.events + late:
            sys.exit(f"day {day} has {len(lines):,} lines, not {self.events + late:,}: give more --events")
        drawn = np.random.default_rng([SEED, day]).permutation(len(lines))
        write_lines(folder / self.day_file(day).name, [lines[i] for i in np.sort(drawn[: self.events])])
        if late:
            write_lines(folder / self.late_file.name, [lines[i] for i in np.sort(drawn[self.events :][:late])])


def feed(home: Path, file: Path) -> dict[str, dict[str, float]]:
    """Ingest one file and bring it to the published marts, each step a process; what each of them cost."""
    environment = {"FOOTFALL_HOME": str(home)}
    costs = {}
    for step, command in STEPS.items():
        given = (file,) if step == "ingest" else ()
        costs[step] = figures(run(footfall(*command, *given), environment))
    return costs


def figures(cost: Cost) -> dict[str, float]:
    """What is kept of a cost."""
    return {
        "seconds": round(cost.seconds, 3),
        "cpu_seconds": round(cost.cpu_seconds, 3),
        "bytes_read": cost.bytes_read,
        "peak_rss_bytes": cost.peak_rss_bytes,
    }


def total(record: Mapping[str, Any], figure: str) -> float:
    """One figure of all steps of a record together."""
    return sum(float(record[step][figure]) for step in STEPS)


def lines_of(file: Path) -> Iterator[bytes]:
    """The lines of a gzip file, with their ends."""
    with gzip.open(file) as content:
        yield from content


def write_lines(file: Path, lines: list[bytes]) -> None:
    """Write lines into a gzip file; the same lines give the same bytes."""
    file.write_bytes(gzip.compress(b"".join(lines), compresslevel=1, mtime=0))


def read_records(file: Path) -> list[dict[str, Any]]:
    """The records of a file of JSON lines; none where there is no file."""
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def add_record(file: Path, record: Mapping[str, Any]) -> None:
    """Add a record to a file of JSON lines."""
    with file.open("a") as out:
        out.write(json.dumps(record) + "\n")
