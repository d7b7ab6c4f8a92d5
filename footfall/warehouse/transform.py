"""Load and build in one call: what ``footfall transform`` and ``footfall run`` do."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date

from footfall.settings import Settings
from footfall.warehouse.build_db import building
from footfall.warehouse.dbt_runner import Build, build
from footfall.warehouse.load import load


@dataclass(frozen=True, slots=True)
class Transformed:
    """Which dates were built, and what dbt did; ``build`` is None when there was nothing to do."""

    dates: tuple[date, ...]
    build: Build | None


def transform(settings: Settings, *, full_refresh: bool = False) -> Transformed:
    """Build the marts for the dates that changed since the last complete build.

    Returns without starting dbt when nothing has changed, unless ``full_refresh`` asks for everything anew.

    Raises TransformError when a model or test fails and EnvironmentProblem when another process is building.
    """
    # on Google Cloud the scheduler lets one run build at a time
    with nullcontext() if settings.env == "gcp" else building(settings):
        dates = tuple(load(settings))
        if not dates and not full_refresh:
            return Transformed((), None)
        return Transformed(dates, build(settings, dates, full_refresh=full_refresh))
