"""Traffic that makes sessions hard to tell, as files cut at random, and histories of what is done with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import strategies as st

from tests.exactness.history import (
    Build,
    Commit,
    Deliver,
    File,
    History,
    Kill,
    Operation,
    Overtaken,
    Replay,
    Run,
    TakeOut,
)

FIRST_DAY = datetime(2024, 5, 10, tzinfo=UTC)
STARTS = ["12:00:00", "23:59:59", "00:00:00", "23:30:00", "00:29:59"]
ZONES = [UTC, timezone(timedelta(hours=2)), timezone(timedelta(hours=-7))]
BAD_LINES = {
    "combined": [
        "a line that is none",
        '192.0.2.1 - - [10/May/2024:12:00:00 +0000] "GET /a HTTP/1.1" 999 1 "-" "Firefox"',
    ],
    "cloudfront": ["a line that is none", "2024-05-10\t12:00:00"],
    "ecommerce_csv": ["a line that is none", "2024-05-10 12:00:00 UTC,view,a,7,,,dear,1,s"],
}


@st.composite
def histories(draw: st.DrawFn, *, kills: bool = True) -> History:
    """Any history; without ``kills`` none of an operation that writes."""
    timeout = draw(st.sampled_from([30, 240]))  # with 240 a day without a pause is seven events
    campaigns = draw(st.booleans())
    files: dict[str, File] = {}
    sources = draw(st.sampled_from([("combined",), ("ecommerce_csv",), ("cloudfront",), ("combined", "ecommerce_csv")]))
    for source in sources:
        files |= draw(_files(source, timeout, campaigns))
    return History(files, draw(_operations(sorted(files), kills)), timeout, campaigns)


@st.composite
def _files(draw: st.DrawFn, source: str, timeout: int, campaigns: bool) -> dict[str, File]:
    """The lines of some visitors, each in a file or more, and another cut of the same lines."""
    lines: list[tuple[datetime, str]] = []
    for visitor in range(draw(st.integers(1, 3))):
        lines += draw(_visitor(source, visitor, timeout, campaigns))
    lines.sort()
    places: list[list[str]] = [[] for _ in range(draw(st.integers(1, 3)))]
    for at, line in lines:
        # as logs are: a file for each day; now and then somewhere else, too, or twice
        day = (at - FIRST_DAY).days % len(places)
        here = [day, *draw(st.sampled_from([[]] * 5 + [[0], [1], [2], [day]]))]
        for place in here:
            places[place % len(places)].append(line)
    if draw(st.booleans()):
        whole = [line for _, line in lines]
        start = draw(st.integers(0, len(whole)))
        places.append(whole[start : start + draw(st.integers(0, len(whole)))])
    places[0] += draw(st.lists(st.sampled_from(BAD_LINES[source]), max_size=2))
    return {
        f"{source}-{number}.log": File(source, tuple(content), zipped=draw(st.booleans()))
        for number, content in enumerate(places)
    }


@st.composite
def _visitor(draw: st.DrawFn, source: str, visitor: int, timeout: int, campaigns: bool) -> list[tuple[datetime, str]]:
    limit = 60 * timeout
    gaps = st.sampled_from(
        [60, limit, limit + 1, limit - 1, 0, 0, 1, 3600, 86_399, 86_400, 86_401, -1, -3600]  # a clock may jump back
    )
    start = datetime.combine(FIRST_DAY, datetime.strptime(draw(st.sampled_from(STARTS)), "%H:%M:%S").time(), UTC)
    steps = draw(st.lists(gaps, max_size=7))
    if draw(st.integers(0, 3)) == 3:  # never idle, over days
        steps += [draw(st.sampled_from([limit, limit - 1]))] * draw(st.integers(1, 4 * 86_400 // limit // 2))
    at = start + timedelta(days=draw(st.integers(0, 2)))
    lines = [(at, _line(draw, source, visitor, at, campaigns))]
    for step in steps:
        at += timedelta(seconds=step)
        lines.append((at, _line(draw, source, visitor, at, campaigns)))
    return lines


def _line(draw: st.DrawFn, source: str, visitor: int, at: datetime, campaigns: bool) -> str:
    page = draw(st.sampled_from("ab"))
    if source == "ecommerce_csv":
        action, price = draw(st.sampled_from([("view", "1.00"), ("purchase", "9.99"), ("cart", "2.50")]))
        return f"{at:%Y-%m-%d %H:%M:%S} UTC,{action},{page},7,,,{price},{visitor},s{visitor}"
    campaign = draw(st.sampled_from(["", "utm_campaign=spring", "utm_campaign=summer"])) if campaigns else ""
    if source == "cloudfront":
        own_id = f"id{visitor}{at.timestamp():.0f}{page}{campaign[13:]}" if page == "a" else "-"
        head = f"{at:%Y-%m-%d\t%H:%M:%S}\tFRA2\t1\t192.0.2.{visitor}\tGET\tshop.example\t/{page}\t200\t-\tFirefox"
        return f"{head}\t{campaign or '-'}\tHit\t{own_id}"
    local = f"{at.astimezone(draw(st.sampled_from(ZONES))):%d/%b/%Y:%H:%M:%S %z}"
    target = f"/{page}?{campaign}" if campaign else f"/{page}"
    return f'192.0.2.{visitor} - - [{local}] "GET {target} HTTP/1.1" 200 1 "-" "Firefox"'


@st.composite
def _operations(draw: st.DrawFn, names: list[str], kills: bool) -> tuple[Operation, ...]:
    deaths = st.builds(Kill, st.integers(1, 9), st.booleans()) if kills else st.none()
    rarely = st.one_of(st.none(), st.none(), st.none(), st.none(), deaths)
    often = st.one_of(st.none(), deaths)
    some = st.lists(st.sampled_from(names), min_size=1, max_size=3).map(tuple)
    done: list[Operation] = []
    for _ in range(draw(st.integers(1, 3))):
        done.append(Deliver(draw(some), draw(rarely)))
        there = st.sampled_from(sorted({name for step in done if isinstance(step, Deliver) for name in step.names}))
        match draw(st.integers(0, 6)):
            case 3 | 4:
                done.append(TakeOut(draw(there), draw(rarely)))
            case 5:
                done.append(Replay(draw(st.one_of(st.tuples(there), st.just(()))), draw(rarely)))
            case 6 if kills:
                done.append(Overtaken())
        kill = draw(often)
        done.append(Run(kill, again=draw(st.booleans())))
        if kill and draw(st.booleans()):
            done.append(Commit())
        if draw(st.integers(0, 4)) == 4:
            done.append(Build(draw(st.one_of(st.none(), st.integers(0, 10)))))
    return tuple(done)
