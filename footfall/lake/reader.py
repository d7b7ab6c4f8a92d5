"""Read raw files inside the Spark engine: bytes in, (file, line number, line) out, with nothing lost.

Runs in ``mapInArrow``, so that it is the same code on both engines, knows the file and number of every line, takes
gzip and plain files side by side, and leaves broken bytes in our hands: the engines' own text readers die on them.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from footfall.contract import RejectReason
from footfall.lake.quarantine import QUARANTINED_CHARS
from footfall.lake.storage import storage_for

CHUNK_BYTES = 8 << 20
BATCH_ROWS = 32_768
FEW_LINES = 64

TASK_SCHEMA = (
    "path string, file int, gzip boolean, start long, stop long, first_line long, skip_lines long, "
    "ingested_at timestamp"
)
LINE_SCHEMA = "file int, line_number long, line string, defect string, ingested_at timestamp"

Batches = Iterable[pa.RecordBatch]


def line_reader(zone: str, max_line_bytes: int) -> Callable[[Batches], Batches]:
    """A ``mapInArrow`` function from read tasks (``TASK_SCHEMA``) to lines (``LINE_SCHEMA``).

    A task is a file of the raw zone, or the byte range ``[start, stop)`` of a plain one that begins right after a
    newline. ``skip_lines`` header lines are numbered but not yielded.
    """

    def read(batches: Batches) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for task in batch.to_pylist():
                yield from _read_task(zone, task, max_line_bytes)

    return read


def _read_task(zone: str, task: dict[str, Any], max_line_bytes: int) -> Iterator[pa.RecordBatch]:
    landed = pa.scalar(task["ingested_at"], pa.timestamp("us", tz="UTC"))
    number = task["first_line"]
    first_wanted = number + task["skip_lines"]
    for lines in _whole_lines(_chunks(zone, task), max_line_bytes):
        count = len(lines)
        drop = min(count, max(0, first_wanted - number))
        text, defect = _decode(lines.slice(drop), max_line_bytes)
        numbers = pa.array(np.arange(number + drop, number + count, dtype=np.int64))
        number += count
        for offset in range(0, len(text), BATCH_ROWS):
            part = text.slice(offset, BATCH_ROWS)
            yield pa.RecordBatch.from_arrays(
                [
                    pa.repeat(pa.scalar(task["file"], pa.int32()), len(part)),
                    numbers.slice(offset, BATCH_ROWS),
                    part,
                    defect.slice(offset, BATCH_ROWS),
                    pa.repeat(landed, len(part)),
                ],
                ["file", "line_number", "line", "defect", "ingested_at"],
            )


def _chunks(zone: str, task: dict[str, Any]) -> Iterator[bytes]:
    with storage_for(zone).open(task["path"]) as raw:
        if task["gzip"]:
            # What landing unpacks with: Arrow's reader is a little faster, but dies on the zeros that tapes and
            # block copies leave behind the last member
            with gzip.GzipFile(fileobj=raw) as unzipped:
                while chunk := unzipped.read(CHUNK_BYTES):
                    yield chunk
            return
        raw.seek(task["start"])
        remaining = task["stop"] - task["start"]
        while remaining > 0 and (chunk := raw.read(min(CHUNK_BYTES, remaining))):
            remaining -= len(chunk)
            yield chunk


def _whole_lines(chunks: Iterator[bytes], max_line_bytes: int) -> Iterator[pa.LargeBinaryArray]:
    """Cut a byte stream into lines; of a line past the limit only limit + 1 bytes are held in memory."""
    rest = b""
    for chunk in chunks:
        end = chunk.rfind(b"\n")
        if end < 0:
            rest = (rest + chunk)[: max_line_bytes + 1]
            continue
        first = chunk.find(b"\n")
        body = (rest + chunk[:first])[: max_line_bytes + 1] + chunk[first:end]
        yield pc.split_pattern(pa.array([body], pa.large_binary()), b"\n").flatten()
        rest = chunk[end + 1 :]
    if rest:
        yield pa.array([rest], pa.large_binary())


def _decode(lines: pa.LargeBinaryArray, max_line_bytes: int) -> tuple[pa.StringArray, pa.StringArray]:
    """Lines as text, with what is wrong with each (null: nothing)."""
    if (pc.max(pc.binary_length(lines)).as_py() or 0) <= max_line_bytes:
        try:
            text = lines.cast(pa.large_string())
        except pa.ArrowInvalid:
            pass
        else:
            return _without_carriage_return(text), pa.nulls(len(text), pa.string())
    if len(lines) > FEW_LINES:
        # Bad lines are few: halving finds them, and leaves the good ones to Arrow
        half = len(lines) // 2
        parts = [_decode(lines.slice(0, half), max_line_bytes), _decode(lines.slice(half), max_line_bytes)]
        texts, defects = zip(*parts, strict=True)
        return pa.concat_arrays(texts), pa.concat_arrays(defects)
    return _decode_each(lines, max_line_bytes)


def _decode_each(lines: pa.LargeBinaryArray, max_line_bytes: int) -> tuple[pa.StringArray, pa.StringArray]:
    texts, defects = [], []
    for line in lines.to_pylist():
        defect = None
        if len(line) > max_line_bytes:
            defect, line = RejectReason.LINE_TOO_LONG.value, line[:QUARANTINED_CHARS]
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            defect, text = defect or RejectReason.INVALID_ENCODING.value, line.decode("utf-8", "backslashreplace")
        texts.append(text.removesuffix("\r"))
        defects.append(defect)
    return pa.array(texts, pa.string()), pa.array(defects, pa.string())


def _without_carriage_return(text: pa.LargeStringArray) -> pa.StringArray:
    """Logs that passed through Windows end their lines in CR LF."""
    if pc.any(pc.ends_with(text, "\r")).as_py():
        text = pc.replace_substring_regex(text, r"\r$", "")
    return text.cast(pa.string())
