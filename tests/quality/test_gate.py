"""The gate refuses every fault, names it with its date, and lets good events pass."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from footfall.errors import QualityError
from footfall.lake.events import StagedFile
from footfall.quality import StagedAudit, audit
from footfall.settings import QualitySettings, Settings
from tests import builders
from tests.quality.faults import FAULTS, Row, first_of_month, good_day

pytestmark = pytest.mark.xdist_group("great_expectations")  # seconds to import: once, on one worker

RUN = "20240601T000000Z-test"


def stage(settings: Settings, rows: list[Row], lines_read: int = 100, **quarantined: int) -> StagedAudit:
    files = builders.write_staged(settings.zone("events"), RUN, rows)
    return StagedAudit(files, lines_read, quarantined)


def refusal(settings: Settings, staged: StagedAudit) -> str:
    with pytest.raises(QualityError) as refused:
        audit(settings, RUN, staged)
    return str(refused.value)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


@dataclass
class Refused:
    message: str
    rules_by_date: dict[str, set[str]]
    docs: Path


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Refused:
    """One audit over a date for each fault; every third date, so that no fault reaches into its neighbour."""
    settings = Settings(home=tmp_path_factory.mktemp("faulty"))
    rows: list[Row] = []
    for position, (_, change, _) in enumerate(FAULTS):
        day = good_day(first_of_month() + timedelta(days=3 * position))
        change(day)
        rows += day
    message = refusal(settings, stage(settings, rows))
    found: dict[str, set[str]] = defaultdict(set)
    for rule, dates in re.findall(r"^(\w+) failed on (.*)\.$", message, re.MULTILINE):
        for day in re.findall(r"\d{4}-\d\d-\d\d", dates):
            found[day].add(rule)
    return Refused(message, found, settings.docs_dir / "data_docs")


@pytest.mark.parametrize("position", range(len(FAULTS)), ids=[fault[0] for fault in FAULTS])
def test_a_fault_breaks_its_rule_on_its_date_and_no_other(position: int, faulty: Refused) -> None:
    day = first_of_month() + timedelta(days=3 * position)
    assert faulty.rules_by_date[f"{day:%Y-%m-%d}"] == FAULTS[position][2]


def test_good_events_pass_from_any_folder(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "it's a [home]*")
    day, midnight = first_of_month(), first_of_month() + timedelta(days=1)
    start = midnight - timedelta(minutes=10)
    rows = good_day(day) + [
        builders.event(
            start + timedelta(minutes=8 * number),
            visitor_id="late",
            session_start_ts=start,
            session_event_number=number + 1,
        )
        for number in range(3)
    ]
    report = audit(settings, RUN, stage(settings, rows))
    assert (report.events, report.sessions, report.dates) == (8, 4, [day.date(), midnight.date()])
    assert report.expectations == 35
    assert report.docs == settings.docs_dir / "data_docs" / "index.html"
    assert report.docs.is_file()


def test_the_same_id_on_two_dates_is_refused(settings: Settings) -> None:
    first, second = (good_day(first_of_month() + timedelta(days=number)) for number in range(2))
    second[3]["event_id"] = first[3]["event_id"]
    message = refusal(settings, stage(settings, first + second))
    assert "event_id_unique failed on 2024-01-01 (1 of 5 events, allowed 0), 2024-01-02 (1 of 5" in message


def test_a_gap_across_midnight_is_refused(settings: Settings) -> None:
    midnight = first_of_month() + timedelta(days=1)
    start = midnight - timedelta(minutes=5)
    rows = [
        builders.event(
            start + timedelta(minutes=10 * step), visitor_id="late", session_start_ts=start, session_event_number=number
        )
        for step, number in enumerate((1, 3))
    ]
    assert "session_event_numbers_without_gap failed on 2024-01-01 (1 of 1 sessions" in refusal(
        settings, stage(settings, rows)
    )


def test_quarantined_share_at_the_threshold_passes(settings: Settings) -> None:
    staged = stage(settings, good_day(first_of_month()), bad_size=2, malformed_line=3)
    assert audit(settings, RUN, staged).quarantined_share == 0.05


def test_quarantined_share_above_the_threshold_is_refused(settings: Settings) -> None:
    message = refusal(settings, stage(settings, good_day(first_of_month()), bad_size=2, malformed_line=4))
    assert "6 of 100 lines (6.00%) were quarantined, allowed 5.00%" in message
    assert "malformed_line 4, bad_size 2" in message
    assert f"look at the lines in {settings.zone('quarantine')}" in message
    assert "set FOOTFALL_QUALITY__MAX_QUARANTINE_SHARE to at least 0.0600" in message


def test_a_run_that_staged_nothing_but_read_bad_lines_is_refused(settings: Settings) -> None:
    assert "10 of 10 lines (100.00%)" in refusal(settings, StagedAudit([], 10, {"malformed_line": 10}))


def test_a_run_that_read_nothing_passes_without_docs(settings: Settings) -> None:
    report = audit(settings, RUN, StagedAudit([], 0))
    assert (report.expectations, report.docs) == (0, None)
    assert not settings.docs_dir.exists()


def test_a_date_without_events_passes(settings: Settings) -> None:
    staged = stage(settings, good_day(first_of_month()))
    path = Path(settings.zone("events")) / staged.files[0].path
    pq.write_table(pq.read_table(path, partitioning=None).slice(0, 0), path)
    assert audit(settings, RUN, staged).events == 0


def test_the_message_says_rule_date_counts_rows_remedy_and_docs(settings: Settings) -> None:
    rows = good_day(first_of_month())
    rows[3] |= {
        "http_status": 0,
        "file_sha256": "abcdef0123456789" * 4,
        "line_number": 77,
        "page_url": "/secret",
        "user_agent": "Mozilla/5.0 (nobody)",
    }
    message = refusal(settings, stage(settings, rows))
    assert f"refused run {RUN}: 1 expectation failed. Nothing was committed." in message
    assert "http_status_in_range failed on 2024-01-01 (1 of 5 events, allowed 0)." in message
    assert "rule: http_status is 100 to 599." in message
    (row,) = [line.split() for line in message.splitlines() if "abcdef012345" in line]
    assert row == [rows[3]["event_id"], "2024-01-01", "15:00:00+00:00", "abcdef012345", "77", "0"]
    assert "remedy: " in message
    assert message.endswith(f"Data docs: {settings.docs_dir / 'data_docs' / 'index.html'}")
    for private in ("/secret", "Mozilla", "abcdef0123456789"):
        assert private not in message


def test_example_rows_are_as_many_as_set(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, quality=QualitySettings(example_rows=2))
    rows = [row | {"http_status": 999} for row in good_day(first_of_month())]
    message = refusal(settings, stage(settings, rows))
    assert len([line for line in message.splitlines() if line.endswith("999")]) == 2
    assert "(5 of 5 events, allowed 0)" in message


def test_files_that_are_not_the_contract_are_refused_column_by_column(settings: Settings) -> None:
    days = [first_of_month() + timedelta(days=number) for number in range(3)]
    staged = stage(settings, [row for day in days for row in good_day(day)])
    paths = [Path(settings.zone("events")) / file.path for file in staged.files]
    tables = [pq.read_table(path, partitioning=None) for path in paths]
    bytes_sent = tables[0].schema.get_field_index("bytes_sent")
    pq.write_table(tables[0].set_column(bytes_sent, "bytes_sent", tables[0]["bytes_sent"].cast(pa.int32())), paths[0])
    pq.write_table(tables[1].drop_columns(["session_id"]), paths[1])
    pq.write_table(tables[2].append_column("ip_address", pa.array(["192.0.2.1"] * 5)), paths[2])
    message = refusal(settings, staged)
    assert "columns_and_types_equal_contract failed on 2024-01-01, 2024-01-02, 2024-01-03: 3 columns differ" in message
    assert "2024-01-01: bytes_sent is int32, contract INT64" in message
    assert "2024-01-02: session_id is (missing), contract STRING" in message
    assert "2024-01-03: ip_address is STRING, contract (not in the contract)" in message
    assert "were not checked" in message


def test_a_cut_file_is_refused(settings: Settings) -> None:
    staged = stage(settings, good_day(first_of_month()))
    path = Path(settings.zone("events")) / staged.files[0].path
    path.write_bytes(path.read_bytes()[:-100])
    assert f"Staged file {path} cannot be read as Parquet" in refusal(settings, staged)


def test_a_lost_file_is_refused(settings: Settings) -> None:
    lost = StagedFile("r/event_date=2024-01-01/lost.parquet", first_of_month().date(), 1, 1)
    assert "lost.parquet cannot be read" in refusal(settings, StagedAudit([lost], 1))


def test_the_gate_prints_nothing_and_stays_off_the_network(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the gate opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    audit(settings, RUN, stage(settings, good_day(first_of_month())))
    assert capfd.readouterr() == ("", "")


def test_commands_that_do_not_audit_do_not_import_great_expectations() -> None:
    code = "import sys, footfall.quality; sys.exit('great_expectations' in sys.modules or 'pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_rule_is_proven_by_a_fault() -> None:
    from footfall.quality.rules import rules

    assert {rule.name for rule in rules(Settings())} == set().union(*(broken for _, _, broken in FAULTS))
