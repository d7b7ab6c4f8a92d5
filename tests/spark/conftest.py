"""One embedded engine for all tests of a process: the jobs of most tests take less time than its start."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pyspark.sql import SparkSession

from footfall.settings import EngineSettings
from spark import sessionize_job
from spark.session import engine


@pytest.fixture(scope="session")
def sail() -> Iterator[SparkSession]:
    """A session of the embedded engine."""
    with engine(EngineSettings(name="sail")) as session:
        yield session


@pytest.fixture
def shared_engine(sail: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs run in this process use the shared session."""

    @contextmanager
    def running(settings: EngineSettings) -> Iterator[SparkSession]:
        yield sail

    monkeypatch.setattr(sessionize_job, "engine", running)
