from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from footfall.doctor import Finding, Status, diagnose, exit_code, lake, machine, variables
from footfall.lake.keys import key_file, load_keys
from footfall.settings import Settings
from tests.machine import on_small_disk, ordinary_user

PROJECT = Path(__file__).resolve().parents[2]

LOOK = (
    "import sys; from footfall.doctor import diagnose, exit_code, lake, machine\n"
    "from footfall.settings import Settings\nsettings = Settings(); findings = list({looking})\n"
    "for finding in findings: print(finding.name, finding.status, finding.detail, finding.remedy, sep='|')\n"
    "sys.exit(exit_code(findings))"
)


@pytest.fixture(autouse=True)
def _no_settings_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("FOOTFALL_") or name in ("JAVA_HOME", "STORAGE_EMULATOR_HOST"):
            monkeypatch.delenv(name)


def laptop(tmp_path: Path, **values: Any) -> Settings:
    return Settings(env="laptop", home=tmp_path / "a home", **values)


def only(findings: Iterable[Finding]) -> Finding:
    (finding,) = findings
    return finding


def as_command(
    *prefix: str, looking: str = "diagnose(settings)", cwd: Path = PROJECT, **environment: str
) -> tuple[int, dict[str, list[str]]]:
    """Exit code, and [status, detail, remedy] by finding, of a doctor in a process of its own."""
    answer = subprocess.run(
        [*prefix, sys.executable, "-c", LOOK.format(looking=looking)],
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )
    rows = [line.split("|") for line in answer.stdout.splitlines()]
    return answer.returncode, {name: rest for name, *rest in rows}


def test_a_fresh_home_is_healthy_and_looking_makes_nothing(tmp_path: Path) -> None:
    findings = diagnose(laptop(tmp_path))
    assert [finding for finding in findings if finding.status is Status.FAIL] == []
    assert exit_code(findings) == 0
    assert {finding.name for finding in findings} == {
        "python", "libraries", "settings", "home", "zone raw", "zone events", "zone quarantine", "zone ledger",
        "visitor key", "event key", "engine", "java", "dbt project", "marts", "clock", "browser",
    }  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def test_whatever_is_not_ok_has_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    code, findings = as_command(
        FOOTFALL_HOME=str(tmp_path / "file" / "home"),
        FOOTFALL_ENV="gcp",
        FOOTFALL_LAKE__RAW="s3://elsewhere",
        FOOTFALL_TYPO="1",
        GOOGLE_APPLICATION_CREDENTIALS=str(tmp_path / "no-such-key.json"),
        PATH=str(tmp_path),
    )
    assert code == 4
    assert {name: status for name, (status, _, _) in findings.items() if status == "fail"} == {
        "home": "fail",
        "zone raw": "fail",
        "zone events": "fail",
        "zone quarantine": "fail",
        "zone ledger": "fail",
        "keys": "fail",
        "credentials": "fail",
    }
    assert [name for name, (status, _, remedy) in findings.items() if status != "ok" and not remedy] == []


def test_what_does_not_answer_is_a_finding_and_holds_nothing_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    java(tmp_path / "bin", "exec sleep 10")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    started = time.monotonic()
    findings = {finding.name: finding for finding in diagnose(laptop(tmp_path), deadline_seconds=3)}
    assert time.monotonic() - started < 8
    assert findings["java"].detail == "no answer within 3 seconds"
    assert findings["home"].status is Status.OK


def java(folder: Path, script: str) -> Path:
    folder.mkdir(parents=True)
    command = folder / "java"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)
    return command


