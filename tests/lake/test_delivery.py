"""What a person names on the command line, and the files that are meant."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from footfall.errors import InputError
from footfall.lake.delivery import find
from footfall.settings import PROJECT_ROOT
from tests.machine import ordinary_user


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "the logs"
    for name in ("b.log", "a.log", "2024/05/c.log", ".hidden", ".git/d.log", "access[1].log"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x" * len(name))
    (folder / "gone.log").symlink_to(folder / "nowhere")
    return folder


def names(*patterns: object) -> list[str]:
    return [Path(delivery.name).name for delivery in find(map(str, patterns))]


def test_a_folder_is_all_files_below_it_in_order_without_hidden_ones(logs: Path) -> None:
    assert names(logs) == ["c.log", "a.log", "access[1].log", "b.log"]
    assert {delivery.size_bytes for delivery in find([str(logs / "a.log")])} == {5}


def test_a_glob_a_file_and_a_folder_name_a_file_once(logs: Path) -> None:
    assert names(logs / "b.log", logs / "*.log", logs) == ["b.log", "a.log", "access[1].log", "c.log"]
    assert names(logs / "**" / "c.log") == ["c.log"]


def test_a_name_that_looks_like_a_glob_is_a_file_first(logs: Path) -> None:
    assert names(logs / "access[1].log") == ["access[1].log"]


def test_a_relative_path_and_the_home_folder(logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(logs)
    monkeypatch.setenv("HOME", str(logs))
    assert names("b.log", "20*/*/c.log", "./2024/../a.log") == ["b.log", "c.log", "a.log"]
    assert names("~/b.log") == ["b.log"]


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("{logs}/nothing-*.log", "names no file"),
        ("{logs}/gone.log", "names no file"),
        ("{logs}/a**b", "is no path and no glob"),
        ("~nobody-of-this-name/x.log", "is no path and no glob"),
        ("", "empty path"),
        ("  ", "empty path"),
        ("/dev/null", "a pipe, a socket or a device"),
        ("{logs}/" + "x" * 300, "cannot be looked into"),
        ("s3://bucket/logs", "names no file"),
    ],
)
def test_what_names_no_file_is_said_in_a_sentence(pattern: str, says: str, logs: Path) -> None:
    with pytest.raises(InputError, match=says):
        find([str(logs / "a.log"), pattern.replace("{logs}", str(logs))])


def test_a_missing_inbox_is_an_empty_one(tmp_path: Path) -> None:
    assert find([str(tmp_path / "inbox")], missing_ok=True) == []


def test_a_name_that_is_not_utf_8_can_be_stored_and_read(tmp_path: Path) -> None:
    paths = [os.fsencode(tmp_path) + name for name in (b"/caf\xe9.log", b"/caf\xe8.log")]
    for path in paths:
        Path(os.fsdecode(path)).write_bytes(path)
    found = find([str(tmp_path)])
    assert [Path(delivery.name).name for delivery in found] == ["caf\ufffd.log"] * 2
    for delivery in found:
        delivery.name.encode("utf-8")
        with delivery.local() as local:
            assert local.read_bytes() in paths


@pytest.mark.parametrize("named", ["the logs", "the logs/2024", "the logs/2024/05/c.log"])
def test_a_folder_without_permission_is_said_and_not_passed_over(named: str, logs: Path, tmp_path: Path) -> None:
    prefix = ordinary_user()
    code = "import sys; from footfall.lake.delivery import find; print(find(sys.argv[1:]))"
    (logs / "2024").chmod(0)
    try:
        done = subprocess.run(
            [*prefix, sys.executable, "-c", code, str(tmp_path / named)],
            cwd=PROJECT_ROOT,
            capture_output=True,
            text=True,
        )
    finally:
        (logs / "2024").chmod(0o755)
    last = done.stderr.splitlines()[-1]
    assert last.startswith("footfall.errors.InputError")
    assert "2024" in last
    assert "no permission" in last


def test_objects_of_a_bucket_are_copied_for_the_time_being(gcs_bucket: str) -> None:
    from footfall.lake.storage import storage_for

    storage_for(gcs_bucket).write("in/a.log", b"line\n")
    (delivery,) = find([f"{gcs_bucket}/in/"])
    assert delivery.name == f"{gcs_bucket}/in/a.log"
    with delivery.local() as local:
        assert local.read_bytes() == b"line\n"
    assert not local.exists()
