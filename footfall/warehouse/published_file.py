"""The two files of a laptop's published marts: the one readers open, and the spare, which is the one before it.

A publish writes a file nobody reads and renames it over ``settings.published_db``. What was there becomes the spare,
so that the next publish needs to write no more than what changed since; nothing else makes a spare. Readers that have
a file open keep it: who reads holds it (:func:`held`), and a spare that is held is not written.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from footfall.lake.storage_local import sync_folder
from footfall.settings import Settings

_LEFTOVER = ".publishing-"


def spare_file(settings: Settings) -> Path:
    """Where the file before the published one lies, if there is one."""
    return settings.warehouse_dir / ".marts-spare.duckdb"


def new_file(settings: Settings) -> Path:
    """A name nobody has, for a published file that is written from nothing."""
    return settings.warehouse_dir / f"{_LEFTOVER}{secrets.token_hex(6)}.duckdb"


@contextmanager
def held(path: Path) -> Iterator[int]:
    """Keep the file from being written in place as long as the context is open; yields its inode.

    DuckDB's own lock is not enough: it belongs to the process, so it neither stops a publish in the same process nor
    outlives the first of two connections to be closed.
    """
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield os.fstat(file.fileno()).st_ino


def is_held(path: Path) -> bool:
    """Whether a reader has the file open by way of :func:`held`."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def clean(settings: Settings) -> None:
    """Remove what publishes that were killed left behind. Call it with the build database locked."""
    for leftover in settings.warehouse_dir.glob(f"{_LEFTOVER}*"):
        leftover.unlink(missing_ok=True)


def discard(path: Path) -> None:
    """Remove a DuckDB file and its log, which would be taken for that of the next file of this name."""
    path.unlink(missing_ok=True)
    log_of(path).unlink(missing_ok=True)


def log_of(path: Path) -> Path:
    """The write-ahead log DuckDB keeps beside a file while not all of it is in the file."""
    return path.with_name(f"{path.name}.wal")


def swap_in(settings: Settings, fresh: Path) -> None:
    """Show readers ``fresh``, a whole file without a log, and make the one they saw the spare. Raises OSError.

    Killed at any point it leaves readers one of the two files, and a spare that is a whole file, or none.
    """
    spare, retired = spare_file(settings), settings.warehouse_dir / f"{_LEFTOVER}retired"
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    with suppress(OSError):  # nothing is published yet, or a disk without hard links: it goes without a spare
        os.link(settings.published_db, retired)
    fresh.replace(settings.published_db)
    sync_folder(settings.warehouse_dir)
    with suppress(OSError):  # readers have the new file: no reason to fail
        discard(spare)
        retired.replace(spare)
