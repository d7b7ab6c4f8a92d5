"""Publish marts made by the real warehouse into a laptop's home."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from footfall.settings import Settings
from footfall.warehouse.publish import publish
from footfall.warehouse.transform import transform
from tests import builders


def publish_events(home: Path, rows: list[dict[str, Any]], run_id: str) -> Settings:
    """Load these events, build the marts, and publish them as ``run_id``."""
    settings = Settings(home=home)
    builders.write_events_zone(settings.zone("events"), rows)
    transform(settings)
    assert publish(settings, run_id) is not None
    return settings
