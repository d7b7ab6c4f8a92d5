"""Whatever the order and the portions in which files arrive, the lake equals one run over all of them."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from footfall.settings import SessionSettings
from tests.home import new_home
from tests.spark.visits import deliveries, write_files

pytestmark = [pytest.mark.xdist_group("sail"), pytest.mark.usefixtures("shared_engine")]


@pytest.mark.parametrize("seed", range(4))
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


def test_a_date_that_landing_could_not_foresee_takes_nothing_from_its_day(tmp_path: Path) -> None:
    """CloudFront's header may name its columns in any order; landing looks for dates where they usually are."""
    usual, other = tmp_path / "usual.log", tmp_path / "other.log"
    rest = "cs-method cs(Host) cs-uri-stem sc-status x-a x-b x-c x-d x-e"
    hits = [f"2024-05-1{day}\t23:50:00\t192.0.2.1\tGET\th\t/{day}\t200\t-\t-\t-\t-\t-" for day in range(3)]
    usual.write_text(f"#Fields: date time c-ip {rest}\n" + "\n".join(hits) + "\n")
    late = "192.0.2.1\t2024-05-11\t00:10:00\tGET\th\t/late\t200\t-\t-\t-\t-\t-"
    other.write_text(f"#Fields: c-ip date time {rest}\n{late}\n")

    home = new_home(tmp_path / "home")
    home.take(usual)
    home.take(other, source="cloudfront")
    found = [(row["page_path"], row["session_event_number"]) for row in home.rows()]
    assert sorted(found) == [("/0", 1), ("/1", 1), ("/2", 1), ("/late", 2)]
