"""Generated logs: the same for a seed, of the shape asked for, and like what a server writes about people."""

from __future__ import annotations

import gzip
import ipaddress
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from footfall.errors import InputError
from footfall.generate import DEFAULT_START, GenerateReport, generate
from footfall.generate.agents import AGENTS

COMBINED = re.compile(
    r'(?P<ip>\S+) - - \[(?P<time>[^\]]+)\] "(?P<request>(?:[^"\\]|\\.)*)" (?P<status>[1-5]\d\d) (?P<size>\d+|-) '
    r'"(?P<referrer>[^"]*)" "(?P<agent>[^"]*)"'
)
ALLOWED = [ipaddress.ip_network(net) for net in ("198.18.0.0/15", "100.64.0.0/10", "2001:db8::/32")]


class Hit(NamedTuple):
    ip: str
    time: datetime
    request: str
    status: str
    referrer: str
    agent: str


class Log(NamedTuple):
    report: GenerateReport
    by_file: dict[str, list[Hit]]
    broken: list[str]

    def hits(self) -> Iterator[Hit]:
        for hits in self.by_file.values():
            yield from hits


def _read(report: GenerateReport) -> Log:
    by_file: dict[str, list[Hit]] = {}
    broken = []
    for path in report.files:
        hits = by_file.setdefault(path.name, [])
        for line in gzip.decompress(path.read_bytes()).decode("utf-8", "backslashreplace").split("\n")[:-1]:
            match = COMBINED.fullmatch(line)
            try:
                time = datetime.strptime(match["time"], "%d/%b/%Y:%H:%M:%S %z") if match else None
            except ValueError:
                time = None
            if match is None or time is None:
                broken.append(line)
            else:
                hits.append(
                    Hit(match["ip"], time, match["request"], match["status"], match["referrer"], match["agent"])
                )
    return Log(report, by_file, broken)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    return _read(generate(tmp_path_factory.mktemp("logs"), days=7, visitors=4_000, seed=3))


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        generate(tmp_path / name, days=2, visitors=80, seed=seed)
    assert _contents(tmp_path / "a") == _contents(tmp_path / "b")
    assert _contents(tmp_path / "a") != _contents(tmp_path / "c")


def test_one_file_a_day_from_the_start_date(log: Log, tmp_path: Path) -> None:
    assert list(log.by_file) == [f"access-2026-10-{day:02d}.log.gz" for day in range(1, 8)]
    assert date(2026, 10, 1) == DEFAULT_START
    report = generate(tmp_path, days=2, visitors=20, seed=1, start=date(2024, 2, 28), compress=False)
    assert [path.name for path in report.files] == ["access-2024-02-28.log", "access-2024-02-29.log"]
    assert report.files[0].read_bytes().startswith((b"1", b"2"))


def test_hits_of_a_file_are_of_its_day_and_in_order(log: Log) -> None:
    for name, hits in log.by_file.items():
        times = [hit.time for hit in hits]
        assert times == sorted(times)
        assert {time.strftime("access-%Y-%m-%d.log.gz") for time in times} == {name}


def test_about_half_a_percent_of_the_lines_is_broken_and_the_report_counts_them(log: Log) -> None:
    assert log.report.lines == sum(len(hits) for hits in log.by_file.values()) + len(log.broken)
    assert log.report.broken_lines == len(log.broken)
    assert 0.003 < len(log.broken) / log.report.lines < 0.007
    assert any("\\x" in line for line in log.broken), "no binary noise"


@pytest.mark.parametrize(("days", "visitors", "lines"), [(1, 50, 1), (3, 400, 10_000), (2, 5_000, 300), (4, 3, 7_777)])
def test_lines_are_counted_exactly(tmp_path: Path, days: int, visitors: int, lines: int) -> None:
    report = generate(tmp_path, days=days, visitors=visitors, seed=2, lines=lines)
    assert report.lines == lines
    assert sum(gzip.decompress(path.read_bytes()).count(b"\n") for path in report.files) == lines


def test_evenings_are_busier_than_nights_and_sundays_than_fridays(log: Log) -> None:
    hours = Counter(hit.time.hour for hit in log.hits())
    assert sum(hours[h] for h in (18, 19, 20)) > 2 * sum(hours[h] for h in (2, 3, 4))
    days = {name: len(hits) for name, hits in log.by_file.items()}
    assert days["access-2026-10-04.log.gz"] > 1.1 * days["access-2026-10-02.log.gz"]


def test_people_come_back_and_stay_past_midnight(log: Log) -> None:
    days = defaultdict(set)
    for hit in log.hits():
        days[hit.ip, hit.agent].add(hit.time.date())
    people = [seen for (_, agent), seen in days.items() if not re.search("bot|curl|http", agent, re.I)]
    assert sum(len(seen) > 1 for seen in people) > 0.1 * len(people)

    last_seen: dict[tuple[str, str], datetime] = {}
    crossed = 0
    for hit in log.hits():
        before = last_seen.get((hit.ip, hit.agent), hit.time)
        crossed += before.date() < hit.time.date() and hit.time - before <= timedelta(minutes=30)
        last_seen[hit.ip, hit.agent] = hit.time
    assert crossed >= 2


def test_requests_look_like_a_shop(log: Log) -> None:
    hits = list(log.hits())
    statuses = Counter(hit.status for hit in hits)
    assert {"200", "301", "303", "304", "404"} <= statuses.keys()
    assert sum(hit.request.startswith("POST ") for hit in hits) > 100
    assert len({c for hit in hits for c in re.findall(r"^GET \S*utm_campaign=(\w+)", hit.request)}) >= 8
    hosts = {hit.referrer.split("/")[2] for hit in hits if hit.referrer.startswith("https://")}
    assert {"www.google.com", "t.co", "www.harbour-pine.example"} <= hosts
    pages = {hit.request.split()[1] for hit in hits if hit.request.startswith("GET ") and "/assets/" not in hit.request}
    own = {hit.referrer.removeprefix("https://www.harbour-pine.example") for hit in hits if "/harbour" in hit.referrer}
    assert own <= pages, "somebody came from a page that nobody had asked for"


def test_addresses_belong_to_nobody(log: Log) -> None:
    addresses = [ipaddress.ip_address(text) for text in {hit.ip for hit in log.hits()}]
    assert all(any(address in net for net in ALLOWED) for address in addresses)
    six = sum(address.version == 6 for address in addresses)
    assert 0.1 < six / len(addresses) < 0.35


def test_agents_are_many_and_of_every_kind(log: Log) -> None:
    assert len({agent.text for agent in AGENTS}) == len(AGENTS) >= 300
    seen = {hit.agent for hit in log.hits()}
    assert {agent.kind for agent in AGENTS if agent.text in seen} == {agent.kind for agent in AGENTS}


@pytest.mark.parametrize(
    "wrong", [{"days": 0}, {"visitors": 0}, {"seed": -1}, {"lines": 0}, {"start": date(9999, 12, 30)}]
)
def test_arguments_that_cannot_be_met_are_named(tmp_path: Path, wrong: dict[str, int]) -> None:
    with pytest.raises(InputError, match=f"--{next(iter(wrong))}"):
        generate(tmp_path / "logs", **{"days": 2, "visitors": 10, "seed": 1} | wrong)
    assert not (tmp_path / "logs").exists()


def test_a_file_is_no_folder_for_logs(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("mine")
    with pytest.raises(InputError, match="is a file"):
        generate(tmp_path / "logs", days=1, visitors=1, seed=1)
    assert (tmp_path / "logs").read_text() == "mine"
