"""Where bytes live: one small interface over a folder and a Cloud Storage bucket.

``storage_for("/data/lake/raw")`` and ``storage_for("gs://bucket/raw")`` give the same thing. A path is relative to
that root, with forward slashes. A write is all or nothing on both: readers see the old object, or the new one whole.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from footfall.errors import EnvironmentProblem, InputError


class ObjectNotFound(InputError):
    """Nothing is stored under this path."""


class StorageProblem(EnvironmentProblem):
    """The storage refused: disk full, no permission, no bucket, no credentials, no network."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One stored object."""

    path: str  # relative to the storage's root
    size_bytes: int
    updated: datetime  # UTC


class Storage(ABC):
    """A root that holds objects by relative path.

    Every method raises :class:`StorageProblem` when the machine or the cloud refuses, and :class:`InputError` for a
    path that would leave the root.
    """

    @abstractmethod
    def uri(self, path: str = "") -> str:
        """Absolute folder path or gs:// URI of ``path``; of the root itself without one."""

    @abstractmethod
    def check(self) -> None:
        """Raise :class:`StorageProblem` unless the root can be read and written. Creates nothing, takes seconds."""

    @abstractmethod
    def exists(self, path: str) -> bool:
        """Whether an object is stored under ``path``; a folder is not an object."""

    @abstractmethod
    def read(self, path: str) -> bytes:
        """The whole object. Raises :class:`ObjectNotFound`."""

    @abstractmethod
    def open(self, path: str) -> BinaryIO:
        """The object as a readable, seekable stream; the caller closes it. Raises :class:`ObjectNotFound`."""

    @abstractmethod
    def write(self, path: str, data: bytes, *, only_if_absent: bool = False) -> bool:
        """Store ``data`` in one atomic step, replacing what was there.

        With ``only_if_absent``, of several writers exactly one stores its data; the others get False and leave the
        object alone. On a bucket a request repeated after a lost answer can say False to the writer that won:
        compare the content where that matters.
        """

    @abstractmethod
    def swap(self, path: str, data: bytes, *, expected: bytes | None) -> bool:
        """Store ``data`` in one atomic step if the object is still ``expected`` (None: there is none).

        False, and nothing is stored, when it is not. Of several writers that expect the same, exactly one gets True,
        and each swap is made on the content that the one before it left. That holds among swaps: in a folder,
        :meth:`write`, :meth:`put_file` and :meth:`delete` on the same path do not wait for a swap in progress. A
        killed writer leaves the old object or the new one, and nothing that others would wait for. For small objects:
        the content is read and compared.
        """

    @abstractmethod
    def put_file(self, local: Path, path: str, *, sha256: str | None = None) -> None:
        """Store a local file in one atomic step without holding it in memory, replacing what was there.

        With ``sha256`` (hex), raises :class:`InputError` and stores nothing when the bytes read have another hash:
        somebody is still writing the file.
        """

    @abstractmethod
    def list(self, prefix: str = "") -> Iterator[Entry]:
        """Objects whose path begins with ``prefix``, at any depth, in the order of their paths.

        A folder that does not exist yet is empty; a bucket that does not exist is a :class:`StorageProblem`.
        """

    @abstractmethod
    def delete(self, path: str) -> None:
        """Remove the object; nothing happens when there is none."""

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """(path, content) of many small objects, in the order asked for. Raises :class:`ObjectNotFound`."""
        for path in paths:
            yield path, self.read(path)


def storage_for(uri: str) -> Storage:
    """The storage at ``uri``: a folder (made on the first write) or ``gs://bucket[/prefix]`` (the bucket must exist).

    Raises :class:`InputError` for any other kind of URI.
    """
    scheme, separator, rest = uri.partition("://")
    if not separator:
        if not uri.strip():
            raise InputError("The storage URI is empty. Give a folder, or gs://bucket/prefix.")
        from footfall.lake.storage_local import FolderStorage

        return FolderStorage(Path(uri))
    if scheme != "gs":
        raise InputError(f"{uri!r} cannot be used for storage. Give a folder, or gs://bucket/prefix.")
    bucket, _, prefix = rest.partition("/")
    if not bucket:
        raise InputError(f"{uri!r} names no bucket. Write gs://bucket or gs://bucket/prefix.")
    # imported here: the library takes most of a second to load, and a laptop never needs it
    from footfall.lake.storage_gcs import BucketStorage

    return BucketStorage(bucket, prefix)


def changed_while_read(local: Path) -> InputError:
    """The error for a source file whose bytes are not those that were hashed."""
    return InputError(f"{local} changed while it was read. Wait until it is complete, then ingest it again.")


def checked_path(path: str) -> str:
    """``path`` itself if it stays below the root under the same name on a folder and in a bucket.

    Raises :class:`InputError` for an empty or absolute path, and for empty, ``.`` and ``..`` segments.
    """
    if not path or any(segment in ("", ".", "..") for segment in path.split("/")) or "\0" in path:
        raise InputError(
            f"{path!r} is not a path inside the storage. Use names separated by single slashes, "
            "without a leading slash, '.' or '..'."
        )
    return path
