"""What people do: one day's visits, page by page, with everything a browser loads beside each page.

All visits walk at once: step k draws the k-th page of every visit that is still going on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from footfall.generate import site
from footfall.generate.hits import GET, POST, Hits, IntArray
from footfall.generate.population import Population
from footfall.generate.site import Source, State

MAX_PAGES: Final = 60
# share of a day's visits that begin in each local hour, and of a week's on each day from Monday
HOURS: Final = np.array([1.1, 0.6, 0.4, 0.3, 0.3, 0.5, 1.3, 2.6, 3.8, 4.6, 5.0, 5.2, 5.6, 5.3, 5.0, 4.9, 5.0, 5.4, 6.0,
                         7.2, 8.6, 8.8, 6.6, 3.2])  # fmt: skip
WEEKDAYS: Final = np.array([1.02, 0.97, 0.95, 0.96, 0.92, 1.03, 1.22])

_FAST: Final = np.isin(np.arange(len(State)), [*site.REDIRECTS])
_ERROR_SHARE: Final = 0.003
_TAB_LEFT_OPEN_SHARE: Final = 0.012
_RETURNING_CACHED_SHARE: Final = 0.7
# a few pages are read a lot: how strongly the n-th most popular falls behind the first
_POPULARITY: Final = {State.PRODUCT: 2.2, State.POST: 2.0, State.CATEGORY: 1.5}


@dataclass(frozen=True, slots=True)
class Visits:
    """One row a visit: who (visitor, client), when it begins (Unix second), and whether the person has been before."""

    visitor: IntArray
    client: IntArray
    session: IntArray
    begin: IntArray
    returning: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.visitor)


def plan_visits(
    population: Population, day: int, midnight: int, count: int, first_session: int, rng: np.random.Generator
) -> Visits:
    """``count`` visits that begin on this day: everyone whose first day it is, then those who come back.

    ``midnight`` is the day's first Unix second; sessions are numbered from ``first_session``.
    """
    new = rng.permutation(np.flatnonzero(population.first_day == day))[:count]
    again = count - len(new)
    known = np.cumsum(population.activity * (population.first_day <= day))
    drawn = (
        np.searchsorted(known, rng.random(again) * known[-1], side="right") if known[-1] > 0 else np.zeros(0, np.int64)
    )
    visitor = np.concatenate((new, drawn))
    local_hour = rng.choice(24, size=len(visitor), p=HOURS / HOURS.sum())
    hour = (local_hour - population.utc_offset_hours[visitor]) % 24
    return Visits(
        visitor=visitor,
        client=population.client_for(visitor, rng),
        session=np.arange(first_session, first_session + len(visitor)),
        begin=midnight + hour * 3600 + rng.integers(0, 3600, len(visitor)),
        returning=np.concatenate((np.zeros(len(new), bool), np.ones(len(drawn), bool))),
    )


def _draw(cdf: NDArray[np.float64], rng: np.random.Generator) -> IntArray:
    """One column number a row of cumulative shares."""
    column: IntArray = np.minimum((rng.random((len(cdf), 1)) >= cdf).sum(axis=1), cdf.shape[1] - 1)
    return column


def _page_of(state: IntArray, rng: np.random.Generator) -> IntArray:
    """A row of ``PATHS`` for each state: popular pages more often."""
    exponent = np.ones(len(State))
    for which, value in _POPULARITY.items():
        exponent[which] = value
    rank = rng.random(len(state)) ** exponent[state]
    page: IntArray = site.FIRST_PAGE[state] + (rank * site.PAGE_COUNT[state]).astype(np.int64)
    return page


def _query_of(state: IntArray, rng: np.random.Generator) -> IntArray:
    count = len(state)
    search = site.FIRST_SEARCH + (site.SEARCH_COUNT * rng.random(count) ** 1.6).astype(np.int64)
    listing = np.where(rng.random(count) < 0.15, site.FIRST_LISTING + rng.integers(0, site.LISTING_COUNT, count), 0)
    return np.where(state == State.SEARCH, search, np.where(state == State.CATEGORY, listing, site.NO_QUERY))


def _think_seconds(state: IntArray, rng: np.random.Generator) -> IntArray:
    """How long after a page the next one is asked for; a browser follows a redirect at once."""
    count = len(state)
    seconds = np.clip(rng.lognormal(3.1, 1.15, count), 1, 1_700)
    left_open = rng.random(count) < _TAB_LEFT_OPEN_SHARE
    seconds = np.where(left_open, rng.uniform(1_900, 9_000, count), seconds)
    return np.where(_FAST[state], rng.random(count) < 0.3, seconds).astype(np.int64)


def _landings(count: int, rng: np.random.Generator) -> tuple[IntArray, IntArray, IntArray]:
    """(state, referrer row, campaign query or 0) each visit begins with."""
    source = rng.choice(len(Source), size=count, p=site.SOURCE_SHARE)
    referrer, campaign = np.zeros(count, np.int64), np.full(count, -1)
    for which in Source:
        mine = np.flatnonzero(source == which)
        referrer[mine] = rng.choice(site.SOURCE_REFERRERS[which], size=len(mine))
        campaign[mine] = rng.choice(site.SOURCE_CAMPAIGNS[which], size=len(mine))
    query = np.where(campaign >= 0, site.FIRST_CAMPAIGN + campaign, site.NO_QUERY)
    return _draw(site.LANDING_CDF[source], rng), referrer, query


def _walk(visits: Visits, rng: np.random.Generator) -> tuple[Hits, IntArray, NDArray[np.bool_]]:
    """(page requests, their states, whether each is its visit's first)."""
    state, referrer, campaign = _landings(len(visits), rng)
    going = np.arange(len(visits))
    clock = visits.begin.copy()
    from_path, from_query = np.zeros(len(visits), np.int64), np.zeros(len(visits), np.int64)
    pages: list[Hits] = []
    states: list[IntArray] = []
    for step in range(MAX_PAGES):
        path = _page_of(state, rng)
        query = np.where(campaign > 0, campaign, _query_of(state, rng)) if step == 0 else _query_of(state, rng)
        status = site.STATUS[state]
        failed = (rng.random(len(state)) < _ERROR_SHARE) & (status == 200)
        status = np.where(failed, rng.choice([500, 502, 503], size=len(state)), status)
        pages.append(Hits.build(
            second=clock, client=visits.client[going], session=visits.session[going],
            method=np.where(np.isin(state, site.POSTS), POST, GET), path=path, query=query, status=status,
            referrer=referrer, referrer_path=from_path, referrer_query=from_query,
        ))  # fmt: skip
        states.append(state)
        next_state = _draw(site.TRANSITION_CDF[state], rng)
        stays = next_state != State.LEAVE
        clock = clock + _think_seconds(state, rng)
        # a browser that follows a redirect keeps the referrer of the request that was redirected
        moved = state == State.MOVED
        from_path = np.where(moved, from_path, path)[stays]
        from_query = np.where(moved, from_query, query)[stays]
        referrer = np.where(moved, referrer, site.OWN_SITE)[stays]
        going, clock, state = going[stays], clock[stays], next_state[stays]
        if not len(going):
            break
    hits, all_states = Hits.concat(pages), np.concatenate(states)
    first = np.zeros(len(hits), bool)
    first[: len(visits)] = True
    return hits, all_states, first


def _loads(
    pages: Hits, rows: IntArray, counts: IntArray, rng: np.random.Generator
) -> tuple[IntArray, IntArray, IntArray]:
    """For ``counts`` files loaded by each page: (page row, position among that page's files, second of the request)."""
    page = np.repeat(rows, counts)
    position = np.arange(len(page)) - np.repeat(np.cumsum(counts) - counts, counts)
    return page, position, pages.second[page] + (rng.random(len(page)) < 0.35)


def _asset_hits(pages: Hits, page: IntArray, path: IntArray, second: IntArray, status: IntArray | int = 200) -> Hits:
    return Hits.build(
        second=second, client=pages.client[page], session=pages.session[page], path=path, status=status,
        referrer=np.full(len(page), site.OWN_SITE), referrer_path=pages.path[page], referrer_query=pages.query[page],
    )  # fmt: skip


def _assets(pages: Hits, state: IntArray, first: NDArray[np.bool_], returning: NDArray[np.bool_],
            rng: np.random.Generator) -> list[Hits]:  # fmt: skip
    delivered = pages.status == 200
    cached = returning & (rng.random(len(returning)) < _RETURNING_CACHED_SHARE)

    # style sheets, scripts, fonts: once a visit; someone who has been before asks whether they changed, or not at all
    rows = np.flatnonzero(first & delivered)
    counts = np.where(cached, rng.integers(0, 3, len(cached)), site.SHARED_ASSET_COUNT)[: len(first)][rows]
    page, position, second = _loads(pages, rows, counts, rng)
    status = np.where(cached[page], 304, 200)
    shared = _asset_hits(pages, page, site.SHARED_ASSETS + position, second, status)

    rows = np.flatnonzero((state == State.PRODUCT) & delivered)
    page, position, second = _loads(pages, rows, rng.integers(1, site.IMAGES_PER_PRODUCT + 1, len(rows)), rng)
    product = pages.path[page] - site.FIRST_PAGE[State.PRODUCT]
    images = _asset_hits(pages, page, site.PRODUCT_IMAGES + product * site.IMAGES_PER_PRODUCT + position, second)

    rows = rows[rng.random(len(rows)) < 0.3]
    product = pages.path[rows] - site.FIRST_PAGE[State.PRODUCT]
    stock = _asset_hits(pages, rows, site.STOCK + product, pages.second[rows] + 1)

    listing = (state == State.CATEGORY) | (state == State.SEARCH) | (state == State.HOME)
    rows = np.flatnonzero(listing & delivered)
    page, _, second = _loads(pages, rows, rng.integers(0, 6, len(rows)), rng)
    product = (site.PRODUCTS * rng.random(len(page)) ** _POPULARITY[State.PRODUCT]).astype(np.int64)
    thumbs = _asset_hits(pages, page, site.PRODUCT_IMAGES + product * site.IMAGES_PER_PRODUCT, second)

    rows = np.flatnonzero((state == State.POST) & delivered)
    page, position, second = _loads(pages, rows, rng.integers(0, site.IMAGES_PER_POST + 1, len(rows)), rng)
    post = pages.path[page] - site.FIRST_PAGE[State.POST]
    pictures = _asset_hits(pages, page, site.POST_IMAGES + post * site.IMAGES_PER_POST + position, second)

    rows = np.flatnonzero(first & ~returning[: len(first)] & (rng.random(len(first)) < 0.4))
    icon = _asset_hits(pages, rows, np.full(len(rows), site.FAVICON), pages.second[rows] + 1)
    return [shared, images, stock, thumbs, pictures, icon]


def browse(visits: Visits, rng: np.random.Generator) -> Hits:
    """Every request of these visits, in no particular order; ``size`` is left at 0 for ``render`` to fill in."""
    pages, state, first = _walk(visits, rng)
    returning = visits.returning[pages.session - visits.session[0]]
    return Hits.concat([pages, *_assets(pages, state, first, returning, rng)])
