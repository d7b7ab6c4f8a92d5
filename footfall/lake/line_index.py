"""Count the lines of a file, note where a reader may begin, and collect the dates its lines may fall on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date, datetime, timedelta

import numpy as np

SPLIT_BYTES = 32 << 20
UTC_OFFSET = b"+0000"
QUOTE = ord('"')


@dataclass(frozen=True, slots=True)
class DateHint:
    """Where a line of a format carries its date: right after ``marker``, ``width`` bytes in ``pattern`` (strptime).

    ``marker`` is one byte, which a double quote may follow; a newline stands for the beginning of a line.
    ``offset_at`` is where, counted from the date, formats with local times have their offset from UTC (``+0000``): any
    other may put the event on the day before or after the one written.
    """

    marker: bytes
    width: int
    pattern: str
    offset_at: int | None = None

    @property
    def columns(self) -> list[int]:
        """Positions of the bytes that matter, counted from the date."""
        offset = [] if self.offset_at is None else range(self.offset_at, self.offset_at + len(UTC_OFFSET))
        return [*range(self.width), *offset]


class LineIndex:
    """Fed a file's bytes in order by :meth:`add`, then closed.

    ``lines`` counts newlines, and a last line without one. ``splits`` are (byte offset, line number) pairs about
    ``SPLIT_BYTES`` apart, the first being (0, 1). ``dates`` is a superset of the dates of the lines' events.
    """

    def __init__(self, hint: DateHint | None) -> None:
        self.lines = 0
        self.splits: list[tuple[int, int]] = [(0, 1)]
        self.dates: set[date] = set()
        self._hint = hint
        self._seen: set[bytes] = set()
        self._offset = 0
        self._last = b"\n"  # so that the first line has a beginning
        self._tail = b"\n"

    def add(self, chunk: bytes) -> None:
        """Take the next bytes of the file."""
        view = np.frombuffer(chunk, np.uint8)
        due = self.splits[-1][0] + SPLIT_BYTES - self._offset
        if due < len(chunk):
            cut = chunk.find(b"\n", max(0, due))
            if cut >= 0:
                before = int(np.count_nonzero(view[: cut + 1] == 10))
                self.splits.append((self._offset + cut + 1, self.lines + before + 1))
        self.lines += int(np.count_nonzero(view == 10))
        if self._hint is not None:
            self._collect(self._tail + chunk, self._hint)
        self._offset += len(chunk)
        self._last = chunk[-1:]

    def close(self) -> None:
        """Count a last line that has no newline, and turn what was collected into dates."""
        if self._last != b"\n":
            self.lines += 1
        if self.splits[-1][0] >= self._offset and len(self.splits) > 1:
            self.splits.pop()
        if self._hint is None:
            return
        for text in self._seen:
            try:
                day = datetime.strptime(text[: self._hint.width].decode("ascii"), self._hint.pattern).date()
                if day.year in (MINYEAR, MAXYEAR):
                    continue  # out of range under any settings; a day before or after it may not exist
                reach = 0 if text[self._hint.width :] in (b"", UTC_OFFSET) else 1
                self.dates.update(day + timedelta(days=days) for days in range(-reach, reach + 1))
            except (ValueError, OverflowError):
                continue  # not a date: such a line is quarantined, it has no event date

    def _collect(self, data: bytes, hint: DateHint) -> None:
        view = np.frombuffer(data, np.uint8)
        reach = hint.columns[-1] + 2
        at = np.flatnonzero(view[: max(0, len(view) - reach)] == hint.marker[0]) + 1
        if len(at):
            at += view[at] == QUOTE  # a CSV file may have all its fields in quotes
            texts = np.stack([view[at + column] for column in hint.columns], axis=1)
            fresh = np.ones(len(texts), bool)
            fresh[1:] = (texts[1:] != texts[:-1]).any(axis=1)  # neighbours mostly share their date
            self._seen.update({text.tobytes() for text in texts[fresh]})
        # a marker near the end has its date in the next chunk
        self._tail = data[-reach:]
