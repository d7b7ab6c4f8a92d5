"""Land raw files: bytes as delivered into the raw zone under their hash, and a pending ledger record each.

One pass over the bytes finds what the Spark job needs to know: hash, lines, places to split, candidate dates.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from footfall.errors import InputError
from footfall.lake.delivery import Delivery
from footfall.lake.ledger import Cause, FileRecord, Ledger, PendingFile, Split
from footfall.lake.line_index import LineIndex
from footfall.lake.storage import storage_for
from footfall.settings import Settings
from footfall.sources.detect import Detected, detect

CHUNK_BYTES = 8 << 20
SAMPLE_BYTES = 1 << 20
SAMPLE_LINE_BYTES = 1 << 10
GZIP_MAGIC = b"\x1f\x8b"


@dataclass(slots=True)
class Landing:
    """What became of the files of one ingest."""

    run_id: str
    landed: list[FileRecord] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)  # (file, why and what to do)


def land(
    settings: Settings,
    deliveries: Iterable[Delivery],
    run_id: str,
    source: str | None = None,
    *,
    cause: Cause = "new_data",
    take_back: bool = True,
) -> Iterator[Landing]:
    """Land files; yields the same growing :class:`Landing` after each, for progress.

    A file that cannot be used is refused with a reason and the others go on. ``source`` names the format instead of
    looking at the lines. Content that is known, under whatever name, is not landed again; content that was taken out
    is, unless ``take_back`` is false: an inbox goes on holding a file that somebody took out of the lake.
    """
    raw, ledger = storage_for(settings.zone("raw")), Ledger(storage_for(settings.zone("ledger")))
    landing = Landing(run_id)
    for delivery in deliveries:
        try:
            with delivery.local() as path:
                record = _examine(path, delivery.name, run_id, source)
                before = ledger.file(record.sha256)
                if (known := _known(ledger, record, before, take_back)) is not None:
                    ledger.add_name(known, delivery.name)
                    landing.known.append(delivery.name)
                else:
                    raw.put_file(path, raw_path(record.sha256, record.gzip), sha256=record.sha256)
                    replaces = before.commit_run_id if before else None
                    ledger.order(PendingFile(record=record, cause=cause, replaces=replaces))
                    landing.landed.append(record)
        except InputError as error:
            landing.refused.append((delivery.name, str(error)))
        yield landing


def _known(ledger: Ledger, record: FileRecord, before: FileRecord | None, take_back: bool) -> FileRecord | None:
    waiting = ledger.waiting(record.sha256)
    if waiting is not None and waiting.action == "take_out":
        raise InputError(
            f"{record.names[0]} is on its way out of the lake (`footfall unimport`), and cannot come in meanwhile. Run "
            "`footfall sessionize` to finish that, then ingest the file again."
        )
    if waiting is not None:
        return waiting.record
    return before if before is not None and (before.is_committed or not take_back) else None


def raw_path(sha256: str, is_gzip: bool) -> str:
    """Where a content lies in the raw zone."""
    return f"{sha256[:2]}/{sha256}" + (".gz" if is_gzip else "")


def _examine(path: Path, name: str, run_id: str, source: str | None) -> FileRecord:
    try:
        before = path.stat()
        with path.open("rb") as file:
            is_gzip = file.read(2) == GZIP_MAGIC
            sample = _sample(file, is_gzip)
            detected = detect(sample, name, source) if sample else None
            digest, index = _index(file, is_gzip, detected)
        after = path.stat()
    except PermissionError:
        raise InputError(f"{name} cannot be read: no permission. Run as a user who may, or chmod it.") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(
            f"{name} is a damaged gzip file ({error}). Nothing of it was taken; copy it again and re-run."
        ) from None
    except OSError as error:
        raise InputError(f"{name} cannot be read: {error.strerror or error}.") from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise InputError(
            f"{name} changed while it was read (it had {before.st_size:,} bytes, now {after.st_size:,}): it is still "
            "being written. Ingest it when it is complete, for example after log rotation."
        )
    header_lines = detected.header_lines if detected else 0
    return FileRecord(
        sha256=digest,
        names=[name],
        size_bytes=before.st_size,
        gzip=is_gzip,
        source=detected.source.name if detected else None,
        fields=list(detected.fields) if detected else [],
        header_lines=header_lines,
        lines=max(0, index.lines - header_lines),
        splits=[] if is_gzip else [Split(offset=offset, line=line) for offset, line in index.splits],
        candidate_dates=sorted(index.dates),
        landed_at=datetime.now(UTC),
        ingest_run_id=run_id,
    )


def _sample(file: BinaryIO, is_gzip: bool) -> bytes:
    file.seek(0)
    if not is_gzip:
        return _first_lines(file)
    with gzip.GzipFile(fileobj=file) as unzipped:
        return _first_lines(unzipped)


def _first_lines(file: BinaryIO | gzip.GzipFile) -> bytes:
    """The beginning of a file; of a first line that fills it, only the head, and what comes behind."""
    sample = file.read(SAMPLE_BYTES)
    if b"\n" in sample or len(sample) < SAMPLE_BYTES:
        return sample
    head = sample[:SAMPLE_LINE_BYTES]
    while chunk := file.read(SAMPLE_BYTES):
        _, newline, rest = chunk.partition(b"\n")
        if newline:
            return head + newline + rest + file.read(SAMPLE_BYTES)
    return head


def _index(file: BinaryIO, is_gzip: bool, detected: Detected | None) -> tuple[str, LineIndex]:
    """Hash of the stored bytes and index of the lines, in one pass."""
    file.seek(0)
    hashed = _Hashing(file)
    index = LineIndex(detected.source.date_hint if detected else None)
    if is_gzip:
        with gzip.GzipFile(fileobj=hashed) as unzipped:
            while chunk := unzipped.read(CHUNK_BYTES):
                index.add(chunk)
        hashed.drain()
    else:
        while chunk := hashed.read(CHUNK_BYTES):
            index.add(chunk)
    index.close()
    return hashed.hexdigest(), index


class _Hashing(io.RawIOBase):
    """A file that hashes what is read from it; reads forward only."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file, self._hash = file, hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        data = self._file.read(size)
        self._hash.update(data)
        return data

    def drain(self) -> None:
        while self.read(CHUNK_BYTES):
            pass

    def hexdigest(self) -> str:
        return self._hash.hexdigest()
