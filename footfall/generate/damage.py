"""What goes wrong on the way to the disk: lines cut short, orphaned ends, impossible times, numbers, noise."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

KINDS: Final = ("cut", "orphan", "bad_time", "bad_status", "bad_size", "noise")
_KIND_SHARE: Final = (0.40, 0.20, 0.15, 0.08, 0.07, 0.10)
_BAD_TIMES: Final = (
    b"32/Oct/2026:10:00:00 +0000",
    b"01/Foo/2026:10:00:00 +0000",
    b"01/Oct/2026:25:61:00 +0000",
    b"-",
    b"2026-10-01 10:00",
)


def damage(lines: pa.Array, share: float, rng: np.random.Generator) -> tuple[pa.Array, int]:
    """(the lines with about ``share`` of them broken, how many were). Every value stays one line of text or noise."""
    hit = rng.random(len(lines)) < share
    rows = np.flatnonzero(hit)
    if not len(rows):
        return lines, 0
    kinds = rng.choice(len(KINDS), size=len(rows), p=_KIND_SHARE)
    whole = lines.take(pa.array(rows)).to_pylist()
    broken = [_break(line, KINDS[kind], rng) for line, kind in zip(whole, kinds.tolist(), strict=True)]
    return pc.replace_with_mask(lines, pa.array(hit), pa.array(broken, pa.binary())), len(rows)


def _break(line: bytes, kind: str, rng: np.random.Generator) -> bytes:
    if kind == "cut":
        # inside a quoted field, so that no cut line passes for a shorter but whole one
        quotes = [i for i, byte in enumerate(line) if byte == ord('"')]
        field = int(rng.integers(0, 3)) * 2
        return line[: int(rng.integers(quotes[field] + 1, quotes[field + 1] + 1))] + b"\n"
    if kind == "orphan":
        return line[int(rng.integers(line.index(b"] ") + 3, len(line) - 12)) :]
    if kind == "bad_time":
        begin, end = line.index(b"[") + 1, line.index(b"]")
        return line[:begin] + _BAD_TIMES[int(rng.integers(0, len(_BAD_TIMES)))] + line[end:]
    if kind == "noise":
        noise = rng.integers(128, 256, int(rng.integers(20, 200)), dtype=np.uint8)
        return noise.tobytes() + b"\n"
    head, request, rest = line.split(b'"', 2)
    status, size, tail = rest.split(maxsplit=2)
    if kind == "bad_status":
        status = b"000" if rng.random() < 0.5 else b"2x0"
    else:
        size = b"-" + size if rng.random() < 0.5 else b"12k"
    return head + b'"' + request + b'" ' + status + b" " + size + b" " + tail
