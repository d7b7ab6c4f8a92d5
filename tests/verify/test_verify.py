"""`footfall verify` finds what is wrong with a lake, and names the date, the file and the column."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from footfall.errors import InputError
from footfall.lake import events
from footfall.lake.ledger import FileRecord, PendingFile
from footfall.lake.storage import storage_for
from footfall.settings import LakeSettings, Settings
from footfall.verify import Finding, Verification, print_verification, verification, verify
from footfall.verify.snapshot import snapshot
from tests.home import Home, new_home
from tests.verify.conftest import MIDNIGHT, Proved, hits

pytestmark = pytest.mark.xdist_group("verify")

Judged = Callable[[Settings], Verification]
SUNDAY, MONDAY, TUESDAY = (date(2024, 5, day) for day in (12, 13, 14))


def only(verification: Verification, where: str) -> Finding:
    """The one finding, which is about ``where``."""
    assert [finding.where for finding in verification.findings] == [where], verification.findings
    return verification.findings[0]


def events_of(home: Home, day: date) -> Path:
    table = events.open_table(home.settings.zone("events"))
    assert table is not None
    (file,) = events.files_of(table, [day])
    return Path(file)


def spoil(path: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    pq.write_table(change(pq.ParquetFile(path).read()), path, compression="zstd")


def with_values(rows: pa.Table, name: str, values: list) -> pa.Table:
    return rows.set_column(rows.schema.get_field_index(name), name, pa.array(values))


def spoil_record(home: Home, name: str, change: Callable[[dict], None]) -> FileRecord:
    """Change the ledger's record of a file as it lies on the disk; returns what it was."""
    (record,) = [record for record in home.ledger.committed() if record.names[0].endswith(name)]
    path = Path(home.settings.zone("ledger")) / "files" / f"{record.sha256}.json"
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))
    return record


def spoil_marts(home: Home, sql: str) -> None:
    with duckdb.connect(home.settings.published_db) as connection:
        connection.execute(sql)


def test_a_lake_that_is_right_is_proved_to_be(proved: Proved) -> None:
    said = proved.verification
    assert said.findings == ()
    assert said.holds
    assert said.events_version == 1
    compared = said.compared
    assert (compared.files, compared.lines, compared.dates) == (4, 21, 3)
    # nine and one of the walker, four and three of another; two lines are copies, two are bad
    assert (compared.events, compared.sessions) == (17, 3)
    assert compared.marts["fct_sessions"] == 3
    assert compared.marts["fct_page_views"] == 17
    assert min(compared.marts.values()) > 0


def test_a_copy_of_a_lake_is_the_same_lake(home: Home, judged: Judged) -> None:
    assert judged(home.settings).findings == ()


def test_a_changed_event_is_named_with_its_column(home: Home, judged: Judged) -> None:
    def forge(rows: pa.Table) -> pa.Table:
        return with_values(rows, "page_path", ["/forged", *rows["page_path"].to_pylist()[1:]])

    spoil(events_of(home, MONDAY), forge)
    found = only(judged(home.settings), "events")
    assert found.date == MONDAY
    assert found.difference is not None
    assert found.difference.columns == {"page_path": 1}
    assert (found.difference.only_stored, found.difference.only_rebuilt) == (1, 1)
    (example,) = found.difference.examples
    assert (example.column, example.stored) == ("page_path", "/forged")
    assert example.row.startswith("event_id ")


def test_a_dropped_event_is_found_on_its_date(home: Home, judged: Judged) -> None:
    spoil(events_of(home, SUNDAY), lambda rows: rows.slice(1))
    found = only(judged(home.settings), "events")
    assert found.date == SUNDAY
    assert found.difference is not None
    assert found.difference.rebuilt == found.difference.stored + 1
    assert (found.difference.only_stored, found.difference.only_rebuilt) == (0, 1)
    assert [(e.column, e.stored, e.rebuilt) for e in found.difference.examples] == [("", "0 rows", "1 row")]


def test_a_doubled_event_is_found_on_its_date(home: Home, judged: Judged) -> None:
    spoil(events_of(home, TUESDAY), lambda rows: pa.concat_tables([rows, rows.slice(0, 1)]))
    found = only(judged(home.settings), "events")
    assert found.date == TUESDAY
    assert found.difference is not None
    assert (found.difference.only_stored, found.difference.only_rebuilt) == (1, 0)
    assert [(e.column, e.stored, e.rebuilt) for e in found.difference.examples] == [("", "2 rows", "1 row")]


def test_an_event_on_another_date_is_found_on_both(home: Home, judged: Judged) -> None:
    moved = pq.ParquetFile(events_of(home, MONDAY)).read().slice(0, 1)
    spoil(events_of(home, MONDAY), lambda rows: rows.slice(1))
    spoil(events_of(home, TUESDAY), lambda rows: pa.concat_tables([rows, moved]))
    assert [(f.where, f.date) for f in judged(home.settings).findings] == [("events", MONDAY), ("events", TUESDAY)]


