"""Compare and swap: of several writers that saw the same object, exactly one may replace it.

The bucket is an emulator that keeps Cloud Storage's documented word on if_generation_match (xml_emulator.py does, the
emulator of the other storage tests does not look at it). That Google keeps it cannot be shown here; what can is that
each upload asks for it, that a refused one stores nothing, and that a lost answer does not cost the winner its win.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

import pytest

from footfall.lake.storage import Storage, StorageProblem, storage_for
from footfall.lake.storage_local import TEMPORARY
from tests.lake.xml_emulator import LOSES_ANSWERS
from tests.processes import python, race


@pytest.fixture(params=["folder", "bucket"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "folder":
        return storage_for(str(tmp_path / "lake"))
    return storage_for(request.getfixturevalue("strict_bucket"))


def test_a_swap_looks_at_the_content(storage: Storage) -> None:
    assert storage.swap("pending/a.json", b"1", expected=b"0") is False
    assert not storage.exists("pending/a.json")
    assert storage.swap("pending/a.json", b"1", expected=None) is True
    assert storage.swap("pending/a.json", b"2", expected=None) is False
    assert storage.swap("pending/a.json", b"2", expected=b"0") is False
    assert storage.read("pending/a.json") == b"1"
    assert storage.swap("pending/a.json", b"2", expected=b"1") is True
    assert storage.swap("pending/a.json", b"3", expected=b"1") is False
    assert storage.read("pending/a.json") == b"2"
    # what was there in between does not matter
    storage.write("pending/a.json", b"1")
    assert storage.swap("pending/a.json", b"", expected=b"1") is True
    assert storage.swap("pending/a.json", b"x", expected=None) is False  # an empty object is an object
    storage.delete("pending/a.json")
    assert storage.swap("pending/a.json", b"y", expected=None) is True
    assert [entry.path for entry in storage.list()] == ["pending/a.json"]


def test_processes_that_race_lose_no_increment(storage: Storage) -> None:
    """Each of four processes adds 15 to a counter; a lost update would be missing from the sum."""
    code = (
        "import sys, time; from footfall.lake.storage import storage_for\n"
        "storage = storage_for(sys.argv[1]); storage.exists('warm'); lost = 0\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "for _ in range(15):\n"
        "    while True:\n"
        "        seen = storage.read('counter'); time.sleep(0.003)\n"
        "        if storage.swap('counter', str(int(seen) + 1).encode(), expected=seen): break\n"
        "        lost += 1\n"
        "print(lost)"
    )
    storage.write("counter", b"0")
    lost = [int(answer) for answer in race([python(code, storage.uri()) for _ in range(4)])]
    assert storage.read("counter") == b"60"
    assert sum(lost) > 0, "nobody ever raced"


def test_of_writers_of_the_same_content_one_wins(storage: Storage) -> None:
    code = (
        "import sys; from footfall.lake.storage import storage_for\n"
        "storage = storage_for(sys.argv[1]); storage.exists('warm'); print('ready', flush=True); sys.stdin.readline()\n"
        "print(storage.swap('done', b'the same', expected=None))"
    )
    assert sorted(race([python(code, storage.uri()) for _ in range(4)])) == ["False"] * 3 + ["True"]


def test_a_winner_whose_answer_was_lost_is_told_that_it_won(strict_bucket: str) -> None:
    storage = storage_for(strict_bucket)
    path = f"{LOSES_ANSWERS}/lock"
    assert storage.swap(path, b"mine", expected=None) is True
    assert storage.swap(path, b"theirs", expected=None) is False
    assert storage.swap(path, b"next", expected=b"mine") is True
    assert storage.read(path) == b"next"


def test_a_bucket_that_does_not_exist_is_named(strict_bucket: str) -> None:
    with pytest.raises(StorageProblem, match="bucket no-such-bucket does not exist"):
        storage_for("gs://no-such-bucket").swap("a", b"", expected=None)


def test_a_killed_swap_holds_up_nobody(tmp_path: Path) -> None:
    storage = storage_for(str(tmp_path))
    storage.write("a", b"old")
    holder = python(
        "import os, sys; from pathlib import Path; from footfall.lake import storage_local\n"
        "def hang(*_, **__): print('holding', flush=True); sys.stdin.readline()\n"
        "storage_local.store_whole = hang\n"
        "storage_local.FolderStorage(Path(sys.argv[1])).swap('a', b'half', expected=b'old')",
        tmp_path,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "holding\n"
    waiting = python(
        "import sys; from footfall.lake.storage import storage_for\n"
        "print('ready', flush=True); print(storage_for(sys.argv[1]).swap('a', b'new', expected=b'old'))",
        tmp_path,
    )
    assert waiting.stdout is not None
    assert waiting.stdout.readline() == "ready\n"
    time.sleep(0.3)
    assert waiting.poll() is None, "two swaps at once"
    holder.kill()
    assert waiting.communicate(timeout=20)[0] == "True\n"
    holder.wait()
    assert storage.read("a") == b"new"
    assert [entry.path for entry in storage.list()] == ["a"]


def test_a_sweep_leaves_the_lock_that_somebody_may_hold(tmp_path: Path) -> None:
    storage_for(str(tmp_path)).swap("a", b"x", expected=None)
    (lock,) = (tmp_path / TEMPORARY).iterdir()
    os.utime(lock, (0, 0))
    with lock.open("rb+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        storage_for(str(tmp_path)).write("b", b"x")  # sweeps
        assert lock.stat().st_ino == os.fstat(held.fileno()).st_ino
