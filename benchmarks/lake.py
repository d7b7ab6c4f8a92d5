"""A lake with landed files, for benchmarks that begin after ingest."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable
from pathlib import Path

from footfall.lake.delivery import find
from footfall.lake.landing import land as land_files
from footfall.settings import Settings


def land(home: Path, files: Iterable[Path]) -> float:
    """Make an empty lake below ``home`` and land the files; returns the seconds that landing took."""
    shutil.rmtree(home, ignore_errors=True)
    settings = Settings(home=home)
    began = time.perf_counter()
    for landing in land_files(settings, find(map(str, files)), "20261101T000000Z-bench"):
        if landing.refused:
            raise SystemExit(f"not landed: {landing.refused}")
    return time.perf_counter() - began
