"""What has been ingested, what is pending, what readers see."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from footfall.lake import events
from footfall.lake.delivery import find
from footfall.lake.ledger import Ledger
from footfall.lake.storage import storage_for
from footfall.settings import Settings
from footfall.warehouse.publish import newest_publication


@dataclass(slots=True)
class Status:
    """Counts over the committed files (lines = events + repeated + quarantined), and what is still to be done."""

    files: int = 0
    lines: int = 0
    events: int = 0
    repeated: int = 0
    quarantined: int = 0
    quarantined_by_reason: dict[str, int] = field(default_factory=dict)
    pending_files: int = 0
    inbox_files: int = 0  # in the inbox and not landed, judged by name and size
    first_date: date | None = None
    last_date: date | None = None
    events_version: int | None = None
    unpublished_dates: int = 0
    published_run_id: str | None = None
    published_at: str | None = None


def status(settings: Settings) -> Status:
    """Read the ledger, the events table and the publication. Reads every file's record: seconds for 10,000 files."""
    ledger = Ledger(storage_for(settings.zone("ledger")))
    zone = settings.zone("events")
    found = Status()
    landed: set[tuple[str, int]] = set()
    reasons: Counter[str] = Counter()
    for record in ledger.committed():
        found.files += 1
        found.lines += record.lines
        found.events += record.events
        found.repeated += record.repeated
        reasons.update(record.quarantined)
        landed.update((name, record.size_bytes) for name in record.names)
    pending = ledger.pending()
    landed.update((name, waiting.record.size_bytes) for waiting in pending for name in waiting.record.names)
    found.pending_files = len(pending)
    found.quarantined_by_reason = dict(reasons.most_common())
    found.quarantined = reasons.total()
    if "{day}" not in settings.inbox_uri:
        inbox = find([settings.inbox_uri], missing_ok=True)
        found.inbox_files = sum((delivery.name, delivery.size_bytes) not in landed for delivery in inbox)
    table = events.open_table(zone)
    if table is not None:
        dates = events.dates_in(table)
        found.first_date, found.last_date = min(dates, default=None), max(dates, default=None)
        found.events_version = table.version()
    publication = newest_publication(settings)
    if publication is not None:
        found.published_run_id = publication.run_id
        found.published_at = f"{publication.published_at:%Y-%m-%dT%H:%M:%SZ}"
    if table is not None:
        try:
            changed = events.dates_changed_since(zone, publication.events_version if publication else None)
        except events.VersionGone:
            changed = events.dates_in(table)
        found.unpublished_dates = len(changed)
    return found
