"""The four real data sets: every line accounted for, and the counts that were looked at by eye once."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.home import Home, new_home

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"

pytestmark = pytest.mark.xdist_group("real_data")


def real(name: str) -> Path:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"the data set {name} is not on this machine (it belongs beside the checkout, in ../shared/data)")
    return path


def take(home: Home, *paths: Path) -> dict[str, int]:
    """Counts over all files, after checking that no line of any of them is lost."""
    home.take(*paths)
    records = list(home.ledger.committed())
    for record in records:
        (path,) = [path for path in paths if str(path) in record.names]
        with gzip.open(path) as file:
            assert sum(1 for _ in file) == record.lines + record.header_lines
        assert record.lines == record.events + record.repeated + sum(record.quarantined.values())
    rows = home.rows()
    assert len({row["event_id"] for row in rows}) == len(rows)
    reasons: dict[str, int] = {}
    for record in records:
        for reason, lines in record.quarantined.items():
            reasons[reason] = reasons.get(reason, 0) + lines
    return {
        "lines": sum(record.lines for record in records),
        "events": len(rows),
        "repeated": sum(record.repeated for record in records),
        "sessions": len({row["session_id"] for row in rows}),
        **reasons,
    }


def test_apache_combined(tmp_path: Path) -> None:
    counts = take(new_home(tmp_path), real("apache-combined-2015.log.gz"))
    assert counts == {"lines": 10_000, "events": 9_999, "repeated": 0, "sessions": 3_223, "malformed_line": 1}


def test_nginx_combined_with_orphaned_fragments(tmp_path: Path) -> None:
    counts = take(new_home(tmp_path), *sorted(real("nginx-2024").glob("*.gz")))
    assert counts == {"lines": 16_275, "events": 10_479, "repeated": 0, "sessions": 1_726, "malformed_line": 5_796}


def test_e_commerce_csv(tmp_path: Path) -> None:
    counts = take(new_home(tmp_path), real("ecommerce-rees46-2019-10.csv.gz"))
    assert counts == {"lines": 17_435, "events": 17_434, "repeated": 0, "sessions": 4_518, "malformed_line": 1}


def test_cloudfront_sample(tmp_path: Path) -> None:
    """The old layout of twelve columns; its records repeat, and each of them stays an event."""
    sample = tmp_path / "sample.log.gz"
    with gzip.open(real("cloudfront-2011-1000k.log.gz")) as whole, gzip.open(sample, "wb") as part:
        part.writelines(line for line, _ in zip(whole, range(20_002), strict=False))
    counts = take(new_home(tmp_path / "home"), sample)
    assert counts == {"lines": 20_000, "events": 20_000, "repeated": 0, "sessions": 1}
