"""The command as a person meets it: exit codes, one sentence for an error, and output that programs can read."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from deltalake import DeltaTable

from footfall import cli
from footfall.lake import events
from footfall.lake.storage import storage_for
from footfall.settings import PROJECT_ROOT, Settings
from tests.bad_lines import CLOUDFRONT_HEADER, cloudfront, combined
from tests.home import Home
from tests.machine import on_small_disk

pytestmark = pytest.mark.xdist_group("cli")


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


Footfall = Callable[..., Said]


@pytest.fixture
def footfall(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Footfall:
    """The command in this process; every traceback is a failure of the test."""

    def call(*arguments: object, **environment: str) -> Said:
        with monkeypatch.context() as here:
            # --home and --engine become variables, which must not outlive the call
            here.setattr(os, "environ", os.environ.copy() | environment)
            here.setattr(sys, "argv", ["footfall", *map(str, arguments)])
            with pytest.raises(SystemExit) as end:
                cli.main()
        said = capsys.readouterr()
        return Said(int(end.value.code or 0), said.out, said.err)

    return call


def command(*arguments: object, prefix: list[str] | None = None, **environment: str) -> Said:
    """The command in a process of its own."""
    done = subprocess.run(
        [*(prefix or []), sys.executable, "-m", "footfall.cli", *map(str, arguments)],
        cwd=PROJECT_ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )
    return Said(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three page views, one of them with what a table's markup could choke on, and a bad line."""
    path = tmp_path_factory.mktemp("in") / "access [1].log"
    lines = [combined(request=f"GET {page} HTTP/1.1") for page in ("/a", "/[/b]:cat:[red]", "/?u=jane@shop.test")]
    path.write_text("\n".join([*lines, "no line"]) + "\n")
    return path


