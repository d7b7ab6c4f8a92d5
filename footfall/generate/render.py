"""Hits as a server writes them: the combined format of Apache and nginx, many lines at a time.

Every field is looked up in a table of its distinct texts and all fields are joined at once, so the cost is a few
copies of the bytes. The joined array's buffer is the file's content: every line carries its own line end.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from footfall.generate import site
from footfall.generate.agents import AGENTS
from footfall.generate.hits import DAY_SECONDS, HEAD, NONSENSE, Hits, IntArray
from footfall.generate.population import MACHINE_KINDS, Population

STATUSES: Final = np.array([200, 301, 303, 304, 400, 403, 404, 444, 500, 502, 503])
_NO_BODY: Final = np.array([304, 444])
# what a TLS client says to a port that speaks plain HTTP, as nginx writes it down
_NONSENSE_REQUEST: Final = r"\x16\x03\x01\x00\xEE\x01\x00"
_METHODS: Final = ("GET ", "POST ", "HEAD ", _NONSENSE_REQUEST)


def _table(values: list[str] | tuple[str, ...]) -> pa.Array:
    return pa.array([value.encode() for value in values], pa.binary())


def sizes(hits: Hits, rng: np.random.Generator) -> IntArray:
    """Bytes sent for each hit: about the same for the same path, none where the status has no body."""
    typical = np.random.default_rng(7).lognormal(9.6, 0.8, len(site.PATHS)).astype(np.int64) + 180
    # an answer of the stock service is a line of JSON
    typical[site.STOCK : site.SCANNED] = 180 + typical[site.STOCK : site.SCANNED] % 60
    size = typical[hits.path]
    # pages are made anew for each visitor; files never change
    size = np.where(hits.path < site.ROBOTS, (size * rng.uniform(0.93, 1.07, len(size))).astype(np.int64), size)
    size = np.where(hits.status >= 400, 153 + hits.status % 7, size)
    size = np.where((hits.status == 301) | (hits.status == 303), 0, size)
    return np.where(np.isin(hits.status, _NO_BODY) | (hits.method == HEAD), 0, size)


class CombinedFormat:
    """Renders hits of one population as combined log lines (time zone +0000)."""

    def __init__(self, population: Population) -> None:
        self._addresses = _table([f"{address} - - [" for address in population.addresses])
        self._agents = _table([f'" "{agent.text}"\n' for agent in AGENTS])
        self._agent_of_client = population.agents
        self._methods = _table(_METHODS)
        self._paths = _table(site.PATHS)
        self._queries = _table(site.QUERIES)
        self._referrers = _table([f' "{referrer}' for referrer in site.REFERRERS])
        # phones and browsers speak HTTP/2; machines mostly do not
        protocols = ["HTTP/1.1" if agent.kind in MACHINE_KINDS else "HTTP/2.0" for agent in AGENTS]
        self._modern = np.array([protocol == "HTTP/2.0" for protocol in protocols])
        ends = [f' {protocol}" {status} ' for protocol in ("HTTP/1.1", "HTTP/2.0") for status in STATUSES]
        self._ends = _table([*ends, *(f'" {status} ' for status in STATUSES)])
        self._day = -1
        self._clock = _table([])

    def _clock_of(self, day: int) -> pa.Array:
        """The 86,400 time stamps of a day since 1970, kept until another day is asked for."""
        if day != self._day:
            date = datetime.fromtimestamp(day * DAY_SECONDS, UTC).strftime("%d/%b/%Y")
            clock = [f'{date}:{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d} +0000] "' for s in range(DAY_SECONDS)]
            self._day, self._clock = day, _table(clock)
        return self._clock

    def lines(self, hits: Hits) -> pa.Array:
        """One binary value a hit, its line end included. All hits must be of one UTC day, in order of time."""
        agent = self._agent_of_client[hits.client]
        status = np.searchsorted(STATUSES, hits.status)
        end = np.where(hits.method == NONSENSE, 2, self._modern[agent]) * len(STATUSES) + status
        clock = self._clock_of(int(hits.second[0]) // DAY_SECONDS)
        fields = [
            self._addresses.take(pa.array(hits.client)),
            clock.take(pa.array(hits.second % DAY_SECONDS)),
            self._methods.take(pa.array(hits.method)),
            self._paths.take(pa.array(hits.path)),
            self._queries.take(pa.array(hits.query)),
            self._ends.take(pa.array(end)),
            pc.cast(pc.cast(pa.array(hits.size), pa.string()), pa.binary()),
            self._referrers.take(pa.array(hits.referrer)),
            self._paths.take(pa.array(hits.referrer_path)),
            self._queries.take(pa.array(hits.referrer_query)),
            self._agents.take(pa.array(agent)),
        ]
        return pc.binary_join_element_wise(*fields, pa.scalar(b"", pa.binary()))
