"""What a publish leaves for readers to see: one row of footfall_publications."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Publication:
    """One row of footfall_publications: a publish, and the events it is made of. Times are UTC, without a zone."""

    run_id: str
    published_at: datetime
    events_version: int  # version of the events zone's Delta table
    built_at: datetime  # when dbt finished the last node
