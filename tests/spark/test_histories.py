"""Whatever the order and the portions in which files arrive, the lake equals one run over all of them."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from footfall.settings import SessionSettings
from tests.home import new_home
from tests.spark.visits import deliveries, write_files

pytestmark = [pytest.mark.xdist_group("sail"), pytest.mark.usefixtures("shared_engine")]


@pytest.mark.parametrize("seed", range(8))
def test_any_history_equals_one_run(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    session = SessionSettings(split_on_campaign=seed % 2 == 1)
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    paths = write_files(inbox, random)

    at_once = new_home(tmp_path / "at once", session=session)
    at_once.take(*paths)
    bit_by_bit = new_home(tmp_path / "bit by bit", session=session)
    for portion in deliveries(paths, random):
        bit_by_bit.take(*portion)

    assert bit_by_bit.table() == at_once.table()
    assert bit_by_bit.counts() == at_once.counts()
    reasons = {row["split_reason"] for row in at_once.rows()}
    assert reasons == {"inactivity", "max_duration"} | ({"campaign"} if session.split_on_campaign else set())
