"""The embedded engine and Apache Spark stage the same files alike: every row, every column, every count."""

from __future__ import annotations

import gzip
import itertools
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from footfall.contract import RejectReason
from footfall.lake.staging import Manifest, read_manifest
from footfall.lake.storage import storage_for
from footfall.settings import PROJECT_ROOT
from tests.home import Home, new_home
from tests.spark.staged import differences, lines_of, staged_rows
from tests.spark.torture import write_torture

pytestmark = [pytest.mark.xdist_group("jvm"), pytest.mark.usefixtures("shared_engine")]

SHARED = PROJECT_ROOT.parent / "shared" / "data"


class Pair:
    """Two homes with the same files: one staged by each engine."""

    def __init__(self, folder: Path, jvm: Callable[[Home, str], bool]) -> None:
        self.sail, self.spark = new_home(folder / "sail"), new_home(folder / "spark")
        self._jvm = jvm
        self._numbers = itertools.count(1)

    def stage(self, *paths: Path) -> Manifest:
        """Land and stage on both, and compare."""
        landing = self.sail.ingest(*paths)
        assert landing.refused == []
        # The same landing, to the microsecond
        for zone in ("raw", "ledger"):
            shutil.copytree(self.sail.settings.zone(zone), self.spark.settings.zone(zone), dirs_exist_ok=True)
        plain = [path for path in paths if path.suffix != ".gz"]
        lines = lines_of(plain, self.sail)
        run_id = f"run-{next(self._numbers):03}"
        self.sail.stage(run_id)
        assert self._jvm(self.spark, run_id)
        found = differences(staged_rows(self.sail, run_id), staged_rows(self.spark, run_id), lines)
        assert not found, f"Sail | Spark\n{found}"
        one, other = self._manifest(self.sail, run_id), self._manifest(self.spark, run_id)
        assert _without_files(one) == _without_files(other)
        return one

    def commit(self, run_id: str) -> None:
        for home in (self.sail, self.spark):
            home.commit(self._manifest(home, run_id))

    def _manifest(self, home: Home, run_id: str) -> Manifest:
        return read_manifest(storage_for(home.settings.zone("events")), run_id)


def _without_files(manifest: Manifest) -> dict[str, object]:
    return manifest.model_dump(exclude={"parquet", "attempt"})


@pytest.fixture
def pair(tmp_path: Path, jvm: Callable[[Home, str], bool]) -> Pair:
    return Pair(tmp_path, jvm)


def test_the_engines_agree_on_every_field_full_of_anything(pair: Pair, tmp_path: Path) -> None:
    manifest = pair.stage(*write_torture(tmp_path))
    assert set(manifest.quarantined) == set(RejectReason) - {RejectReason.LINE_TOO_LONG}


def test_the_engines_agree_on_real_files(pair: Pair, tmp_path: Path) -> None:
    if not SHARED.is_dir():
        pytest.skip(f"no real logs at {SHARED}")
    part = tmp_path / "cloudfront.log.gz"
    with (
        gzip.open(SHARED / "cloudfront-2011-1000k.log.gz", "rt") as whole,
        gzip.open(part, "wt", compresslevel=1) as out,
    ):
        out.writelines(itertools.islice(whole, 20_002))
    whole_files = [*SHARED.glob("nginx-2024/*.gz"), *SHARED.glob("apache*.gz"), *SHARED.glob("ecommerce*.gz")]
    manifest = pair.stage(part, *whole_files)
    assert manifest.lines == sum(waiting.record.lines for waiting in pair.sail.ledger.pending()) > 60_000


def test_the_engines_agree_on_what_comes_later(pair: Pair, tmp_path: Path) -> None:
    """The second run reads what the first stored: open sessions from the day before, and a day that gets late hits."""
    paths = {name: tmp_path / f"{name}.log" for name in ("first", "second", "late")}
    hit = '192.0.2.{} - - [{:02}/May/2024:{} +0000] "GET /{} HTTP/1.1" 200 1 "-" "Firefox"\n'
    at = ["23:30:00", "23:45:00", "23:45:00", "23:59:59"]
    paths["first"].write_text("".join(hit.format(n, day, time, "a") for n in (1, 2) for day in (12, 13) for time in at))
    paths["second"].write_text("".join(hit.format(n, 14, time, "b") for n in (1, 2, 3) for time in ["00:00:10", *at]))
    paths["late"].write_text("".join(hit.format(1, 13, time, "a") for time in ["00:10:00", "23:45:00"]))
    pair.stage(paths["first"])
    pair.commit("run-001")
    manifest = pair.stage(paths["second"], paths["late"])
    assert [day.isoformat() for day in manifest.dates] == ["2024-05-13", "2024-05-14"]
    pair.commit("run-002")
    assert pair.sail.rows() == pair.spark.rows()
