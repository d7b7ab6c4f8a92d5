"""What machines do: crawlers read page after page, scanners look for doors left open, monitors ask if all is well."""

from __future__ import annotations

from typing import Final

import numpy as np

from footfall.generate import site
from footfall.generate.hits import DAY_SECONDS, GET, HEAD, NONSENSE, POST, Hits
from footfall.generate.population import Population
from footfall.generate.site import State

_MAX_CRAWL: Final = 200
_MONITOR_CALLS_PER_DAY: Final = 288
_CRAWLED: Final = np.array(
    [State.HOME, State.CATEGORY, State.PRODUCT, State.POST, State.ABOUT, State.MISSING, State.MOVED]
)
_CRAWLED_SHARE: Final = np.array([0.05, 0.12, 0.52, 0.22, 0.04, 0.03, 0.02])


def crawl(
    population: Population, midnight: int, human_visits: int, first_session: int, rng: np.random.Generator
) -> Hits:
    """The machines' requests of the day that begins at Unix second ``midnight``, scaled to the day's visits.

    Their sessions are numbered from ``first_session``; a crawl that begins late goes on after midnight.
    """
    crawls = max(1, round(0.05 * human_visits))
    scans = max(1, round(0.02 * human_visits))
    calls = min(_MONITOR_CALLS_PER_DAY, max(1, human_visits // 10))
    parts = [
        _crawls(population, midnight, crawls, first_session, rng),
        _scans(population, midnight, scans, first_session + crawls, rng),
        _monitoring(population, midnight, calls, first_session + crawls + scans, rng),
    ]
    return Hits.concat(parts)


def _crawls(population: Population, midnight: int, count: int, first_session: int, rng: np.random.Generator) -> Hits:
    length = np.minimum(1 + rng.geometric(0.06, count), _MAX_CRAWL)
    crawl_of = np.repeat(np.arange(count), length)
    position = np.arange(len(crawl_of)) - np.repeat(np.cumsum(length) - length, length)
    pause = np.repeat(rng.uniform(1, 25, count), length) * rng.uniform(0.5, 1.5, len(crawl_of))
    elapsed = np.cumsum(pause)
    begin = midnight + rng.integers(0, DAY_SECONDS, count)
    second = begin[crawl_of] + (elapsed - np.repeat(elapsed[np.cumsum(length) - length], length)).astype(np.int64)

    state = rng.choice(_CRAWLED, size=len(crawl_of), p=_CRAWLED_SHARE)
    path = site.FIRST_PAGE[state] + (rng.random(len(state)) * site.PAGE_COUNT[state]).astype(np.int64)
    status = site.STATUS[state]
    # most crawls open with robots.txt; some pages have not changed since the last one
    asks = rng.random(len(state))
    path = np.where(
        (position == 0) & (asks < 0.7), site.ROBOTS, np.where((position == 1) & (asks < 0.1), site.SITEMAP, path)
    )
    status = np.where(
        path >= site.ROBOTS, 200, np.where((status == 200) & (rng.random(len(state)) < 0.12), 304, status)
    )
    client = rng.choice(population.crawlers, size=count, p=population.crawler_weights)
    return Hits.build(
        second=second, client=client[crawl_of], session=first_session + crawl_of, path=path, status=status
    )


def _scans(population: Population, midnight: int, count: int, first_session: int, rng: np.random.Generator) -> Hits:
    length = np.minimum(rng.geometric(0.25, count), 30)
    scan_of = np.repeat(np.arange(count), length)
    second = (midnight + rng.integers(0, DAY_SECONDS, count))[scan_of] + rng.integers(0, 20, len(scan_of))
    path = site.SCANNED + rng.integers(0, site.SCANNED_COUNT, len(scan_of))
    method = rng.choice([GET, POST, HEAD, NONSENSE], size=len(scan_of), p=[0.72, 0.16, 0.06, 0.06])
    status = np.where(method == NONSENSE, 400, rng.choice([404, 403, 444], size=len(scan_of), p=[0.86, 0.1, 0.04]))
    path = np.where(method == NONSENSE, site.NO_PATH, path)
    client = rng.choice(population.scanners, size=count)
    return Hits.build(
        second=second, client=client[scan_of], session=first_session + scan_of, method=method, path=path, status=status
    )


def _monitoring(population: Population, midnight: int, calls: int, session: int, rng: np.random.Generator) -> Hits:
    second = midnight + np.arange(calls) * (DAY_SECONDS // calls) + rng.integers(0, 3, calls)
    client = np.full(calls, population.monitors[0])
    return Hits.build(
        second=second, client=client, session=session, method=HEAD, path=np.full(calls, site.HEALTH), status=200
    )
