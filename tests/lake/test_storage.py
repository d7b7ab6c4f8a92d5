"""One suite for both halves of the storage: whatever holds for a folder holds for a bucket."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from footfall.errors import InputError
from footfall.lake.storage import ObjectNotFound, Storage, StorageProblem, storage_for


@pytest.fixture(params=["folder", "bucket"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "folder":
        return storage_for(str(tmp_path / "a lake with spaces"))
    return storage_for(request.getfixturevalue("gcs_bucket"))


def test_an_object_comes_back_as_it_was_stored(storage: Storage) -> None:
    data = bytes(range(256)) * 10
    assert storage.write("runs/a b/ü%20.bin", data) is True
    assert storage.exists("runs/a b/ü%20.bin")
    assert storage.read("runs/a b/ü%20.bin") == data


def test_a_write_replaces_the_object_whole(storage: Storage) -> None:
    storage.write("x", b"a long first version")
    storage.write("x", b"short")
    assert storage.read("x") == b"short"


def test_an_empty_object_is_an_object(storage: Storage) -> None:
    storage.write("empty", b"")
    assert storage.exists("empty")
    assert storage.read("empty") == b""
    assert [entry.size_bytes for entry in storage.list()] == [0]


def test_a_gzip_file_is_stored_as_delivered(storage: Storage, tmp_path: Path) -> None:
    local = tmp_path / "access log.gz"
    data = b"\x1f\x8b\x08\x00" + bytes(range(256)) * 5_000  # looks like gzip, and is broken at that
    local.write_bytes(data)
    storage.put_file(local, "files/one.gz", sha256=hashlib.sha256(data).hexdigest())
    assert storage.read("files/one.gz") == data


def test_a_file_that_changed_since_it_was_hashed_is_not_stored(storage: Storage, tmp_path: Path) -> None:
    local = tmp_path / "growing.log"
    local.write_bytes(b"first line\n")
    hashed = hashlib.sha256(local.read_bytes()).hexdigest()
    with local.open("ab") as writer:
        writer.write(b"second line\n")
    with pytest.raises(InputError, match=r"growing\.log changed while it was read. Wait until it is complete"):
        storage.put_file(local, "files/growing", sha256=hashed)
    assert not storage.exists("files/growing")
    assert list(storage.list()) == []


def test_a_local_file_that_is_not_there_is_named(storage: Storage, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing here"):
        storage.put_file(tmp_path / "nothing here", "x")


def test_a_stream_can_be_read_in_pieces_and_again(storage: Storage) -> None:
    data = b"0123456789" * 100_000
    storage.write("big", data)
    with storage.open("big") as stream:
        assert stream.read(10) == b"0123456789"
        assert stream.read(5) == b"01234"
        stream.seek(0)
        assert stream.read() == data
        assert stream.read(1) == b""


def test_what_is_not_there_is_named(storage: Storage) -> None:
    storage.write("other", b"")
    assert not storage.exists("no/such")
    with pytest.raises(ObjectNotFound, match=r"no/such.*does not exist"):
        storage.read("no/such")
    with pytest.raises(ObjectNotFound, match=r"no/such.*does not exist"):
        storage.open("no/such")


def test_a_listing_is_recursive_and_in_path_order(storage: Storage) -> None:
    paths = ["a.b", "a/x", "a/y/z", "a0", "b", "a", "ä", "Z"]
    # a folder cannot hold a file "a" beside a folder "a"; a bucket can
    paths.remove("a")
    for path in paths:
        storage.write(path, path.encode())
    entries = list(storage.list())
    assert [entry.path for entry in entries] == sorted(paths)
    assert [entry.size_bytes for entry in entries] == [len(path.encode()) for path in sorted(paths)]
    for entry in entries:
        assert abs(datetime.now(UTC) - entry.updated) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("prefix", "found"),
    [
        ("", ["2024/05/12", "2024/05/13", "2024/06", "20", "log"]),
        ("2024/05/", ["2024/05/12", "2024/05/13"]),
        ("2024/05/1", ["2024/05/12", "2024/05/13"]),
        ("2024/05/12", ["2024/05/12"]),
        ("2024/05/12/more", []),
        ("2024", ["2024/05/12", "2024/05/13", "2024/06"]),
        ("20", ["2024/05/12", "2024/05/13", "2024/06", "20"]),
        ("nowhere/at/all", []),
    ],
)
def test_a_prefix_is_the_beginning_of_a_path(storage: Storage, prefix: str, found: list[str]) -> None:
    for path in ("2024/05/12", "2024/05/13", "2024/06", "20", "log"):
        storage.write(path, b"x")
    assert [entry.path for entry in storage.list(prefix)] == sorted(found)


def test_deleting_twice_is_deleting_once(storage: Storage) -> None:
    storage.write("a/b", b"x")
    storage.write("a/c", b"y")
    storage.delete("a/b")
    storage.delete("a/b")
    storage.delete("never/was")
    assert [entry.path for entry in storage.list()] == ["a/c"]


def test_many_small_objects_come_in_the_order_asked_for(storage: Storage) -> None:
    paths = [f"records/{number:03}.json" for number in range(30)]
    for path in paths:
        storage.write(path, path.encode())
    backwards = paths[::-1]
    assert list(storage.read_many(backwards)) == [(path, path.encode()) for path in backwards]
    with pytest.raises(ObjectNotFound, match=r"records/none\.json"):
        list(storage.read_many([*paths[:3], "records/none.json"]))


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../outside", "a/../../outside", "a//b", "./a", "a/", "a\0b"])
def test_no_path_leaves_the_root(storage: Storage, path: str) -> None:
    with pytest.raises(InputError, match="not a path inside the storage"):
        storage.write(path, b"x")


def test_a_usable_root_passes_the_check_and_stays_empty(storage: Storage) -> None:
    storage.check()
    storage.check()
    assert list(storage.list()) == []


def test_an_address_names_the_object(tmp_path: Path) -> None:
    assert storage_for(f"{tmp_path}/x y").uri("a/b") == f"{tmp_path}/x y/a/b"
    assert storage_for("gs://bucket").uri("a/b") == "gs://bucket/a/b"
    assert storage_for("gs://bucket/lake/raw/").uri("a/b") == "gs://bucket/lake/raw/a/b"
    assert storage_for("gs://bucket/lake/raw/").uri() == "gs://bucket/lake/raw"


@pytest.mark.parametrize("uri", ["s3://bucket/x", "file:///tmp/x", "https://example.org", "gs://", "gs:///x", "", "  "])
def test_any_other_kind_of_address_is_refused(uri: str) -> None:
    with pytest.raises(InputError, match="gs://bucket"):
        storage_for(uri)


def test_a_bucket_that_does_not_exist_is_named(gcs_bucket: str) -> None:
    missing = storage_for("gs://no-such-bucket/raw")
    message = "bucket no-such-bucket does not exist. Check FOOTFALL_LAKE__"
    with pytest.raises(StorageProblem, match=message):
        missing.write("x", b"")
    with pytest.raises(StorageProblem, match=message):
        missing.read("x")
    with pytest.raises(StorageProblem, match=message):
        list(missing.list())
    with pytest.raises(StorageProblem, match=message):
        missing.check()
