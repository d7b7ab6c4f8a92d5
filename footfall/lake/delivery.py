"""Find the files somebody delivered: files, folders, globs, and prefixes of a bucket."""

from __future__ import annotations

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
    bucket: Storage | None = None
    path: str = ""

    @contextmanager
    def local(self) -> Iterator[Path]:
        """The file on this machine; an object of a bucket is copied for the time being."""
        if self.bucket is None:
            yield Path(self.name)
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
    found: dict[str, Delivery] = {}
    for pattern in patterns:
        matches = _in_bucket(pattern) if pattern.startswith(BUCKET_SCHEME) else _in_folders(pattern)
        if not matches and not missing_ok:
            raise InputError(f"{pattern!r} names no file; give a file, a folder or a glob that matches at least one.")
        found.update((delivery.name, delivery) for delivery in matches)
    return list(found.values())


def _in_folders(pattern: str) -> list[Delivery]:
    path = Path(pattern).expanduser()
    if path.is_dir():
        below = path.rglob("*")
        matches = [p for p in below if p.is_file() and not any(part.startswith(".") for part in p.relative_to(path).parts)]
    elif path.exists():
        matches = [path]
    else:
        root = Path(path.anchor or ".")
        matches = [p for p in root.glob(str(path.relative_to(path.anchor))) if p.is_file()]
    return [Delivery(str(match), match.stat().st_size) for match in sorted(matches)]


def _in_bucket(uri: str) -> list[Delivery]:
    bucket, _, prefix = uri.removeprefix(BUCKET_SCHEME).partition("/")
    storage = storage_for(f"{BUCKET_SCHEME}{bucket}")
    return [
        Delivery(f"{BUCKET_SCHEME}{bucket}/{entry.path}", entry.size_bytes, storage, entry.path)
        for entry in storage.list(prefix)
    ]
