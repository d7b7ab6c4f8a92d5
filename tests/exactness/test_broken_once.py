"""Histories that broke the rule once, with what was wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.exactness.history import Deliver, File, History, Run, TakeOut
from tests.exactness.proof import prove
from tests.home import new_home

pytestmark = [pytest.mark.xdist_group("exact-0"), pytest.mark.usefixtures("shared_engine")]

VIEW = "2024-05-10 12:00:00 UTC,view,a,7,,,1.00,1,s"

HISTORIES = {
    # The raw bytes went with the file, and did not come back with it: the run found a pending file without content.
    "a file comes again after it was taken out": History(
        {"a.csv": File("ecommerce_csv", (VIEW,))},
        (Deliver(("a.csv",)), Run(), TakeOut("a.csv"), Run(), Deliver(("a.csv",)), Run()),
    ),
}


@pytest.mark.parametrize("name", HISTORIES)
def test_holds_now(name: str, tmp_path: Path) -> None:
    prove(HISTORIES[name], tmp_path, None)


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