@pytest.mark.parametrize(
    ("version", "status", "detail"),
    [
        ('openjdk version "17.0.15" 2025-04-15', "ok", "Java 17"),
        ('openjdk version "21" 2023-09-19 LTS', "ok", "Java 21"),
        ('java version "1.8.0_392"', "fail", "Java 8 is too old for engine spark"),
        ('openjdk version "11.0.2" 2019-01-15', "fail", "Java 11 is too old for engine spark"),
        ("Error: could not find libjava.so", "fail", "does not tell a version, it says: Error: could not find"),
    ],
)
def test_java_counts_by_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, status: str, detail: str
) -> None:
    java(tmp_path / "jdk" / "bin", f"echo '{version}' >&2")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "jdk"))
    finding = only(machine.java(laptop(tmp_path, engine={"name": "spark"})))
    assert (finding.status, detail in finding.detail) == (status, True)
    # the embedded engine needs none, so an old one is no failure
    lenient = only(machine.java(laptop(tmp_path)))
    assert lenient.status == ("ok" if status == "ok" else "warn")


def test_no_java_fails_engine_spark_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    needed = only(machine.java(laptop(tmp_path, engine={"name": "spark"})))
    assert needed.status is Status.FAIL
    assert "no java on the PATH" in needed.detail
    assert "set JAVA_HOME, or use the embedded engine (--engine sail)" in needed.remedy
    assert only(machine.java(laptop(tmp_path))).status is Status.WARN
    monkeypatch.setenv("JAVA_HOME", "/no/such/jdk")
    assert "JAVA_HOME is /no/such/jdk, which has no bin/java" in only(machine.java(laptop(tmp_path))).detail


def test_an_engine_that_does_not_load_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "broken" / "pysail"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise ImportError('libsail.so: cannot open shared object file')")
    monkeypatch.setenv("PYTHONPATH", str(broken.parent))
    finding = only(machine.engine(laptop(tmp_path)))
    assert finding.status is Status.FAIL
    assert finding.detail.endswith("ImportError: libsail.so: cannot open shared object file")
    assert "make install" in finding.remedy


def test_a_home_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o500)
    try:
        code, findings = as_command(
            *ordinary_user(), looking="[*lake.home(settings), *lake.zones(settings)]", FOOTFALL_HOME=str(home)
        )
    finally:
        home.chmod(0o700)
    assert code == 4
    status, detail, remedy = findings["home"]
    assert (status, detail) == ("fail", f"Cannot use {home}: permission denied (Permission denied)")
    assert remedy.startswith("Give this user access to it")
    assert findings["zone raw"][0] == "fail"


