"""Tell a file's log format by looking at its lines."""

from __future__ import annotations

from dataclasses import dataclass

from footfall.errors import InputError
from footfall.sources import SOURCES
from footfall.sources.base import Source

SAMPLE_LINES = 2_000
SHOWN_CHARS = 120
TAR_MAGIC, TAR_MAGIC_AT = b"ustar", 257


@dataclass(frozen=True, slots=True)
class Detected:
    """A file's format, with the field names of its header and the lines that takes."""

    source: Source
    fields: tuple[str, ...] = ()
    header_lines: int = 0


def detect(sample: bytes, name: str, given: str | None = None) -> Detected:
    """The format of the file that begins with ``sample``: the one most of its lines match, or the one ``given``.

    Raises :class:`InputError` when no line matches any format, for binary content, and for a missing header.
    """
    if sample[TAR_MAGIC_AT : TAR_MAGIC_AT + len(TAR_MAGIC)] == TAR_MAGIC:
        raise InputError(f"{name} is a tar archive; unpack it and ingest the files in it.")
    # Cut as the reader cuts: splitlines() knows eight more ends of a line
    lines = [line.removesuffix("\r") for line in sample.decode("utf-8", "replace").split("\n")[:SAMPLE_LINES]]
    if "\r" in lines[0].rstrip("\r") and len(lines) == 1:
        raise InputError(f"{name} ends its lines with carriage returns alone; convert it: tr '\\r' '\\n' < old > new.")
    if given is not None:
        if given not in SOURCES:
            raise InputError(f"{given!r} is not a known format; known are {', '.join(SOURCES)}.")
        return _with_header(SOURCES[given], lines, name)
    matches = {source.name: sum(map(source.matches, lines)) for source in SOURCES.values()}
    best = max(matches, key=lambda source: matches[source])
    if matches[best] == 0:
        with_header = [s for s in SOURCES.values() if s.read_header is not None and s.read_header(lines) is not None]
        if len(with_header) == 1:
            return _with_header(with_header[0], lines, name)
        if b"\0" in sample:  # not asked first: a power cut leaves blocks of NUL in good logs
            raise InputError(f"{name} is a binary file (it holds NUL bytes), not a log; {_known()}")
        first = next((line for line in lines if line.strip()), "")
        raise InputError(f"{name} is in no known format: its first line is {first[:SHOWN_CHARS]!r}; {_known()}")
    return _with_header(SOURCES[best], lines, name)


def _with_header(source: Source, lines: list[str], name: str) -> Detected:
    if source.read_header is None:
        return Detected(source)
    header = source.read_header(lines)
    if header is None:
        raise InputError(
            f"{name} looks like {source.title} but has no header line that names its columns; "
            "restore the header (the first lines of the original file) and re-run."
        )
    return Detected(source, header.fields, header.lines)


def _known() -> str:
    formats = ", ".join(f"{source.name} ({source.title})" for source in SOURCES.values())
    return f"known are {formats}. Name one with --format if you know better."
