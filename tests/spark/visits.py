"""Days of random visits as raw files of every format, full of what makes sessions hard to tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from random import Random

FIRST_DAY = datetime(2024, 5, 10, tzinfo=UTC)
GAPS = [0, 0, 1, 60, 600, 1799, 1800, 1800, 1801, 3 * 3600, 86_399, 86_400, 86_401]  # seconds
CAMPAIGNS = ["", "", "", "?utm_campaign=spring", "?utm_campaign=summer"]
CLOUDFRONT_HEADER = (
    "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status "
    "cs(Referer) cs(User-Agent) cs-uri-query x-edge-result-type x-edge-request-id\n"
)
CSV_HEADER = "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n"


@dataclass(frozen=True, slots=True)
class Visitor:
    name: int
    source: str  # the format in which everything this visitor does is logged

    def line(self, at: datetime, page: int, campaign: str, zone: timezone) -> str:
        if self.source == "ecommerce_csv":
            return f"{at:%Y-%m-%d %H:%M:%S} UTC,view,{page},7,,,1.00,{self.name},s{self.name}"
        if self.source == "cloudfront":
            fields = [
                f"{at:%Y-%m-%d\t%H:%M:%S}\tFRA2\t1\t192.0.2.{self.name}\tGET\tshop.example\t/{page}\t200\t-\tFirefox",
                campaign.removeprefix("?") or "-",
                "Hit",
                f"id{self.name}{at.timestamp():.0f}{page}{campaign}" if page else "-",
            ]
            return "\t".join(fields)
        local = f"{at.astimezone(zone):%d/%b/%Y:%H:%M:%S %z}"
        return f'192.0.2.{self.name} - - [{local}] "GET /{page}{campaign} HTTP/1.1" 200 1 "-" "Firefox"'


def write_files(folder: Path, random: Random) -> list[Path]:
    """Six days of visits in files by chance: days apart, days mixed, copies within a file and across files."""
    lines: list[tuple[datetime, str, str]] = []
    zones = [UTC, UTC, timezone(timedelta(hours=2)), timezone(timedelta(hours=-7))]
    for name in range(9):
        visitor = Visitor(name, ["combined", "cloudfront", "ecommerce_csv"][name % 3])
        at = FIRST_DAY + timedelta(seconds=random.choice([0, 80_000, 84_600, 86_399, 200_000]))
        gaps = [random.choice(GAPS) for _ in range(14)]
        if name in (0, 1):  # never idle, over days
            gaps += [random.choice([1799, 1800]) for _ in range(120)]
        for gap in gaps:
            at += timedelta(seconds=gap)
            campaign = random.choice(CAMPAIGNS) if name % 2 else ""
            hit = visitor.line(at, random.randrange(3), campaign, random.choice(zones))
            lines += [(at, visitor.source, hit)] * random.choice([1, 1, 1, 1, 2])
    lines += [(FIRST_DAY, "combined", "a line that is none")] * 2
    files: dict[tuple[str, int], list[str]] = {}
    for at, source, line in sorted(lines):
        day = (at - FIRST_DAY).days
        # mostly the file of the day, sometimes a late one
        places = [day if random.random() < 0.9 else random.choice([100, 101])]
        places += [random.choice([day, 100])] * (random.random() < 0.06)
        for place in places:
            files.setdefault((source, place), []).append(line)
    paths = []
    headers = {"cloudfront": CLOUDFRONT_HEADER, "ecommerce_csv": CSV_HEADER}
    for (source, place), content in files.items():
        if not any(line != "a line that is none" for line in content):
            continue
        path = folder / f"{source}-{place}.log"
        path.write_text(headers.get(source, "") + "\n".join(content) + "\n")
        paths.append(path)
    return paths


def deliveries(paths: list[Path], random: Random) -> list[list[Path]]:
    """The files in the order and portions in which they arrive."""
    shuffled = random.sample(paths, len(paths))
    bounds = sorted({0, len(paths), *random.choices(range(len(paths)), k=3)})
    return [shuffled[start:stop] for start, stop in pairwise(bounds)]
