"""From a seed to files: one access log a day, as logrotate would leave them."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from footfall.errors import InputError
from footfall.generate.behaviour import WEEKDAYS, browse, plan_visits
from footfall.generate.crawlers import crawl
from footfall.generate.damage import damage
from footfall.generate.hits import DAY_SECONDS, Hits
from footfall.generate.population import Population, make_population
from footfall.generate.render import CombinedFormat, sizes

DEFAULT_START: Final = date(2026, 10, 1)
BROKEN_SHARE: Final = 0.005
SESSIONS_PER_VISITOR_AND_DAY: Final = 0.08
# what a visit comes to on average, its share of machine traffic included; only a first guess where lines are counted
LINES_PER_VISIT: Final = 15.0
_CHUNK_LINES: Final = 65_536


@dataclass(frozen=True, slots=True)
class GenerateReport:
    """What was written: files in order of time, and counts over all of them."""

    files: tuple[Path, ...]
    lines: int
    broken_lines: int
    visits: int
    bytes_written: int
    seconds: float


def generate(
    output: Path,
    *,
    days: int = 14,
    visitors: int = 2_000,
    seed: int = 1,
    start: date = DEFAULT_START,
    lines: int | None = None,
    compress: bool = True,
) -> GenerateReport:
    """Write ``access-YYYY-MM-DD.log.gz`` (or ``.log``) for each day into ``output``, which is made if missing.

    The same arguments give the same bytes. Without ``lines`` the traffic follows from ``visitors`` and ``days``;
    with it, the same visitors come often or rarely enough for exactly that many lines, and the log ends there.

    Raises InputError for a count below 1, a negative seed, days past the year 9999, and an ``output`` that is a file.
    """
    for name, value, least in (("days", days, 1), ("visitors", visitors, 1), ("seed", seed, 0), ("lines", lines, 1)):
        if value is not None and value < least:
            raise InputError(f"--{name} is {value}: it must be at least {least}")
    if days > (date.max - start).days:
        raise InputError(f"--days is {days}: from --start {start} that runs past the year 9999; take fewer days")
    if output.exists() and not output.is_dir():
        raise InputError(f"{output} is a file: name a folder for the logs, or one that is not there yet")
    began = time.perf_counter()
    output.mkdir(parents=True, exist_ok=True)
    source = _Traffic(days, visitors, seed, start, lines)
    written, broken, count, size = [], 0, 0, 0
    with ThreadPoolExecutor(1) as compressor:
        for day, hits in enumerate(source.by_day()):
            if not len(hits):
                continue
            path = output / f"access-{start + timedelta(days=day)}.log{'.gz' if compress else ''}"
            rng = np.random.default_rng([seed, 2, day])
            hits = replace(hits, size=sizes(hits, rng))
            broken += _write(path, hits, source.format, rng, compressor if compress else None)
            written.append(path)
            count += len(hits)
            size += path.stat().st_size
    return GenerateReport(tuple(written), count, broken, source.visits, size, time.perf_counter() - began)


class _Traffic:
    """The hits of each day in order of time; visits that run past midnight go on in the next day's."""

    def __init__(self, days: int, visitors: int, seed: int, start: date, lines: int | None) -> None:
        self._midnight = int(datetime(start.year, start.month, start.day, tzinfo=UTC).timestamp())
        self._seed, self._lines, self._visitors = seed, lines, visitors
        weekday = (start.weekday() + np.arange(days)) % 7
        weight = WEEKDAYS[weekday] * np.random.default_rng([seed, 0]).uniform(0.94, 1.06, days)
        self._share = weight / weight.sum()
        self.population: Population = make_population(visitors, self._share, np.random.default_rng([seed, 1]))
        self.format = CombinedFormat(self.population)
        self.visits = 0
        self._sessions = 0

    def by_day(self) -> Iterator[Hits]:
        days = len(self._share)
        total_visits = self._visitors * (1 + SESSIONS_PER_VISITOR_AND_DAY * days)
        left, lines_per_visit = self._lines, LINES_PER_VISIT
        carried: Hits | None = None
        for day in range(days):
            rng = np.random.default_rng([self._seed, 3, day])
            share = self._share[day] / self._share[day:].sum()
            wanted = None if left is None else (left if day == days - 1 else round(left * share))
            visits = round(total_visits * self._share[day])
            if wanted is not None:
                begun = len(carried) if carried is not None else 0
                visits = round(max(0, wanted - begun) / lines_per_visit)
            hits = self._day(day, max(1, visits), rng)
            if carried is not None:
                hits = Hits.concat([carried, hits])
            end = self._midnight + (day + 1) * DAY_SECONDS
            if wanted is not None and day == days - 1:
                # the last day must reach the count by midnight: more visits until it does
                while int((hits.second < end).sum()) < wanted:
                    missing = wanted - int((hits.second < end).sum())
                    hits = Hits.concat([hits, self._day(day, max(1, round(1.02 * missing / lines_per_visit)), rng)])
            today = hits.second < end
            carried, hits = hits.take(~today), hits.take(today).by_time()
            if left is not None:
                hits = hits.take(slice(0, left))
                left -= len(hits)
                if visits:
                    lines_per_visit = max(1.0, len(hits) / visits)
            yield hits

    def _day(self, day: int, visits: int, rng: np.random.Generator) -> Hits:
        midnight = self._midnight + day * DAY_SECONDS
        plan = plan_visits(self.population, day, midnight, visits, self._sessions, rng)
        self._sessions += len(plan)
        machines = crawl(self.population, midnight, visits, self._sessions, rng)
        self._sessions = int(machines.session.max()) + 1
        self.visits += len(plan)
        return Hits.concat([browse(plan, rng), machines]) if len(plan) else machines


def _write(
    path: Path, hits: Hits, form: CombinedFormat, rng: np.random.Generator, compressor: ThreadPoolExecutor | None
) -> int:
    """Write one file, under its name only once it is whole; returns how many lines were broken."""
    broken = 0
    unfinished = path.with_name(f".{path.name}.unfinished")
    # window bits 31: a gzip header without a name or a time, so that equal content is equal bytes
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    try:
        with unfinished.open("wb") as file:
            pending: Future[bytes] | None = None
            for offset in range(0, len(hits), _CHUNK_LINES):
                lines, hurt = damage(form.lines(hits.take(slice(offset, offset + _CHUNK_LINES))), BROKEN_SHARE, rng)
                broken += hurt
                if compressor is None:
                    file.write(_content(lines))
                    continue
                if pending is not None:
                    file.write(pending.result())
                # zlib lets go of the interpreter: the next lines are made while these are packed
                pending = compressor.submit(packer.compress, _content(lines))
            if pending is not None:
                file.write(pending.result())
                file.write(packer.flush())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return broken


def _content(lines: pa.Array) -> memoryview:
    """The bytes of all values, one after another, without a copy."""
    _, offsets, data = lines.buffers()
    ends = np.frombuffer(offsets, np.int32, len(lines) + 1, lines.offset * 4)
    return memoryview(data)[int(ends[0]) : int(ends[-1])]