def test_a_missing_and_a_damaged_events_file_are_findings(home: Home, judged: Judged) -> None:
    gone = events_of(home, SUNDAY)
    gone.unlink()
    first, second = judged(home.settings).findings
    assert (first.where, first.date) == ("events", SUNDAY)
    assert gone.name in first.what
    assert second.difference is not None
    assert second.difference.stored == 0
    events_of(home, MONDAY).write_bytes(b"no parquet")
    assert any("cannot be read" in finding.what for finding in judged(home.settings).findings)


def test_a_count_off_by_one_in_the_ledger_is_found(home: Home, judged: Judged) -> None:
    def one_event_less(values: dict) -> None:
        values["dates"]["2024-05-13"]["events"] -= 1

    spoil_record(home, "morning.log", one_event_less)
    found = only(judged(home.settings), "ledger")
    assert found.date == MONDAY
    assert "morning.log" in found.what


def test_lines_that_do_not_add_up_are_found(home: Home, judged: Judged) -> None:
    def one_line_less(values: dict) -> None:
        values["lines"] -= 1

    spoil_record(home, "evening.log", one_line_less)
    added, read = judged(home.settings).findings
    assert "9 lines are not 9 events + 0 repeated + 1 quarantined" in added.what
    assert "9 lines landed, 10 read" in read.what


def test_a_record_that_is_gone_leaves_events_without_an_owner(home: Home, judged: Judged) -> None:
    (late,) = [record for record in home.ledger.committed() if record.names[0].endswith("late.log")]
    storage_for(home.settings.zone("ledger")).delete(f"files/{late.sha256}.json")
    # its quarantined line is an orphan, too
    found = {finding.where: finding for finding in judged(home.settings).findings}
    assert late.sha256 in found["ledger"].what
    assert late.sha256 in found["quarantine"].what


def test_a_quarantine_file_that_is_gone_is_named(home: Home, judged: Judged) -> None:
    evening = next(record for record in home.ledger.committed() if record.names[0].endswith("evening.log"))
    storage_for(home.settings.zone("quarantine")).delete(f"{evening.sha256}.parquet")
    found = only(judged(home.settings), "quarantine")
    assert "evening.log" in found.what
    assert found.difference is not None
    assert (found.difference.stored, found.difference.only_rebuilt) == (0, 1)


def test_a_changed_quarantined_line_is_found_and_not_shown(
    home: Home, judged: Judged, capsys: pytest.CaptureFixture[str]
) -> None:
    evening = next(record for record in home.ledger.committed() if record.names[0].endswith("evening.log"))
    path = Path(home.settings.zone("quarantine")) / f"{evening.sha256}.parquet"
    spoil(path, lambda rows: with_values(rows, "line", ["a secret"]))
    verification = judged(home.settings)
    found = only(verification, "quarantine")
    assert found.difference is not None
    assert found.difference.columns == {"line": 1}
    print_verification(verification)
    assert "a secret" not in capsys.readouterr().out


def test_a_changed_mart_row_is_found_on_its_date(home: Home, judged: Judged) -> None:
    spoil_marts(home, "update footfall_build.fct_sessions set exit_page = '/x' where session_date = '2024-05-14'")
    found = only(judged(home.settings), "fct_sessions")
    assert found.date == TUESDAY
    assert found.difference is not None
    assert found.difference.columns == {"exit_page": 1}


def test_a_view_is_traced_to_the_date_below_it(home: Home, judged: Judged) -> None:
    spoil_marts(home, "delete from footfall_build.int_visitors__daily where session_date = '2024-05-14'")
    spoil_marts(home, "update footfall_build.int_metrics__daily set bounces = 9 where metric_date = '2024-05-12'")
    found = {(finding.where, finding.date): finding.difference for finding in judged(home.settings).findings}
    assert found.keys() == {
        ("dim_visitors", None),
        ("int_visitors__daily", TUESDAY),
        ("agg_daily_metrics", SUNDAY),
        ("int_metrics__daily", SUNDAY),
    }
    visitors = found["dim_visitors", None]
    assert visitors is not None
    assert (visitors.stored, visitors.rebuilt, visitors.only_stored, visitors.only_rebuilt) == (2, 2, 1, 1)
    assert visitors.columns["session_count"] == 1


def test_marts_of_another_version_are_a_finding_of_their_own(home: Home, judged: Judged) -> None:
    spoil_marts(home, "update footfall_publications set events_version = 0")
    found = only(judged(home.settings), "marts")
    assert "show version 0 of the events, which are at version 1" in found.what
    assert "footfall publish" in found.what


def test_a_version_that_changed_no_date_needs_no_new_marts(home: Home, judged: Judged) -> None:
    events.commit(home.settings.zone("events"), "nothing-new", [], [], base_version=1)
    said = judged(home.settings)
    assert (said.events_version, said.findings) == (2, ())
    assert said.compared.marts["fct_sessions"] == 3


