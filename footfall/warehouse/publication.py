"""What a publish leaves for readers to see: one row of footfall_publications."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class Publication:
    """One row of footfall_publications: a publish, and the events it is made of. Times are UTC, without a zone."""

    run_id: str
    published_at: datetime
    events_version: int  # version of the events zone's Delta table
    built_at: datetime  # when dbt finished the last node
    table_id: str | None = None  # the Delta table those versions are of
    project_sha256: str | None = None  # the dbt project it was built by
    rebuild_id: str | None = None  # when all was built anew last; dates were replaced since

    def shows(self, other: Publication) -> bool:
        """Whether both are of one build: there is nothing to publish."""
        return (self.events_version, self.built_at) == (other.events_version, other.built_at)

    def differs_by_dates(self, other: Publication) -> bool:
        """Whether both descend from one rebuild, so that only dates whose events differ can differ in them."""
        return (self.table_id, self.rebuild_id) == (other.table_id, other.rebuild_id)


PUBLICATION_COLUMNS = tuple(field.name for field in fields(Publication))


def publication_of(row: Mapping[str, Any]) -> Publication:
    """A row of footfall_publications, which an older Footfall may have made with fewer columns."""
    values = {name: row[name] for name in PUBLICATION_COLUMNS if name in row}
    for name, value in values.items():
        if isinstance(value, datetime) and value.tzinfo is not None:
            values[name] = value.astimezone(UTC).replace(tzinfo=None)
    return Publication(**values)


def newest_of(rows: Iterable[Mapping[str, Any]]) -> Publication | None:
    """The publication published last; None of none."""
    return max(map(publication_of, rows), key=lambda publication: publication.published_at, default=None)


def time_of_publication(now: datetime, before: Publication | None) -> datetime:
    """``now`` in UTC, but after ``before`` though the clock was set back: these times put publications in order."""
    wall = now.astimezone(UTC).replace(tzinfo=None)
    return wall if before is None else max(wall, before.published_at + timedelta(microseconds=1))
