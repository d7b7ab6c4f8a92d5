"""Who comes: people with one or two clients each (a client is an address and a user agent), and machines.

Every address is from a range set aside for tests or for carriers' inner networks (RFC 2544, 6598, 3849): none is
anybody's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from footfall.generate.agents import AGENTS, Kind
from footfall.generate.hits import IntArray

DEVICE_SHARE: Final[tuple[tuple[Kind, float], ...]] = (("desktop", 0.44), ("mobile", 0.50), ("tablet", 0.06))
MACHINE_KINDS: Final[tuple[Kind, ...]] = ("crawler", "scanner", "monitor")
IPV6_SHARE: Final = 0.22
SECOND_CLIENT_SHARE: Final = 0.22
# hours east of UTC where the visitors live, and how many live there
TIME_ZONES: Final = ((0, 0.24), (1, 0.38), (2, 0.14), (-5, 0.12), (-8, 0.06), (9, 0.06))
_BENCHMARK_NET: Final = (198 << 24) | (18 << 16)  # 198.18.0.0/15
_CARRIER_NET: Final = (100 << 24) | (64 << 16)  # 100.64.0.0/10
_MACHINE_CLIENTS_PER_AGENT: Final = 4


@dataclass(frozen=True, slots=True)
class Population:
    """People (columns of length V) and the clients they and the machines use (columns of length C).

    ``first_client``/``client_count`` say which rows of the client columns are a person's.
    """

    first_day: IntArray
    utc_offset_hours: IntArray
    activity: NDArray[np.float64]
    first_client: IntArray
    client_count: IntArray
    addresses: list[str]
    agents: IntArray
    crawlers: IntArray
    crawler_weights: NDArray[np.float64]
    scanners: IntArray
    monitors: IntArray

    def client_for(self, visitors: IntArray, rng: np.random.Generator) -> IntArray:
        """The client each visitor picks up this time: mostly the first."""
        other = rng.random(len(visitors)) < 0.3
        return self.first_client[visitors] + (other & (self.client_count[visitors] > 1))


def _ipv4(number: int) -> str:
    return f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def _ipv6(number: int) -> str:
    groups = [f"{number >> shift & 0xFFFF:x}" for shift in (48, 32, 16, 0)]
    return f"2001:db8:{groups[0]}:{groups[1]}::{groups[2]}:{groups[3]}"


def _agents_of(kind: Kind) -> tuple[IntArray, NDArray[np.float64]]:
    rows = np.array([i for i, agent in enumerate(AGENTS) if agent.kind == kind])
    weights = np.array([AGENTS[i].weight for i in rows])
    return rows, weights / weights.sum()


def _addresses(mobile: NDArray[np.bool_], rng: np.random.Generator) -> list[str]:
    """Phones come through a carrier's network, others from their own line; either may speak IPv6."""
    count = len(mobile)
    six = rng.random(count) < IPV6_SHARE
    four = np.where(
        mobile, _CARRIER_NET + rng.integers(0, 1 << 22, count), _BENCHMARK_NET + rng.integers(0, 1 << 17, count)
    )
    # only a few address bits vary in each group, as they do inside one provider's allocation
    groups = (
        (rng.integers(1, 64, count) << 48) | (rng.integers(0, 1 << 12, count) << 32) | rng.integers(1, 1 << 32, count)
    )
    return [
        _ipv6(s) if is_six else _ipv4(f)
        for is_six, f, s in zip(six.tolist(), four.tolist(), groups.tolist(), strict=True)
    ]


def make_population(visitors: int, day_weights: NDArray[np.float64], rng: np.random.Generator) -> Population:
    """``visitors`` people whose first visits are spread over the days by weight, and the machines."""
    zones, zone_shares = zip(*TIME_ZONES, strict=True)
    client_count = 1 + (rng.random(visitors) < SECOND_CLIENT_SHARE)
    first_client = np.concatenate(([0], np.cumsum(client_count)[:-1]))
    people = int(client_count.sum())

    kinds, kind_shares = zip(*DEVICE_SHARE, strict=True)
    kind_of_client = rng.choice(len(kinds), size=people, p=kind_shares)
    agents = np.empty(people, np.int64)
    for number, kind in enumerate(kinds):
        rows, weights = _agents_of(kind)
        mine = np.flatnonzero(kind_of_client == number)
        agents[mine] = rng.choice(rows, size=len(mine), p=weights)
    addresses = _addresses(kind_of_client == kinds.index("mobile"), rng)

    machines: dict[Kind, IntArray] = {}
    machine_weights: dict[Kind, NDArray[np.float64]] = {}
    for kind in MACHINE_KINDS:
        rows, weights = _agents_of(kind)
        start = len(agents)
        agents = np.concatenate((agents, np.repeat(rows, _MACHINE_CLIENTS_PER_AGENT)))
        addresses += _addresses(np.zeros(len(agents) - start, bool), rng)
        machines[kind] = np.arange(start, len(agents))
        machine_weights[kind] = np.repeat(weights / _MACHINE_CLIENTS_PER_AGENT, _MACHINE_CLIENTS_PER_AGENT)
    return Population(
        first_day=rng.choice(len(day_weights), size=visitors, p=day_weights),
        utc_offset_hours=rng.choice(zones, size=visitors, p=zone_shares),
        # a few regulars, many who come once or twice
        activity=rng.lognormal(0.0, 1.2, visitors),
        first_client=first_client,
        client_count=client_count,
        addresses=addresses,
        agents=agents,
        crawlers=machines["crawler"],
        crawler_weights=machine_weights["crawler"],
        scanners=machines["scanner"],
        monitors=machines["monitor"],
    )
