"""What a run staged: Parquet files below ``<events zone>/<run id>/`` and a manifest that says they are complete.

Write, audit, publish: the Spark job writes and ends with the manifest; the audit reads what the manifest lists; the
commit makes it part of the events zone. A run without a manifest never happened. Each attempt at a run has a folder of
its own: of two at once (a retry, and the process it was thought to replace) neither can touch the other's files.
"""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from footfall.errors import InputError
from footfall.lake.events import StagedFile
from footfall.lake.ledger import Action, Cause, DayCount
from footfall.lake.storage import ObjectNotFound, Storage

MANIFEST = "_manifest.json"
REJECTED = "rejected"  # value of the partition that holds rows which are no events


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

    @property
    def lines(self) -> int:
        """All of the file's lines."""
        return sum(self.events.values()) + sum(self.repeated.values()) + sum(self.quarantined.values())

    def day_count(self, day: date) -> DayCount:
        """Parsed lines and events on a date."""
        events = self.events.get(day, 0)
        return DayCount(parsed=events + self.repeated.get(day, 0), events=events)


class StagedParquet(BaseModel):
    """One Parquet file, path relative to the events zone; ``event_date`` is None for rejected rows."""

    path: str
    event_date: date | None
    size_bytes: int
    rows: int


class Manifest(BaseModel):
    """A complete staging."""

    run_id: str
    attempt: str = Field(description="Tells this staging from others of the same run; names a folder below the run's.")
    base_version: int | None = Field(description="Version of the events table the run built on; None: no table.")
    files: list[str] = Field(description="Hashes of the pending files the run takes in.")
    taken_out: list[str] = Field([], description="Hashes of the files the run takes out.")
    causes: dict[date, list[Cause]] = Field({}, description="Why each of the dates is replaced.")
    dates: list[date] = Field(description="Dates the commit replaces, dates that become empty included.")
    parquet: list[StagedParquet]
    counts: list[FileCounts]

    @property
    def actions(self) -> dict[str, Action]:
        """What the run does with each of its files."""
        took: dict[str, Action] = dict.fromkeys(self.files, "take_in")
        return took | dict.fromkeys(self.taken_out, "take_out")

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
    def own_counts(self) -> list[FileCounts]:
        """The counts of the files the run takes in; the others are of files whose dates it wrote anew."""
        own = set(self.files)
        return [counts for counts in self.counts if counts.sha256 in own]

    @property
    def lines(self) -> int:
        """Lines of the files the run takes in."""
        return sum(counts.lines for counts in self.own_counts)

    @property
    def quarantined(self) -> dict[str, int]:
        """Quarantined lines by reason."""
        total: dict[str, int] = {}
        for counts in self.counts:
            for reason, rows in counts.quarantined.items():
                total[reason] = total.get(reason, 0) + rows
        return total


def write_manifest(events_zone: Storage, manifest: Manifest) -> None:
    """Declare a staging complete: it is the one that the run is audited and committed by, until the next is."""
    data = manifest.model_dump_json(indent=1).encode()
    events_zone.write(f"{manifest.run_id}/{manifest.attempt}/{MANIFEST}", data)
    events_zone.write(f"{manifest.run_id}/{MANIFEST}", data)


def read_manifest(events_zone: Storage, run_id: str, attempt: str | None = None) -> Manifest:
    """The manifest of a run, of its last complete staging unless ``attempt`` names another.

    Raises :class:`InputError` when the run staged nothing, or was cut short.
    """
    folder = run_id if attempt is None else f"{run_id}/{attempt}"
    try:
        return Manifest.model_validate_json(events_zone.read(f"{folder}/{MANIFEST}"))
    except ObjectNotFound:
        raise InputError(
            f"Run {run_id} has no complete staging: its Spark job did not finish, or had nothing to do. "
            f"Run `footfall stage --run-id {run_id}` (again)."
        ) from None