def test_a_disk_without_room_is_told(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    code, findings = as_command(*on_small_disk(disk, 1024), looking="lake.home(settings)", FOOTFALL_HOME=str(disk))
    assert code == 4
    assert findings["home"][:2] == ["fail", f"{disk}, 0.0 GiB free"]
    assert "larger disk" in findings["home"][2]


def test_a_bucket_out_of_reach_is_one_zone_of_four(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{closed.getsockname()[1]}")
        findings = list(lake.zones(laptop(tmp_path, lake={"raw": "gs://shop-raw/logs"})))
    assert [(finding.name, finding.status) for finding in findings] == [
        ("zone raw", "fail"),
        ("zone events", "ok"),
        ("zone quarantine", "ok"),
        ("zone ledger", "ok"),
    ]
    assert findings[0].detail.startswith("Cannot use gs://shop-raw/logs: Cloud Storage did not answer")


def test_in_the_cloud_a_folder_is_no_place_for_a_zone(tmp_path: Path) -> None:
    findings = list(lake.zones(Settings(env="gcp", home=tmp_path)))
    assert [finding.status for finding in findings] == ["warn"] * 4
    assert findings[0].remedy == "Set FOOTFALL_LAKE__RAW=gs://bucket."


def test_keys_others_can_read_are_told_with_the_command_that_helps(tmp_path: Path) -> None:
    settings = laptop(tmp_path)
    load_keys(settings)
    assert [finding.status for finding in lake.keys(settings)] == ["ok", "ok"]
    key_file(settings, "event").chmod(0o644)
    visitor, event = lake.keys(settings)
    assert (visitor.status, event.status) == ("ok", "warn")
    subprocess.run(event.remedy.removeprefix("Run `").removesuffix("`."), shell=True, check=True)
    assert [finding.status for finding in lake.keys(settings)] == ["ok", "ok"]


def test_damaged_and_lost_keys_are_told_and_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = laptop(tmp_path)
    load_keys(settings)
    key_file(settings, "visitor").write_text("hunter2")
    log = Path(settings.zone("events")) / "_delta_log" / "00000000000000000000.json"
    log.parent.mkdir(parents=True)
    log.write_text("{}")
    key_file(settings, "event").unlink()
    visitor, event = lake.keys(settings)
    assert (visitor.status, event.status) == ("fail", "fail")
    assert "is not 64 hexadecimal digits" in visitor.detail
    assert "hunter2" not in f"{visitor}"
    assert "is missing, but the events zone holds events made with it" in event.detail
    assert not key_file(settings, "event").exists()
    monkeypatch.setenv("FOOTFALL_PRIVACY__EVENT_KEY", "0a" * 32)
    assert list(lake.keys(laptop(tmp_path)))[1].detail == "set in the environment"


def test_marts_are_opened_as_readers_do(tmp_path: Path) -> None:
    settings = laptop(tmp_path)
    assert "nothing published yet" in only(lake.marts(settings)).detail
    settings.warehouse_dir.mkdir(parents=True)
    with duckdb.connect(str(settings.published_db)) as connection:
        connection.sql("create table fct_sessions as select 1 as session_id")
    healthy = only(lake.marts(settings))
    assert (healthy.status, healthy.detail.split(" ")[0]) == ("ok", "fct_sessions")
    settings.published_db.write_bytes(b"not a database" * 1_000)
    damaged = only(lake.marts(settings))
    assert damaged.status is Status.FAIL
    assert "footfall publish" in damaged.remedy


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("FOOTFALL_SESSION__TIMEOUT_MINUTE", "FOOTFALL_SESSION__TIMEOUT_MINUTES"),
        ("FOOTFALL_SESSION_TIMEOUT_MINUTES", "FOOTFALL_SESSION__TIMEOUT_MINUTES"),
        ("FOOTFALL_HOEM", "FOOTFALL_HOME"),
        ("FOOTFALL_PRIVACY__VISTOR_KEY", "FOOTFALL_PRIVACY__VISITOR_KEY"),
    ],
)
def test_a_misspelt_variable_is_told_with_the_one_that_was_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, meant: str
) -> None:
    monkeypatch.setenv(typed, "a value, perhaps a secret")
    finding = only(variables.unknown_variables(laptop(tmp_path)))
    assert (finding.status, finding.remedy) == ("warn", f"Did you mean {meant}?")
    assert "secret" not in f"{finding}"


def test_variables_that_settings_know_are_fine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTFALL_SESSION__TIMEOUT_MINUTES", "45")
    monkeypatch.setenv("footfall_gcp__region", "europe-west4")
    monkeypatch.setenv("FOOTFALL_LIMITS", '{"max_line_bytes": 2000}')
    monkeypatch.setenv("FOOTFALL_DBT_TARGET", "offline")
    assert only(variables.unknown_variables(laptop(tmp_path))).status is Status.OK


def test_every_variable_that_dbt_and_the_dags_read_is_known() -> None:
    read = {
        name
        for folder in ("dags", "dbt", "launch")
        for suffix in ("*.py", "*.yml", "*.sql")
        for file in (PROJECT / folder).rglob(suffix)
        for name in re.findall(r"\bFOOTFALL_[A-Z][A-Z_]*[A-Z]\b", file.read_text())
    }
    groups = {name.rpartition("__")[0] for name in variables.known_variables() if "__" in name}
    assert read - variables.known_variables() - groups == set()


def test_a_clock_that_is_behind_and_a_folder_without_models_are_told(tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "footfall", tmp_path / "copy" / "footfall")
    tomorrow = time.time() + 5 * 86_400
    os.utime(tmp_path / "copy" / "footfall" / "settings.py", (tomorrow, tomorrow))
    code, findings = as_command(
        looking="[*machine.clock(settings), *machine.dbt_project(settings)]", cwd=tmp_path / "copy", PYTHONPATH=""
    )
    assert code == 4
    assert findings["clock"][0] == "fail"
    assert "settings.py was written" in findings["clock"][1]
    assert findings["dbt project"][0] == "fail"
