"""What a run staged: Parquet files below ``<events zone>/<run id>/`` and a manifest that says they are complete.

Write, audit, publish: the Spark job writes and ends with the manifest; the audit reads what the manifest lists; the
commit makes it part of the events zone. A run without a manifest never happened.
"""

from __future__ import annotations

import re
from datetime import date

from pydantic import BaseModel, Field

from footfall.errors import InputError
from footfall.lake.events import StagedFile
from footfall.lake.ledger import DayCount
from footfall.lake.storage import ObjectNotFound, Storage

RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,199}")
MANIFEST = "_manifest.json"
REJECTED = "rejected"  # value of the partition that holds rows which are no events


def checked_run_id(run_id: str) -> str:
    """``run_id`` if it can name a folder of the events zone. Raises :class:`InputError` otherwise."""
    if not RUN_ID.fullmatch(run_id):
        raise InputError(
            f"{run_id!r} is no run id: it names a folder, so it begins with a letter or digit and goes on with "
            "letters, digits and . _ : + - alone. Leave it out to have one made."
        )
    return run_id


class FileCounts(BaseModel):
    """What the lines of one file became in this run, by event date and by reason."""

    sha256: str
    events: dict[date, int] = {}
    repeated: dict[date, int] = {}
    quarantined: dict[str, int] = {}

    @property
    def days(self) -> set[date]:
        """Dates on which the file has lines that parsed."""
        return self.events.keys() | self.repeated.keys()


class StagedParquet(BaseModel):
    """One Parquet file, path relative to the events zone; ``event_date`` is None for rejected rows."""

    path: str
    event_date: date | None
    size_bytes: int
    rows: int


class Manifest(BaseModel):
    """A complete staging."""

    run_id: str
    base_version: int | None = Field(description="Version of the events table the run built on; None: no table.")
    files: list[str] = Field(description="Hashes of the pending files the run takes in.")
    dates: list[date] = Field(description="Dates the commit replaces, dates that become empty included.")
    parquet: list[StagedParquet]
    counts: list[FileCounts]

    @property
    def staged_files(self) -> list[StagedFile]:
        """The Parquet files of events."""
        return [
            StagedFile(file.path, file.event_date, file.size_bytes, file.rows)
            for file in self.parquet
            if file.event_date is not None
        ]

    @property
    def rejected_paths(self) -> list[str]:
        """The Parquet files of quarantined and repeated rows."""
        return [file.path for file in self.parquet if file.event_date is None]

    @property
    def lines(self) -> int:
        """Lines of the files the run takes in."""
        own = [counts for counts in self.counts if counts.sha256 in set(self.files)]
        return sum(
            sum(counts.events.values()) + sum(counts.repeated.values()) + sum(counts.quarantined.values())
            for counts in own
        )

    @property
    def quarantined(self) -> dict[str, int]:
        """Quarantined lines by reason."""
        total: dict[str, int] = {}
        for counts in self.counts:
            for reason, rows in counts.quarantined.items():
                total[reason] = total.get(reason, 0) + rows
        return total

    def day_count(self, sha256: str, day: date) -> DayCount:
        """Parsed lines and events of a file on a date."""
        counts = next(counts for counts in self.counts if counts.sha256 == sha256)
        events = counts.events.get(day, 0)
        return DayCount(parsed=events + counts.repeated.get(day, 0), events=events)


def write_manifest(events_zone: Storage, manifest: Manifest) -> None:
    """Declare a staging complete."""
    events_zone.write(f"{manifest.run_id}/{MANIFEST}", manifest.model_dump_json(indent=1).encode())


def read_manifest(events_zone: Storage, run_id: str) -> Manifest:
    """The manifest of a run. Raises :class:`InputError` when the run staged nothing, or was cut short."""
    try:
        return Manifest.model_validate_json(events_zone.read(f"{run_id}/{MANIFEST}"))
    except ObjectNotFound:
        raise InputError(
            f"Run {run_id} has no complete staging: its Spark job did not finish, or had nothing to do. "
            f"Run `footfall stage --run-id {run_id}` (again)."
        ) from None
