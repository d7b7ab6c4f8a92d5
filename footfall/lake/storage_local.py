"""The lake in a folder. A file appears under its name only once it is whole and on the disk."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import secrets
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from footfall.errors import InputError
from footfall.lake.storage import Entry, ObjectNotFound, Storage, StorageProblem, changed_while_read, checked_path

# Files being written live here, out of sight of list() and of every reader of a zone
TEMPORARY: Final = ".footfall-tmp"
# one for all paths of a root: swaps are rare, and take milliseconds
_LOCK: Final = "swap.lock"
_LEFTOVER_SECONDS: Final = 24 * 3600
_CHUNK_BYTES: Final = 1 << 20

_FULL: Final = {errno.ENOSPC, errno.EDQUOT}
_DENIED: Final = {errno.EACCES, errno.EPERM, errno.EROFS}


class FolderStorage(Storage):
    """Objects as files below one folder, made on the first write."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()
        self._swept = False

    def uri(self, path: str = "") -> str:
        return str(self._file(path) if path else self._root)

    def check(self) -> None:
        with _explained("use", self._root):
            folder = next(parent for parent in (self._root, *self._root.parents) if parent.exists())
            if not folder.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
            probe = folder / f"{TEMPORARY}-{secrets.token_hex(8)}"
            try:
                probe.write_bytes(b"footfall")
            finally:
                probe.unlink(missing_ok=True)
            next(folder.iterdir(), None)

    def exists(self, path: str) -> bool:
        target = self._file(path)
        with _explained("look at", target):
            try:
                return stat.S_ISREG(target.stat().st_mode)
            except (FileNotFoundError, NotADirectoryError):
                return False

    def read(self, path: str) -> bytes:
        target = self._file(path)
        with _explained("read", target):
            return target.read_bytes()

    def open(self, path: str) -> BinaryIO:
        target = self._file(path)
        with _explained("read", target):
            return target.open("rb")

    def write(self, path: str, data: bytes, *, only_if_absent: bool = False) -> bool:
        target = self._file(path)
        with _explained("write", target):
            if only_if_absent and target.exists():
                return False
            return self._store(target, lambda out: out.write(data), replace=not only_if_absent)

    def swap(self, path: str, data: bytes, *, expected: bytes | None) -> bool:
        target = self._file(path)
        with _explained("write", target), _locked(self._scratch() / _LOCK):
            try:
                found = target.read_bytes()
            except FileNotFoundError:
                found = None
            return found == expected and self._store(target, lambda out: out.write(data), replace=True)

    def put_file(self, local: Path, path: str, *, sha256: str | None = None) -> None:
        target = self._file(path)
        with _explained("read", local):
            source = local.open("rb")

        def copy(out: BinaryIO) -> None:
            digest = hashlib.sha256()
            while chunk := source.read(_CHUNK_BYTES):
                digest.update(chunk)
                out.write(chunk)
            if sha256 is not None and digest.hexdigest() != sha256:
                raise changed_while_read(local)

        with source, _explained("write", target):
            self._store(target, copy, replace=True)

    def list(self, prefix: str = "") -> Iterator[Entry]:
        folder = prefix.rpartition("/")[0]
        with _explained("list", self._root / folder):
            yield from self._walk(f"{checked_path(folder)}/" if folder else "", prefix)

    def delete(self, path: str) -> None:
        target = self._file(path)
        with _explained("delete", target), suppress(NotADirectoryError):
            target.unlink(missing_ok=True)

    def _file(self, path: str) -> Path:
        return self._root / checked_path(path)

    def _store(self, target: Path, fill: Callable[[BinaryIO], object], *, replace: bool) -> bool:
        target.parent.mkdir(parents=True, exist_ok=True)
        return store_whole(target, fill, scratch=self._scratch(), replace=replace)

    def _scratch(self) -> Path:
        """The folder of files being written, made and swept on its first use."""
        scratch = self._root / TEMPORARY
        scratch.mkdir(parents=True, exist_ok=True)
        if not self._swept:
            _sweep(scratch)
            self._swept = True
        return scratch

    def _walk(self, base: str, prefix: str) -> Iterator[Entry]:
        """Entries below ``base`` ("" or "a/b/") in path order.

        Sorting folders as ``name/`` gives the order of whole paths ("a.b" before "a/x"), which is a bucket's order.
        """
        try:
            with os.scandir(self._root / base) as found:
                children = sorted((f"{child.name}/" if child.is_dir() else child.name, child) for child in found)
        except (FileNotFoundError, NotADirectoryError):
            return
        for name, child in children:
            path = base + name
            if name.endswith("/"):
                leads_to_prefix = path.startswith(prefix) or prefix.startswith(path)
                # a linked folder could lead in a circle; the root itself may be a link
                if leads_to_prefix and path != f"{TEMPORARY}/" and not child.is_symlink():
                    yield from self._walk(path, prefix)
                continue
            if not path.startswith(prefix):
                continue
            with suppress(FileNotFoundError):  # deleted since, or a link to nowhere
                status = child.stat()
                yield Entry(path, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))


def store_whole(
    target: Path, fill: Callable[[BinaryIO], object], *, scratch: Path, replace: bool, mode: int = 0o666
) -> bool:
    """Let ``fill`` write a new file and put it under ``target``'s name in one step; False if it may not replace one.

    The file is written in ``scratch`` (a folder on the same disk) and synced before it gets its name, so that neither
    a kill nor a power cut leaves half of it. ``mode`` is narrowed by the umask.
    """
    temporary = scratch / f"{os.getpid()}-{secrets.token_hex(8)}"
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
            fill(out)
            out.flush()
            os.fsync(out.fileno())
        if replace:
            temporary.replace(target)
        else:
            try:
                # unlike a rename, a link never replaces: the first of several writers wins
                os.link(temporary, target)
            except FileExistsError:
                return False
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    sync_folder(target.parent)
    return True


def sync_folder(folder: Path) -> None:
    """Make a rename in the folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _locked(lock: Path) -> Iterator[None]:
    """Hold the lock; wait for it first. The kernel releases it with the process, so nobody waits for a killed one."""
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sweep(scratch: Path) -> None:
    """Remove what writers killed long ago left behind. The lock stays: a new file would be another lock."""
    oldest = time.time() - _LEFTOVER_SECONDS
    for leftover in scratch.iterdir():
        with suppress(OSError):
            if leftover.name != _LOCK and leftover.stat().st_mtime < oldest:
                leftover.unlink()


@contextmanager
def _explained(action: str, target: Path) -> Iterator[None]:
    """Say what a failing system call means and what to do."""
    try:
        yield
    except OSError as error:
        raise _explain(action, target, error) from error


def _explain(action: str, target: Path, error: OSError) -> InputError | StorageProblem:
    if isinstance(error, FileNotFoundError):
        return ObjectNotFound(f"Cannot {action} {target}: it does not exist. Check the path.")
    if error.errno in _FULL:
        return StorageProblem(
            f"Cannot {action} {target}: the disk is full, or a quota is used up. "
            "Free some space, or set FOOTFALL_HOME (--home) to a folder on a larger disk."
        )
    if error.errno in _DENIED:
        return StorageProblem(
            f"Cannot {action} {target}: permission denied ({error.strerror}). Give this user access to it, "
            "or choose another folder with FOOTFALL_HOME (--home)."
        )
    if isinstance(error, NotADirectoryError | FileExistsError):
        return StorageProblem(f"Cannot {action} {target}: a part of that path is a file, not a folder. Move it away.")
    return StorageProblem(f"Cannot {action} {target}: {error.strerror or error}. Check the disk and the path.")
