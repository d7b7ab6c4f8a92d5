"""``docs/data-contract.md``, made from the contract: this module prints it, ``make docs`` writes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from footfall.contract import EVENT_COLUMNS, RejectReason
from footfall.lake.quarantine import QUARANTINE_COLUMNS

INTRODUCTION: Final = """\
# The data contract

<!-- Made by `make docs` from footfall/contract.py and footfall/contract_page.py; a test compares them. -->

Every line of every file becomes one of three things, and the [ledger](adr/0005-ledger-and-candidate-dates.md) holds
the count of each: an **event**, a **repeated** line (a further copy of an event), or a **quarantined** line.
Lines read = events + repeated + quarantined; a commit for which this does not hold is refused. Header lines (the
`#` lines of CloudFront, the first line of a CSV file) are not counted as lines.

## Events

One row per thing that happened: an HTTP hit or a shop's event. The table is the events zone
(`FOOTFALL_LAKE__EVENTS`, else `FOOTFALL_HOME/lake/events`), a Delta table of Parquet files partitioned by
`event_date`. Types carry their BigQuery names. Times are UTC. The quality gate refuses a run in which a *required*
column is null.
"""

QUARANTINE: Final = """\
## The quarantine zone

One Parquet file for each raw file that had such lines, `<file_sha256>.parquet`, below `FOOTFALL_LAKE__QUARANTINE`
(else `FOOTFALL_HOME/lake/quarantine`). It is written before the quality gate judges the run, so that the lines can be
looked at when the gate refuses them. The original line is in the raw zone, at `<first two digits>/<file_sha256>`,
with `.gz` where the file came as gzip.
"""

REASONS: Final = """\
## Why a line is quarantined

Each has one reason: what the reader finds (encoding, length) goes first, then the rules of the format in the order
below, then the range of the timestamp. More than `FOOTFALL_QUALITY__MAX_QUARANTINE_SHARE` of a run's lines (0.05
unless set) makes the gate refuse the run: nothing is committed and the files stay pending.
"""

REMEDIES: Final = """\
### After the cause is put right

- **The gate refused the run:** the files are still pending. Change the setting, then run `footfall sessionize`. To
  leave a file out, delete its record `pending/<file_sha256>.json` from the ledger zone; no command does it yet.
- **The run was committed:** a file is read once, so its quarantined lines stay quarantined whatever the settings are
  now. Ingest a corrected copy: its content is new, the lines that are events already count as repeated, and the
  corrected ones become events.
"""

_QUARANTINE_MEANING: Final = {
    "reason": "Why the line is here: one of the reasons below.",
    "file_sha256": "SHA-256 of the raw file the line came from.",
    "line_number": "Line in that file, from 1, header lines counted.",
    "line": "The first 2,000 characters of the line, with e-mail and IP addresses replaced by `[email]` and `[ip]`, "
    "and the name and password of a URL by `[user]`.",
    "source": "Log format the file was read as.",
    "ingest_run_id": "Run that landed the file.",
    "ingested_at": "When the file was landed, UTC.",
}

# Cause, and what to do
_REASONS: Final[dict[RejectReason, tuple[str, str]]] = {
    RejectReason.INVALID_ENCODING: (
        "Bytes that are not UTF-8. Broken bytes are shown as `\\xHH`.",
        "Let the server escape them, as Apache and nginx do unless told otherwise.",
    ),
    RejectReason.LINE_TOO_LONG: (
        "More bytes than `FOOTFALL_LIMITS__MAX_LINE_BYTES` (1,000,000).",
        "Look for a file without line ends; raise the limit if lines are truly that long.",
    ),
    RejectReason.MALFORMED_LINE: (
        "Not the layout of the file's format: cut short, an orphaned end, an empty line, a wrong number of columns, "
        "an unknown event type.",
        "A few: a server that was stopped while it wrote. Many: the format was taken for another one; name it with "
        "`--format`.",
    ),
    RejectReason.BAD_TIMESTAMP: (
        "The time is missing, or no date and time of the format.",
        "Set the server's log format back to its standard time.",
    ),
    RejectReason.BAD_STATUS: (
        "The HTTP status is no whole number from 100 to 599. CloudFront's `000` (the viewer left) is no error: it is "
        "an event without a status.",
        "Check what writes the log.",
    ),
    RejectReason.BAD_SIZE: (
        "The size of the response is negative or no whole number. `-` is no error: nothing was sent.",
        "Check what writes the log.",
    ),
    RejectReason.BAD_NUMBER: (
        "A price is negative or no plain decimal number (at most 20 digits before the point and 9 after it).",
        "Correct the export.",
    ),
    RejectReason.MISSING_VISITOR: (
        "No client address, or, where the source has visitor ids of its own, no such id.",
        "Log the client's address. Behind a proxy let the server take it from the proxy's header.",
    ),
    RejectReason.TIMESTAMP_OUT_OF_RANGE: (
        "Before the year `FOOTFALL_LIMITS__MIN_EVENT_YEAR` (1995), or more than `FOOTFALL_LIMITS__MAX_FUTURE_DAYS` (2) "
        "days after the file was landed.",
        "Set the clock of the machine that wrote the log, or of this one (`footfall doctor` looks at it).",
    ),
}


def page() -> str:
    """The whole page as Markdown, with a final newline."""
    return "\n".join([INTRODUCTION, *_events(), "", QUARANTINE, *_quarantine(), "", REASONS, *_reasons(), "", REMEDIES])


def _events() -> Iterator[str]:
    yield from _table(
        ("column", "type", "unit", "required", "meaning"),
        ((f"`{c.name}`", c.type, c.unit or "", "yes" if c.required else "", c.description) for c in EVENT_COLUMNS),
    )


def _quarantine() -> Iterator[str]:
    types = {column.name: column.type for column in EVENT_COLUMNS}
    yield from _table(
        ("column", "type", "meaning"),
        ((f"`{name}`", types[staged], _QUARANTINE_MEANING[name]) for name, staged in QUARANTINE_COLUMNS.items()),
    )


def _reasons() -> Iterator[str]:
    assert _REASONS.keys() == set(RejectReason), "every reason needs its cause and remedy here"
    yield from _table(
        ("reason", "what causes it", "what to do"), ((f"`{why}`", *texts) for why, texts in _REASONS.items())
    )


def _table(titles: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    for cells in (titles, ("---",) * len(titles), *rows):
        yield "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


if __name__ == "__main__":
    print(page(), end="")
