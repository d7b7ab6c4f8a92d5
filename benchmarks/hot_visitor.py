"""One visitor with two thirds of a day's events, against the same lines spread over many visitors.

    python -m benchmarks.hot_visitor [--lines 3000000] [--repetitions 5] [--sort-memory-gb 2]

Both logs have the same lines but for the client of two thirds of them: one address, or one of many of the same length.
So they have the same size, and only the skew differs. Measured is ``footfall stage``, a fresh process each, in turns,
and the most memory it held; then once the hot visitor with twice the lines, for the memory alone.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import statistics
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.harness import (
    SEED,
    VISITORS_PER_LINE,
    Cost,
    footfall,
    interleave,
    machine,
    options,
    run,
    scratch,
    table,
)
from benchmarks.lake import land
from footfall.generate import generate

AIM = 2
HOT, EVEN = "two thirds are one visitor", "spread evenly"
_HOT_SHARE: Final = 2 / 3
_HOT_ADDRESS = "100.64.100.100"
_EVENTS_PER_VISITOR = 15
# so many visitors are on the site at the same time: their events lie together in the log, as a visit's do
_VISITORS_AT_ONCE = 1_000
_AGENT: Final = b"Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0"
# only whole lines change their client: a broken one stays as it is in both logs
_LINE: Final = re.compile(rb'\S+( - - \[[^\]]+\] ".*" \d{3} \d+ "[^"]*" ")[^"]*("\n)')


def main() -> None:
    parser = options(__doc__, lines=3_000_000)
    parser.add_argument("--sort-memory-gb", type=float, help="FOOTFALL_ENGINE__SORT_MEMORY_GB (default: the product's)")
    arguments = parser.parse_args()
    with scratch(arguments.scratch) as folder:
        measure(arguments, folder)


def measure(arguments: argparse.Namespace, folder: Path) -> None:
    """Stage both logs in turns in ``folder`` and print times and memory."""
    print(f"{machine()}; {arguments.lines:,} lines", file=sys.stderr)
    hot, even = logs(folder, arguments.lines)
    homes = {HOT: folder / "home-hot", EVEN: folder / "home-even"}
    for name, log in {HOT: hot, EVEN: even}.items():
        land(homes[name], [log])
    peaks: dict[str, list[int]] = {name: [] for name in homes}

    def staged(name: str) -> Callable[[], float]:
        def stage_it() -> float:
            cost = stage(homes[name], arguments.sort_memory_gb)
            peaks[name].append(cost.peak_rss_bytes)
            return cost.seconds

        return stage_it

    print(table(interleave({name: staged(name) for name in homes}, arguments.repetitions), EVEN))
    print(f"\nThe aim is a ratio of at most {AIM}.\n\n| log | lines | MB | peak memory GiB |\n|---|---:|---:|---:|")
    for name, log in {HOT: hot, EVEN: even}.items():
        print(memory_row(name, arguments.lines, log, statistics.median(peaks[name])))
    twice, _ = logs(folder, 2 * arguments.lines)
    land(homes[HOT], [twice])
    print(memory_row(HOT, 2 * arguments.lines, twice, stage(homes[HOT], arguments.sort_memory_gb).peak_rss_bytes))


def memory_row(name: str, lines: int, log: Path, peak: float) -> str:
    """A row of the table of memory."""
    return f"| {name} | {lines:,} | {log.stat().st_size / 1e6:,.0f} | {peak / 2**30:.2f} |"


def stage(home: Path, sort_memory_gb: float | None) -> Cost:
    """Stage what is pending and throw it away, so that it stays pending."""
    environment = {"FOOTFALL_HOME": str(home)}
    if sort_memory_gb is not None:
        environment["FOOTFALL_ENGINE__SORT_MEMORY_GB"] = str(sort_memory_gb)
    cost = run(footfall("stage"), environment)
    answer = json.loads(cost.stdout)
    if not answer["staged"]:
        sys.exit(f"nothing was staged in {home}")
    shutil.rmtree(home / "lake" / "events" / answer["run_id"])
    return cost


def logs(folder: Path, lines: int) -> tuple[Path, Path]:
    """A log of one day with the hot visitor and one without, made once and kept in ``folder``."""
    hot, even = folder / f"hot-{lines}.log", folder / f"even-{lines}.log"
    if hot.exists() and even.exists():
        return hot, even
    parts = folder / "parts"
    shutil.rmtree(parts, ignore_errors=True)
    visitors = max(1, round(lines * VISITORS_PER_LINE))
    (day,) = generate(parts, days=1, visitors=visitors, seed=SEED, lines=lines, compress=False).files
    hot_unfinished, even_unfinished = parts / "hot", parts / "even"
    with day.open("rb") as content, hot_unfinished.open("wb") as out_hot, even_unfinished.open("wb") as out_even:
        for one, other in clients_changed(content, lines):
            out_hot.write(one)
            out_even.write(other)
    hot_unfinished.rename(hot)
    even_unfinished.rename(even)
    shutil.rmtree(parts)
    return hot, even


def clients_changed(content: Iterator[bytes], lines: int) -> Iterator[tuple[bytes, bytes]]:
    """Each line twice: two thirds of them from the hot address, and from one of many; the others as they are."""
    rng = np.random.default_rng(SEED)
    chosen = (rng.random(lines) < _HOT_SHARE).tolist()
    place = rng.integers(0, _VISITORS_AT_ONCE, lines).tolist()
    changed = 0
    for line, is_chosen, at in zip(content, chosen, place, strict=True):
        whole = _LINE.fullmatch(line) if is_chosen else None
        if whole is None:
            yield line, line
            continue
        visitor = changed // (_VISITORS_AT_ONCE * _EVENTS_PER_VISITOR) * _VISITORS_AT_ONCE + at
        rest = whole[1] + _AGENT + whole[2]
        yield _HOT_ADDRESS.encode() + rest, _address(visitor) + rest
        changed += 1


def _address(number: int) -> bytes:
    """As long as the hot address, for each number below 876,096."""
    rest, last = divmod(number, 156)
    second, third = divmod(rest, 156)
    return f"100.{64 + second}.{100 + third}.{100 + last}".encode()


if __name__ == "__main__":
    main()
