"""The file ledger: what a file became, whatever happened on the way."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from footfall.lake.ledger import DayCount, FileRecord, Ledger, LedgerError, PendingFile
from footfall.lake.storage import storage_for

DAY = date(2024, 5, 12)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(storage_for(str(tmp_path / "ledger")))


def record(sha256: str = "a" * 64, **values: Any) -> FileRecord:
    known = {"names": [f"{sha256[0]}.log"], "size_bytes": 1, "gzip": False, "source": "combined", "lines": 10}
    landed = {"landed_at": datetime(2024, 6, 1, tzinfo=UTC), "ingest_run_id": "run"}
    return FileRecord(sha256=sha256, **(known | landed | values))


def committed(sha256: str = "a" * 64, **values: Any) -> FileRecord:
    days = {"dates": {DAY: DayCount(parsed=7, events=5)}, "quarantined": {"bad_status": 3}, "commit_run_id": "run"}
    return record(sha256, **(days | values))


def test_counts_follow_from_the_days() -> None:
    assert (committed().events, committed().repeated) == (5, 2)


@pytest.mark.parametrize("lines", [9, 11])
def test_a_record_that_loses_or_invents_a_line_is_refused(lines: int) -> None:
    with pytest.raises(LedgerError, match=f"{lines} lines were landed, but 7 parsed and 3 quarantined"):
        committed(lines=lines)


def test_a_record_comes_back_as_it_was_written(ledger: Ledger) -> None:
    ledger.order(PendingFile(record=record(candidate_dates=[DAY])))
    assert ledger.find("a" * 64) == record(candidate_dates=[DAY])
    ledger.settle([committed()])
    assert ledger.find("a" * 64) == committed()
    assert ledger.find("b" * 64) is None


def test_settling_moves_a_file_from_pending_to_committed_and_may_be_repeated(ledger: Ledger) -> None:
    ledger.order(PendingFile(record=record("b" * 64)))
    ledger.order(PendingFile(record=record()))
    assert [found.record.sha256[0] for found in ledger.pending()] == ["a", "b"]
    for _ in range(2):
        ledger.settle([committed()])
        assert [found.record.sha256[0] for found in ledger.pending()] == ["b"]
        assert [found.sha256[0] for found in ledger.committed()] == ["a"]


def test_a_crash_between_the_two_writes_of_settling_leaves_a_settled_file(ledger: Ledger) -> None:
    ledger.settle([committed()])
    ledger.order(PendingFile(record=record()))
    assert ledger.pending() == []
    assert ledger.find("a" * 64) == committed()


def test_another_name_is_added_once_where_the_record_is(ledger: Ledger) -> None:
    ledger.order(PendingFile(record=record()))
    ledger.settle([committed("b" * 64)])
    for sha256 in ("a" * 64, "b" * 64):
        for _ in range(2):
            found = ledger.find(sha256)
            assert found is not None
            ledger.add_name(found, "copy.log")
    assert [found.record.names for found in ledger.pending()] == [["a.log", "copy.log"]]
    assert [found.names for found in ledger.committed()] == [["b.log", "copy.log"]]
