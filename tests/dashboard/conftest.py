"""Marts published once for all tests of the dashboard."""

from __future__ import annotations

import pytest

from footfall.settings import Settings
from tests.dashboard.publishing import publish_events
from tests.dashboard.visits import two_weeks


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A laptop whose published marts are the two weeks of tests/dashboard/visits.py (about 8 s)."""
    return publish_events(tmp_path_factory.mktemp("dashboard home"), two_weeks(), "20240601T100000Z-first")