@pytest.fixture(scope="module")
def published(log: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with spaces in its path after one `footfall run` of the log."""
    home = tmp_path_factory.mktemp("home") / "my web logs"
    done = command("--home", home, "run", log, FOOTFALL_QUALITY__MAX_QUARANTINE_SHARE="0.5")
    assert done.code == 0, done.err
    assert "4 lines = 3 events + 0 repeated + 1 quarantined (malformed_line 1)" in done.err
    return home


USER_ERRORS = {
    "a path that is not there": (["ingest", "nowhere-*.log"], {}, 2, "'nowhere-*.log' names no file"),
    "an empty path": (["run", ""], {}, 2, "empty path"),
    "a format that is not known": (["ingest", "{log}", "--format", "iis"], {}, 2, "'iis' is not a known format"),
    "nothing to ingest": (["ingest"], {}, 2, "Nothing to ingest"),
    "an inbox and a path": (["ingest", "--inbox", "{log}"], {}, 2, "one of the two"),
    "an inbox of days without a day": (["ingest", "--inbox"], {"FOOTFALL_INBOX": "/in/{day}"}, 2, "add --day"),
    "a setting out of range": (["status"], {"FOOTFALL_SESSION__MAX_HOURS": "25"}, 2, "MAX_HOURS is '25'"),
    "a setting of another type": (["status"], {"FOOTFALL_LIMITS__MAX_LINE_BYTES": "many"}, 2, "is 'many'"),
    "a group of settings as text": (["status"], {"FOOTFALL_SESSION": "long"}, 2, '"session"'),
    "a home without a name": (["status"], {"FOOTFALL_HOME": ""}, 2, "FOOTFALL_HOME is ''"),
    "an engine that is not known": (["--engine", "flink", "status"], {}, 2, "FOOTFALL_ENGINE__NAME is 'flink'"),
    "no publication": (["query", "select 1"], {}, 2, "Nothing has been published"),
    "nothing built": (["publish"], {}, 2, "Nothing has been built"),
    "an output format that is not known": (["status", "--format", "xml"], {}, 2, "'xml' is no output format"),
    "a run id that leaves the zone": (["stage", "--run-id", "../../x"], {}, 2, "'../../x' is no run id"),
    "a run id that is the table's log": (["stage", "--run-id", "_delta_log"], {}, 2, "'_delta_log' is no run id"),
    "a run id with spaces": (["commit", "--run-id", "a b"], {}, 2, "'a b' is no run id"),
    "a home that is a file": (["--home", "{log}", "ingest", "{log}"], {}, 4, "is a file, not a folder"),
    "storage that is not known": (["status"], {"FOOTFALL_LAKE__LEDGER": "s3://bucket"}, 2, "'s3://bucket' cannot"),
    "a key that is no key": (["sessionize"], {"FOOTFALL_PRIVACY__EVENT_KEY": "secret"}, 2, "64 hexadecimal digits"),
}  # fmt: skip


@pytest.mark.parametrize("name", USER_ERRORS)
def test_a_user_error_is_one_sentence_and_an_exit_code(
    name: str, footfall: Footfall, log: Path, tmp_path: Path
) -> None:
    arguments, environment, code, says = USER_ERRORS[name]
    environment = {"FOOTFALL_HOME": str(tmp_path / "home")} | environment
    if arguments == ["sessionize"]:
        assert footfall("ingest", log, FOOTFALL_HOME=environment["FOOTFALL_HOME"]).code == 0
    said = footfall(*(argument.replace("{log}", str(log)) for argument in arguments), **environment)
    assert (said.code, said.out) == (code, "")
    assert says in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("select nothing from fct_sessions", "nothing"),
        ("selec 1", "syntax error"),
        ("drop table fct_sessions", "is not a query"),
        ("select 1; select 2", "2 statements"),
        ("", "0 statements"),
        ("select * from '/etc/passwd'", "failed"),
    ],
)
def test_bad_sql_is_one_sentence(sql: str, says: str, footfall: Footfall, published: Path) -> None:
    said = footfall("--home", published, "query", sql)
    assert (said.code, said.out) == (2, "")
    assert says in said.err
    assert len(said.err.strip().splitlines()) == 1


def test_usage_errors_and_help(footfall: Footfall) -> None:
    assert footfall("frobnicate").code == 2
    assert footfall("run").code == 2
    helped = footfall("--help")
    assert helped.code == 0
    for name in ("ingest", "sessionize", "transform", "publish", "run", "query", "generate", "doctor", "status"):
        assert name in helped.out
    assert footfall("version").out.strip()


def test_a_table_shows_what_is_in_the_log_and_not_what_markup_makes_of_it(footfall: Footfall, published: Path) -> None:
    said = footfall("--home", published, "query", 'select page_path as "[x]" from fct_page_views order by 1')
    assert said.code == 0
    for text in ("[x]", "/[/b]:cat:[red]", "3 rows"):
        assert text in said.out
    url = footfall("--home", published, "query", "select '/?u=[email]' as url, null as nothing")
    assert "[email]" in url.out
    assert "1 row" in url.out


def test_csv_and_json_are_what_programs_read(published: Path) -> None:
    sql = (
        "select page_path, 12.50::decimal(9, 2) as price, date '2024-05-12' as day, null as nothing, [1, 2] as list "
        "from fct_page_views order by page_path"
    )
    done = command("--home", published, "query", sql, "--format", "csv")
    assert (done.code, done.err) == (0, "")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert [row["page_path"] for row in rows] == ["/", "/[/b]:cat:[red]", "/a"]
    assert rows[0] | {"page_path": ""} == {
        "page_path": "", "price": "12.50", "day": "2024-05-12", "nothing": "", "list": "[1, 2]"
    }  # fmt: skip
    done = command("--home", published, "query", sql, "--format", "json")
    first = json.loads(done.out)[0]
    assert (first["day"], first["nothing"], first["list"]) == ("2024-05-12", None, [1, 2])
    assert float(first["price"]) == 12.5


def test_status_counts_what_came_in_and_what_readers_see(footfall: Footfall, published: Path) -> None:
    said = footfall("--home", published, "status", "--format", "json")
    found = json.loads(said.out)
    expected = {
        "files": 1, "lines": 4, "events": 3, "repeated": 0, "quarantined": 1, "pending_files": 0, "inbox_files": 0,
        "unpublished_dates": 0, "quarantined_by_reason": {"malformed_line": 1}, "first_date": "2024-05-12",
        "last_date": "2024-05-12",
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected
    row = next(csv.DictReader(io.StringIO(footfall("--home", published, "status", "--format", "csv").out)))
    assert (row["lines"], row["quarantined_by_reason"]) == ("4", '{"malformed_line": 1}')
    table = footfall("--home", published, "status").out
    assert "malformed_line" in table
    assert "unpublished dates" in table


def test_status_of_a_new_home_is_all_nothing(footfall: Footfall, tmp_path: Path) -> None:
    found = json.loads(footfall("--home", tmp_path / "new", "status", "--format", "json").out)
    assert {value for value in found.values() if not isinstance(value, dict)} == {0, None}
    assert not (tmp_path / "new").exists(), "looking makes nothing"


def test_status_sees_what_waits(footfall: Footfall, published: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(published, home)
    inbox = home / "inbox"
    inbox.mkdir()
    (inbox / "a.log").write_text(combined(request="GET /new HTTP/1.1") + "\n")
    assert json.loads(footfall("--home", home, "status", "--format", "json").out)["inbox_files"] == 1
    assert footfall("--home", home, "ingest", "--inbox").code == 0
    found = json.loads(footfall("--home", home, "status", "--format", "json").out)
    assert (found["inbox_files"], found["pending_files"], found["unpublished_dates"]) == (0, 1, 0)
    assert footfall("--home", home, "sessionize").code == 0
    found = json.loads(footfall("--home", home, "status", "--format", "json").out)
    assert (found["pending_files"], found["unpublished_dates"], found["events"]) == (0, 1, 4)
    # what was published is past the log's retention: nobody knows what changed since
    DeltaTable(home / "lake" / "events").create_checkpoint()
    (home / "lake" / "events" / "_delta_log" / f"{0:020}.json").unlink()
    found = json.loads(footfall("--home", home, "status", "--format", "json").out)
    assert found["unpublished_dates"] == 1


def test_a_second_run_is_a_no_op_and_says_so(footfall: Footfall, published: Path, log: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(published, home)
    copy = tmp_path / "copy.log"
    shutil.copy(log, copy)
    before = json.loads(footfall("--home", home, "status", "--format", "json").out)
    done = footfall("--home", home, "run", log, copy)
    assert done.code == 0
    for text in ("2 file(s) already known", "nothing to sessionize", "nothing to build", "nothing to publish"):
        assert text in done.err
    assert json.loads(footfall("--home", home, "status", "--format", "json").out) == before


def test_a_gate_that_refuses_ends_with_code_3_and_commits_nothing(
    footfall: Footfall, log: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    done = footfall("--home", home, "run", log)
    assert done.code == 3
    assert "quarantine" in done.err
    found = json.loads(footfall("--home", home, "status", "--format", "json").out)
    assert (found["pending_files"], found["events"], found["events_version"]) == (1, 0, None)
    done = footfall("--home", home, "sessionize", FOOTFALL_QUALITY__MAX_QUARANTINE_SHARE="0.5")
    assert done.code == 0, "once the threshold is set the same command ends well"


def test_files_that_cannot_be_used_end_the_run_unless_others_can(footfall: Footfall, log: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad [/x].log".replace("/", "-")
    bad.write_bytes(b"[/b] is [red] no log\n")
    only = footfall("--home", tmp_path / "home", "run", bad)
    assert (only.code, "stage" in only.err) == (2, False)
    assert "'[/b] is [red] no log'" in only.err
    both = footfall("--home", tmp_path / "home", "ingest", bad, log)
    assert (both.code, "landed" in both.err, "refused" in both.err) == (2, True, True)


def test_an_inbox_with_a_file_still_to_come_is_no_failure(footfall: Footfall, log: Path, tmp_path: Path) -> None:
    inbox = tmp_path / "home" / "inbox"
    inbox.mkdir(parents=True)
    shutil.copy(log, inbox)
    (inbox / "half.log.gz").write_bytes(b"\x1f\x8b\x08")
    assert footfall("--home", tmp_path / "home", "ingest", "--inbox").code == 0


def test_an_empty_file_alone_runs_to_its_end(footfall: Footfall, tmp_path: Path) -> None:
    path = tmp_path / "empty.log"
    path.write_bytes(b"")
    done = footfall("--home", tmp_path / "home", "run", path)
    assert done.code == 0
    assert "no event has come in yet" in done.err


def test_stage_audit_and_commit_are_the_three_parts_of_sessionize(footfall: Footfall, tmp_path: Path) -> None:
    path, home = tmp_path / "cf.log", tmp_path / "home"
    path.write_text(f"{CLOUDFRONT_HEADER}{cloudfront()}\n")
    assert footfall("--home", home, "ingest", path).code == 0
    early = footfall("--home", home, "commit", "--run-id", "run-1")
    assert (early.code, "footfall stage --run-id run-1" in early.err) == (2, True)
    staged = footfall("--home", home, "stage", "--run-id", "run-1")
    assert json.loads(staged.out) == {"run_id": "run-1", "staged": True}
    assert events.open_table(Settings(home=home).zone("events")) is None
    assert footfall("--home", home, "audit", "--run-id", "run-1").code == 0
    assert footfall("--home", home, "commit", "--run-id", "run-1").code == 0
    assert "was committed already" in footfall("--home", home, "commit", "--run-id", "run-1").err
    assert json.loads(footfall("--home", home, "stage", "--run-id", "run-1").out) == {
        "run_id": "run-1",
        "staged": False,
    }
    (row,) = Home(Settings(home=home)).rows()
    assert row["page_path"] == "/a"
    assert not list(storage_for(Settings(home=home).zone("quarantine")).list())


STEPS = {"stage": "stage --run-id r", "commit": "commit --run-id r", "transform": "transform", "publish": "publish"}
# Fills the disk at $DISK but for two kB, runs a step, makes room, and runs it again
FULL_AND_AGAIN = """
footfall="$PYTHON -m footfall.cli"
$footfall ingest "$LOG" >&2
for before in $BEFORE; do $footfall $(echo $before | tr , ' ') >&2; done
room=$(df -k --output=avail "$DISK" | tail -1)
dd if=/dev/zero of="$DISK/ballast" bs=1k count=$((room - 2)) 2>/dev/null
$footfall $STEP
echo "full: $?"
rm "$DISK/ballast"
$footfall $STEP
echo "with room: $?"
"""


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
def test_a_full_disk_is_said_and_after_room_is_made_the_same_command_ends_well(step: str, tmp_path: Path) -> None:
    log, disk = tmp_path / "a.log", tmp_path / "small disk"
    disk.mkdir()
    lines = [combined(request=f"GET /{n} HTTP/1.1", ip=f"203.0.{n % 99}.{n % 199}") for n in range(4_000)]
    log.write_text("\n".join(lines))
    before = list(STEPS.values())[: list(STEPS).index(step)]
    done = subprocess.run(
        [*on_small_disk(disk, 60_000), "sh", "-c", FULL_AND_AGAIN],
        cwd=PROJECT_ROOT,
        env=os.environ
        | {"DISK": str(disk), "FOOTFALL_HOME": str(disk / "home"), "LOG": str(log), "PYTHON": sys.executable}
        | {"STEP": STEPS[step], "BEFORE": " ".join(command.replace(" ", ",") for command in before)},
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in done.stderr
    answers = [line for line in done.stdout.splitlines() if not line.startswith("{")]
    assert answers == ["full: 4", "with room: 0"], done.stderr[-3000:]
