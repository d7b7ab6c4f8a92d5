"""Find the files somebody delivered: files, folders, globs, and prefixes of a bucket."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from footfall.errors import InputError
from footfall.lake.storage import Storage, storage_for

BUCKET_SCHEME = "gs://"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivered file: the name it is known by, and the way to its bytes."""

    name: str
    size_bytes: int
    path: str  # on this machine, or in the bucket
    bucket: Storage | None = None

    @contextmanager
    def local(self) -> Iterator[Path]:
        """The file on this machine; an object of a bucket is copied for the time being."""
        if self.bucket is None:
            yield Path(self.path)
            return
        with tempfile.TemporaryDirectory(prefix="footfall-") as folder:
            copy = Path(folder) / "object"
            with self.bucket.open(self.path) as source, copy.open("wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
            yield copy


def find(patterns: Iterable[str], *, missing_ok: bool = False) -> list[Delivery]:
    """Deliveries named by files, folders (everything below; hidden files are left out), globs and gs:// prefixes.

    In the order of their names, each once. Raises :class:`InputError` for a pattern that names nothing, unless
    ``missing_ok``.
    """
    found: dict[tuple[str, str], Delivery] = {}
    for pattern in patterns:
        matches = _in_bucket(pattern) if pattern.startswith(BUCKET_SCHEME) else _in_folders(pattern)
        if not matches and not missing_ok:
            raise InputError(f"{pattern!r} names no file; give a file, a folder or a glob that matches at least one.")
        found.update(((delivery.name, delivery.path), delivery) for delivery in matches)
    return list(found.values())


def _in_folders(pattern: str) -> list[Delivery]:
    if not pattern.strip():
        raise InputError("An empty path names no file; give a file, a folder or a glob (is a variable unset?).")
    try:
        return [Delivery(_shown(path), path.stat().st_size, str(path)) for path in sorted(_matches(pattern))]
    except PermissionError as error:
        raise InputError(
            f"{str(error.filename or pattern)!r} cannot be looked into: no permission. Run as a user who may, or chmod "
            "it."
        ) from None
    except OSError as error:
        raise InputError(f"{pattern!r} cannot be looked into: {error.strerror or error}. Check the path.") from error
    except (ValueError, RuntimeError) as error:  # '**' beside other characters; the home of a user there is not
        raise InputError(f"{pattern!r} is no path and no glob: {error}. Correct it.") from None


def _matches(pattern: str) -> list[Path]:
    path = Path(pattern).expanduser()
    if path.is_dir():
        return list(_below(path))
    if path.is_file():
        return [path]
    if path.exists():
        raise InputError(f"{pattern!r} is a pipe, a socket or a device: save what it says to a file and ingest that.")
    root = Path(path.anchor or ".")
    return [match for match in root.glob(str(path.relative_to(path.anchor))) if match.is_file()]


def _below(folder: Path) -> Iterator[Path]:
    """Files at any depth. Unlike a glob, raises for a folder that may not be read: its files must not go missing."""

    def refuse(error: OSError) -> None:
        raise error

    for parent, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths = (Path(parent, name) for name in files if not name.startswith("."))
        yield from (path for path in paths if path.is_file())


def _shown(path: Path) -> str:
    """The path as text that can be printed and stored: a name need not be UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace")


def _in_bucket(uri: str) -> list[Delivery]:
    bucket, _, prefix = uri.removeprefix(BUCKET_SCHEME).partition("/")
    storage = storage_for(f"{BUCKET_SCHEME}{bucket}")
    return [
        Delivery(f"{BUCKET_SCHEME}{bucket}/{entry.path}", entry.size_bytes, entry.path, storage)
        for entry in storage.list(prefix)
    ]
