"""What only a folder can show: killed writers, full disks, permissions, processes that race.

Not shown for a bucket: the emulator ignores if_generation_match, so it cannot tell who was first, and a service that
takes an object only once it is complete has no half-written file to find.
"""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest

from footfall.lake.storage import StorageProblem, storage_for
from footfall.lake.storage_local import TEMPORARY
from tests.machine import on_small_disk, ordinary_user
from tests.processes import python, race


def test_a_killed_writer_leaves_the_old_object(tmp_path: Path) -> None:
    storage = storage_for(str(tmp_path / "lake"))
    storage.write("big", b"the old object")
    pipe = tmp_path / "endless.log"
    os.mkfifo(pipe)
    writer = python(
        "import sys; from pathlib import Path; from footfall.lake.storage import storage_for\n"
        "storage_for(sys.argv[1]).put_file(Path(sys.argv[2]), 'big')",
        storage.uri(),
        pipe,
    )
    half = b"x" * (8 << 20)
    with pipe.open("wb") as feed:
        feed.write(half)
        scratch = tmp_path / "lake" / TEMPORARY
        deadline = time.monotonic() + 30
        while sum(file.stat().st_size for file in scratch.iterdir()) < len(half) - (2 << 20):
            assert time.monotonic() < deadline, "the writer never wrote"
            time.sleep(0.01)
        writer.kill()
        writer.wait()
    leftovers = list(scratch.iterdir())
    assert len(leftovers) == 1
    assert storage.read("big") == b"the old object"
    assert [entry.path for entry in storage.list()] == ["big"]

    # a day later the next writer clears it away; a file somebody may still be writing stays
    fresh = scratch / "somebody-else"
    fresh.write_bytes(b"")
    os.utime(leftovers[0], (time.time() - 2 * 86_400,) * 2)
    storage_for(storage.uri()).write("next", b"")
    assert list(scratch.iterdir()) == [fresh]


def test_of_many_writers_exactly_one_stores_its_object(tmp_path: Path) -> None:
    code = (
        "import sys; from footfall.lake.storage import storage_for\n"
        "storage = storage_for(sys.argv[1]); print('ready', flush=True); sys.stdin.readline()\n"
        "print(storage.write('locks/one', sys.argv[2].encode() * 100_000, only_if_absent=True))"
    )
    answers = race([python(code, tmp_path, number) for number in range(8)])
    assert sorted(answers) == ["False"] * 7 + ["True"]
    storage = storage_for(str(tmp_path))
    assert storage.read("locks/one") == str(answers.index("True")).encode() * 100_000
    assert storage.write("locks/one", b"late", only_if_absent=True) is False
    assert storage.read("locks/one") != b"late"


def test_a_full_disk_says_so_and_keeps_the_old_object(tmp_path: Path) -> None:
    disk = tmp_path / "small disk"
    disk.mkdir()
    large = tmp_path / "large.log"
    large.write_bytes(b"x" * (2 << 20))
    code = (
        "import sys; from pathlib import Path; from footfall.lake.storage import storage_for, StorageProblem\n"
        "storage = storage_for(sys.argv[1]); storage.write('a', b'old'); failures = []\n"
        "for attempt in (lambda: storage.write('a', b'x' * (2 << 20)), "
        "lambda: storage.put_file(Path(sys.argv[2]), 'a')):\n"
        "    try: attempt()\n"
        "    except StorageProblem as problem: failures.append(str(problem))\n"
        "print(*failures, storage.read('a'), [entry.path for entry in storage.list()], sep='\\n')\n"
        "storage.write('b', b'x' * 500_000); print('room again')"
    )
    answer = python(code, disk, large, prefix=on_small_disk(disk, 1024)).communicate()[0].splitlines()
    full = f"Cannot write {disk}/a: the disk is full, or a quota is used up. Free some space, or set FOOTFALL_HOME"
    assert [line[: len(full)] for line in answer[:2]] == [full, full]
    # nothing of the failed writes is left to fill the disk
    assert answer[2:] == ["b'old'", "['a']", "room again"]


def test_a_file_size_limit_is_a_clear_error(tmp_path: Path) -> None:
    code = (
        "import resource, sys; from footfall.lake.storage import storage_for, StorageProblem\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try: storage_for(sys.argv[1]).write('a', b'x' * 200_000)\n"
        "except StorageProblem as problem: print(problem)"
    )
    assert python(code, tmp_path).communicate()[0].startswith(f"Cannot write {tmp_path}/a: File too large")
    assert list(storage_for(str(tmp_path)).list()) == []


@pytest.mark.parametrize(
    ("mode", "attempt", "failing"),
    [
        (0o000, "storage.read('a')", "read {root}/a"),
        (0o000, "storage.open('a')", "read {root}/a"),
        (0o000, "storage.exists('a')", "look at {root}/a"),
        (0o000, "list(storage.list())", "list {root}"),
        (0o500, "storage.write('new', b'')", "write {root}/new"),
        (0o500, "storage.delete('a')", "delete {root}/a"),
        (0o500, "storage.check()", "use {root}"),
        (0o300, "storage.check()", "use {root}"),
    ],
)
def test_without_permission_the_error_names_the_path_and_the_remedy(
    tmp_path: Path, mode: int, attempt: str, failing: str
) -> None:
    root = tmp_path / "lake"
    storage_for(str(root)).write("a", b"x")
    root.chmod(mode)
    code = (
        "import sys; from footfall.lake.storage import storage_for, StorageProblem\n"
        f"storage = storage_for(sys.argv[1])\ntry: {attempt}\nexcept StorageProblem as problem: print(problem)"
    )
    try:
        answer = python(code, root, prefix=ordinary_user()).communicate()[0]
    finally:
        root.chmod(0o700)
    assert answer.startswith(f"Cannot {failing.format(root=root)}: permission denied")
    assert "Give this user access to it" in answer


def test_an_unreadable_local_file_is_named(tmp_path: Path) -> None:
    local = tmp_path / "secret.log"
    local.write_bytes(b"x")
    local.chmod(0)
    code = (
        "import sys; from pathlib import Path; from footfall.lake.storage import storage_for, StorageProblem\n"
        "try: storage_for(sys.argv[1]).put_file(Path(sys.argv[2]), 'a')\n"
        "except StorageProblem as problem: print(problem)"
    )
    answer = python(code, tmp_path / "lake", local, prefix=ordinary_user()).communicate()[0]
    assert answer.startswith(f"Cannot read {local}: permission denied")


def test_a_file_in_the_place_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "lake").write_bytes(b"I am a file")
    storage = storage_for(str(tmp_path / "lake"))
    with pytest.raises(StorageProblem, match="a part of that path is a file, not a folder"):
        storage.write("a", b"")
    with pytest.raises(StorageProblem, match="a part of that path is a file, not a folder"):
        storage.check()
    assert not storage.exists("a")


def test_files_are_shared_as_the_umask_says(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        storage_for(str(tmp_path)).write("a", b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


def test_links_are_followed_for_files_alone(tmp_path: Path) -> None:
    storage = storage_for(str(tmp_path / "lake"))
    storage.write("real/a", b"x")
    (tmp_path / "lake" / "circle").symlink_to(tmp_path / "lake", target_is_directory=True)
    (tmp_path / "lake" / "broken").symlink_to(tmp_path / "nowhere")
    (tmp_path / "lake" / "linked").symlink_to(tmp_path / "lake" / "real" / "a")
    assert [entry.path for entry in storage.list()] == ["linked", "real/a"]
