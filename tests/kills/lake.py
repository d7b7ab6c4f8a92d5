"""Logs for a lake that is going to be killed, and what must hold of it whenever nothing is left to be done."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from footfall.generate import generate
from footfall.settings import QualitySettings, Settings
from footfall.verify import verify
from footfall.warehouse import PUBLISHED_MARTS, RESTATEMENTS_TABLE
from footfall.warehouse.query import query
from tests.home import Home, new_home

FIRST_DAY = date(2024, 5, 10)
# A small file may have more bad lines than the gate lets through
LENIENT = QualitySettings(max_quarantine_share=1)


def lake(home: Path, **settings: Any) -> Home:
    return new_home(home, quality=LENIENT, **settings)


def days_of_logs(folder: Path, days: int, *, visitors: int = 30) -> list[Path]:
    """A log for each day from FIRST_DAY on; visits go on over midnight."""
    return list(generate(folder, days=days, visitors=visitors, start=FIRST_DAY, seed=7, compress=False).files)


def held_back(logs: Iterable[Path], late: Path, *, every: int = 9) -> Path:
    """Move one in ``every`` lines of ``logs`` to a file of their own; some of them are in both."""
    lines = []
    for log in logs:
        here = log.read_bytes().splitlines(keepends=True)
        lines += here[::every]
        log.write_bytes(b"".join(line for number, line in enumerate(here) if number % every or not number % 4))
    late.write_bytes(b"".join(lines))
    return late


def in_parts(log: Path, parts: int) -> list[Path]:
    """The lines of a log in turn in this many files: more to land, and to settle."""
    lines = log.read_bytes().splitlines(keepends=True)
    files = [log.with_stem(f"{log.stem}-{part}") for part in range(parts)]
    for part, file in enumerate(files):
        file.write_bytes(b"".join(lines[part::parts]))
    return files


def assert_holds(home: Home, files: Iterable[Path]) -> None:
    """These files and no others are in the lake, which is what a rebuild of it is, and so are the marts."""
    assert [waiting.record.names for waiting in home.ledger.pending()] == []
    assert {record.sha256 for record in home.ledger.committed()} == {sha256(file) for file in files}
    verification = verify(home.settings)
    assert verification.holds, "\n".join(map(str, verification.findings))
    assert verification.compared.marts.keys() >= {*PUBLISHED_MARTS}, verification
    assert_restatements_lead_to_now(home.settings)


def assert_restatements_lead_to_now(settings: Settings) -> None:
    """Each restated value was the one before it, and the last is what readers see. Null: the date went meanwhile."""
    restated = query(
        settings,
        f"select metric, metric_date, old_value, new_value from {RESTATEMENTS_TABLE} order by restated_at",
    )
    shown = {row["metric_date"]: row for row in query(settings, "from agg_daily_metrics").to_pylist()}
    values: dict[tuple[str, date], float | None] = {}
    for row in restated.to_pylist():
        key = (row["metric"], row["metric_date"])
        assert values.get(key) in (None, row["old_value"]), (key, values[key], row["old_value"])
        values[key] = row["new_value"]
    for (metric, day), value in values.items():
        assert value is None or (day in shown and float(shown[day][metric]) == value), (metric, day, value)


def marts(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    """Every row readers see, in one order."""
    return {mart: query(settings, f"from {mart} order by all").to_pylist() for mart in PUBLISHED_MARTS}


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
