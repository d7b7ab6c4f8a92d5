"""Whatever the order, portions and deaths in which files come, the tables equal one rebuild over the same files.

``make test`` lives 40 histories, the same every time. ``FOOTFALL_PROVE=1`` lives FOOTFALL_HISTORIES (1,000) new ones.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, seed, settings

from tests.exactness.history import History
from tests.exactness.marts import Marts
from tests.exactness.proof import prove
from tests.exactness.traffic import histories

pytestmark = [pytest.mark.usefixtures("shared_engine"), pytest.mark.timeout(0)]

PARTS = 2  # for as many workers
IN_SHORT, IN_FULL = 40, int(os.environ.get("FOOTFALL_HISTORIES", "1000"))
EVERY = settings(
    deadline=None, database=None, print_blob=True, report_multiple_bugs=False, suppress_health_check=list(HealthCheck)
)


def live(count: int, folder: Path, marts: Marts, decorate: Callable[..., Callable[[], None]]) -> Counter[str]:
    survived: Counter[str] = Counter()

    @settings(EVERY, max_examples=count)
    @given(histories())
    def any_history(history: History) -> None:
        with tempfile.TemporaryDirectory(dir=folder) as home:
            survived.update(prove(history, Path(home), marts))

    decorate(any_history)()
    return survived


@pytest.mark.parametrize("part", [pytest.param(n, marks=pytest.mark.xdist_group(f"exact-{n}")) for n in range(PARTS)])
def test_any_history_equals_one_rebuild(part: int, tmp_path: Path, marts: Marts, record_property) -> None:
    record_property("survived", dict(live(IN_SHORT // PARTS, tmp_path, marts, seed(part))))


@pytest.mark.prove
@pytest.mark.parametrize("part", [pytest.param(n, marks=pytest.mark.xdist_group(f"exact-{n}")) for n in range(PARTS)])
def test_a_thousand_histories(part: int, tmp_path: Path, marts: Marts, record_property) -> None:
    record_property("survived", dict(live(IN_FULL // PARTS, tmp_path, marts, lambda test: test)))
