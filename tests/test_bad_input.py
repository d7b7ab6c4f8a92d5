"""Every bad line is an event or a quarantined line with its reason; every bad file ends in one clear sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from footfall.contract import RejectReason
from tests.bad_lines import CASES, Case, file_of
from tests.home import Home, new_home

pytestmark = pytest.mark.xdist_group("bad_input")


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> dict[Case, Path]:
    """One file for each bad line."""
    folder = tmp_path_factory.mktemp("bad lines")
    found = {}
    for number, case in enumerate(CASES):
        found[case] = folder / f"{number:03}-{case.source}.log"
        found[case].write_bytes(file_of(case, number)[0])
    return found


@pytest.fixture(scope="module")
def home(paths: dict[Case, Path], tmp_path_factory: pytest.TempPathFactory) -> Home:
    """All of them in one run, in a home whose path has spaces."""
    home = new_home(tmp_path_factory.mktemp("home") / "a home with spaces")
    home.take(*paths.values())
    return home


@pytest.fixture(scope="module")
def became(home: Home) -> dict[tuple[str, int], dict[str, Any]]:
    """What each (file hash, line number) became: an event, or a quarantined line."""
    return {(row["file_sha256"], row["line_number"]): row for row in [*home.rows(), *home.quarantined()]}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.source}: {case.name}")
def test_a_bad_line_is_an_event_or_has_its_reason(
    case: Case, home: Home, paths: dict[Case, Path], became: dict[tuple[str, int], dict[str, Any]]
) -> None:
    record = home.record(paths[case])
    number = file_of(case, 0)[1]
    row = became[record.sha256, number]
    if isinstance(case.expected, RejectReason):
        assert row.get("reason") == case.expected
        assert record.quarantined == {case.expected: 1}
    else:
        assert row.get("reason") is None
        assert {name: row[name] for name in case.expected} == case.expected
        assert record.quarantined == {}
    assert became[record.sha256, number + 1]["visitor_id"] is not None  # the good line after it


def test_no_line_of_a_bad_file_is_lost(home: Home) -> None:
    home.assert_every_line_is_accounted_for()
    assert len(home.counts()) == len(CASES)


def test_no_address_and_no_e_mail_passes_the_raw_zone(home: Home) -> None:
    kept = repr([home.rows(), home.quarantined()])
    for identity in ("203.0.113.9", "198.51.100.", "2001:db8", "jane@", "jane%40"):
        assert identity not in kept
    assert "[ip]" in kept
    assert "[email]" in kept
