"""Objects of a zone as files of this machine, which DuckDB reads."""

from __future__ import annotations

import shutil
from pathlib import Path

from footfall.lake.storage import ObjectNotFound, storage_for


def local_path(zone: str, path: str, scratch: Path) -> str:
    """A file with the object's content: the object itself in a folder, a copy below ``scratch`` of one in a bucket.

    Raises :class:`~footfall.lake.storage.ObjectNotFound`.
    """
    storage = storage_for(zone)
    if "://" not in zone:
        if not storage.exists(path):
            raise ObjectNotFound(f"{storage.uri(path)} is missing.")
        return storage.uri(path)
    copy = scratch / path
    copy.parent.mkdir(parents=True, exist_ok=True)
    with storage.open(path) as source, copy.open("wb") as target:
        shutil.copyfileobj(source, target)
    return str(copy)
