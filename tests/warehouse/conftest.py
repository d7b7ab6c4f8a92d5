from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest

from footfall.settings import Settings
from footfall.warehouse.publish import publish
from footfall.warehouse.transform import transform
from tests.warehouse.history import History, lock_holder, sessionized


class BuildRunning(Protocol):
    def __call__(self, settings: Settings) -> AbstractContextManager[None]: ...


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home whose path has what paths may have."""
    return Settings(home=tmp_path / "foot fall's [home] a=b")


@pytest.fixture(scope="session")
def _published_home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = Settings(home=tmp_path_factory.mktemp("published") / "home")
    start = datetime(2024, 5, 1, 23, 50, tzinfo=UTC)
    hits = [(start + timedelta(minutes=minute), f"v{minute % 3}", {}) for minute in range(0, 60, 5)]
    History(settings).commit(sessionized(hits))
    transform(settings)
    publish(settings, "first")
    return settings


@pytest.fixture
def published(_published_home: Settings, tmp_path: Path) -> Settings:
    """A home with marts of 12 events, built and published as 'first'; each test has its own copy."""
    shutil.copytree(_published_home.home, tmp_path / "published home")
    return Settings(home=tmp_path / "published home")


@pytest.fixture
def build_running() -> BuildRunning:
    """Another process that holds the build database for writing, as a build does."""

    @contextmanager
    def hold(settings: Settings) -> Iterator[None]:
        settings.warehouse_dir.mkdir(parents=True, exist_ok=True)
        holder = subprocess.Popen(
            [sys.executable, "-c", lock_holder(settings.build_db)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert holder.stdin
        assert holder.stdout
        try:
            assert holder.stdout.readline() == "held\n"
            yield
        finally:
            holder.stdin.close()
            holder.wait(timeout=30)
            holder.stdout.close()

    return hold