def test_what_is_committed_meanwhile_does_not_matter(home: Home, proved: Proved, tmp_path: Path) -> None:
    with snapshot(home.settings, tmp_path) as lake:
        events.commit(home.settings.zone("events"), "another-run", [], [MONDAY], base_version=1)
        said = verification.judge(home.settings, lake, proved.rebuilt, tmp_path)
    assert (said.events_version, said.findings) == (1, ())


def test_a_run_that_died_before_the_ledger_is_named(home: Home, judged: Judged) -> None:
    late = next(record for record in home.ledger.committed() if record.names[0].endswith("late.log"))
    home.ledger.order(PendingFile(record=late.to_read()))
    storage_for(home.settings.zone("ledger")).delete(f"files/{late.sha256}.json")
    (found,) = [finding for finding in judged(home.settings).findings if finding.where == "ledger"]
    assert late.sha256 in found.what
    assert "footfall sessionize" in found.what


def test_a_raw_file_that_is_gone_or_cut_is_named(home: Home) -> None:
    raw = storage_for(home.settings.zone("raw"))
    morning = next(record for record in home.ledger.committed() if record.names[0].endswith("morning.log"))
    path = f"{morning.sha256[:2]}/{morning.sha256}"
    whole = raw.read(path)
    raw.write(path, whole[:-1])
    cut = verify(home.settings)
    assert f"has {len(whole) - 1:,} bytes" in only(cut, "raw").what
    raw.delete(path)
    gone = verify(home.settings)
    assert "is missing" in only(gone, "raw").what
    assert "morning.log" in only(gone, "raw").what
    assert not gone.holds
    assert list(home.settings.home.glob("verify-*")) == []


def test_the_lake_is_left_alone_and_the_scratch_place_removed(tmp_path: Path) -> None:
    """Keys of its own, nothing published, and a file that waits."""
    home = Home(Settings(home=tmp_path / "home"))
    for name, ip in (("taken.log", "203.0.113.9"), ("waiting.log", "198.51.100.1")):
        (tmp_path / name).write_text("\n".join(hits(MIDNIGHT, 3, 1, ip=ip)))
    home.take(tmp_path / "taken.log")
    home.ingest(tmp_path / "waiting.log")
    before = {path: path.stat().st_mtime_ns for path in home.settings.home.rglob("*") if path.is_file()}
    said = verify(home.settings)
    assert said.findings == ()
    assert (said.compared.files, said.compared.events, said.compared.marts) == (1, 3, {})
    assert any("1 pending file" in note for note in said.notes)
    assert any("Nothing is published" in note for note in said.notes)
    assert {path: path.stat().st_mtime_ns for path in home.settings.home.rglob("*") if path.is_file()} == before


def test_an_empty_lake_holds_and_stays_empty(tmp_path: Path) -> None:
    said = verify(Settings(home=tmp_path / "home"))
    assert said.holds
    assert said.events_version is None
    assert list((tmp_path / "home").iterdir()) == []


def test_a_place_with_something_in_it_is_refused(home: Home) -> None:
    with pytest.raises(InputError, match="is not empty"):
        verify(home.settings, home.settings.home)


def test_a_lake_in_a_bucket_is_compared_as_one_in_a_folder(home: Home, judged: Judged, strict_bucket: str) -> None:
    for zone in ("events", "quarantine", "ledger"):
        folder, bucket = Path(home.settings.zone(zone)), storage_for(f"{strict_bucket}/{zone}")
        for file in folder.rglob("*"):
            if file.is_file():
                bucket.put_file(file, file.relative_to(folder).as_posix())
    zones = {zone: f"{strict_bucket}/{zone}" for zone in ("events", "quarantine", "ledger")}
    in_bucket = new_home(home.settings.home, lake=LakeSettings(**zones)).settings
    assert judged(in_bucket).findings == ()
    monday = events_of(home, MONDAY).relative_to(home.settings.zone("events")).as_posix()
    storage_for(f"{strict_bucket}/events").delete(monday)
    said = judged(in_bucket)
    assert [(f.where, f.date) for f in said.findings] == [("events", MONDAY)] * 2


def test_the_diff_can_be_read_and_shows_no_address(
    home: Home, judged: Judged, capsys: pytest.CaptureFixture[str]
) -> None:
    url = "/?who=jane@shop.test&from=203.0.113.9"
    spoil(events_of(home, TUESDAY), lambda rows: with_values(rows, "page_url", [url] * rows.num_rows))
    print_verification(judged(home.settings))
    said = capsys.readouterr()
    assert "2024-05-14" in said.out
    assert "page_url: stored /?who=[email]&from=[ip], rebuilt /0" in said.out
    assert "1 finding:" in said.out
    assert "footfall replay" in said.err
    assert "jane" not in said.out
    assert "203.0.113.9" not in said.out
