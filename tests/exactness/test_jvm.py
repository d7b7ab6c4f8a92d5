"""A sample of histories on Apache Spark."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, seed, settings

from footfall.lake.staging import Manifest, read_manifest
from footfall.lake.storage import storage_for
from tests.exactness.history import History
from tests.exactness.proof import prove
from tests.exactness.test_any_history import EVERY, IN_FULL
from tests.exactness.traffic import histories
from tests.home import Home

# After the embedded engine's: what it leaves in the environment of a process would have PySpark look for a server
pytestmark = [pytest.mark.xdist_group("jvm"), pytest.mark.usefixtures("shared_engine"), pytest.mark.timeout(0)]


def live(count: int, number: int | None, folder: Path, jvm: Callable[[Home, str], bool]) -> dict[str, int]:
    def stage(home: Home, run_id: str) -> Manifest | None:
        if not jvm(home, run_id):
            return None
        return read_manifest(storage_for(home.settings.zone("events")), run_id)

    survived = 0

    @settings(EVERY, max_examples=count)
    @given(histories(kills=False))  # the job writes in a process of its own
    def any_history(history: History) -> None:
        nonlocal survived
        with tempfile.TemporaryDirectory(dir=folder) as home:
            survived += prove(history, Path(home), None, stage)["histories"]

    (any_history if number is None else seed(number)(any_history))()
    return {"histories on Apache Spark": survived}


def test_a_history(tmp_path: Path, jvm: Callable[[Home, str], bool], record_property) -> None:
    record_property("survived", live(1, 0, tmp_path, jvm))


@pytest.mark.prove
def test_more_histories(tmp_path: Path, jvm: Callable[[Home, str], bool], record_property) -> None:
    record_property("survived", live(IN_FULL // 20, None, tmp_path, jvm))
