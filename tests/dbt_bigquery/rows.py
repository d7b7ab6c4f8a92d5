"""Event rows in two states, before and after late files arrived, that hold what two SQL dialects disagree about.

Midnights, leap days, year and week ends, microseconds, ties, NULLs, empty strings, letters outside ASCII, decimals to
nine places, thresholds met exactly. Sessions are stamped as the Spark job stamps them: 30 minutes, 24 hours.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from tests import builders

Row = dict[str, Any]

_TIMEOUT = timedelta(minutes=30)
_MAX_LENGTH = timedelta(hours=24)
_PAGES = ("/", "/products/é-bike", "/商品/42", "/blog/2024/02/29?q=😀", "/cart", "/search?q=a%20b", "/a'b\"c\\d")
_DAYS = (date(2023, 12, 30), date(2023, 12, 31), date(2024, 1, 1), date(2024, 2, 28), date(2024, 2, 29),
         date(2024, 3, 1), date(2024, 3, 3), date(2024, 3, 4))  # fmt: skip
_AGENTS = (("Firefox", "126.0", "Linux", "desktop"), ("Mobile Safari", "17.4", "iOS", "mobile"),
           ("Other", None, "Other", "other"), (None, None, None, None))  # fmt: skip
_REFERRERS = ((None, None), ("https://www.google.com/", "www.google.com"),
              ("https://münchen.example/a?b", "münchen.example"))  # fmt: skip
_CAMPAIGNS = ((None, None, None), ("newsletter", "email", "Frühling 2024"), ("google", "cpc", ""))
_PRICES = (Decimal("0.1"), Decimal("19.99"), Decimal("0.005"), Decimal("1234567.123456789"), None)


@dataclass(frozen=True)
class History:
    """Events as the warehouse last saw them, as they are now, and the dates whose partitions differ."""

    before: list[Row]
    after: list[Row]
    touched: tuple[date, ...]


def history(seed: int = 20240229) -> History:
    """Some hundred events over eleven dates; the same ones for the same seed."""
    chance = random.Random(seed)
    ordinary = [hit for number in range(14) for hit in _visitor(chance, f"visitor-{number:02d}")]
    after = sessionized([*ordinary, *_edges(), *_late()])
    before = sessionized([*ordinary, *_edges(), *_replaced()])
    touched = {row["event_date"] for row in _differing(before, after)}
    return History(before, after, tuple(sorted(touched)))


def sessionized(hits: Iterable[Row]) -> list[Row]:
    """Stamp session columns on contract rows: id, start, number in the session and why it began."""
    stamped = []
    ordered = sorted(hits, key=lambda hit: (hit["visitor_id"], hit["event_ts"], hit["event_id"]))
    for visitor, group in groupby(ordered, key=lambda hit: hit["visitor_id"]):
        start = last = None
        number, reason = 0, "inactivity"
        for hit in group:
            moment = hit["event_ts"]
            idle = last is None or moment - last > _TIMEOUT
            if idle or moment - start >= _MAX_LENGTH:
                reason = "inactivity" if idle else "max_duration"
                start, number = moment, 0
            last, number = moment, number + 1
            session = hashlib.sha256(f"{visitor}|{start.isoformat()}".encode()).hexdigest()[:32]
            stamped.append(hit | {"session_id": session, "session_start_ts": start, "session_event_number": number,
                                  "split_reason": reason})  # fmt: skip
    return stamped


def _differing(before: list[Row], after: list[Row]) -> list[Row]:
    old, new = ({row["event_id"]: row for row in rows} for rows in (before, after))
    return [row for one, other in ((old, new), (new, old)) for key, row in one.items() if other.get(key) != row]


def _at(day: date, clock: str) -> datetime:
    return datetime.fromisoformat(f"{day.isoformat()}T{clock}").replace(tzinfo=UTC)


def _hit(moment: datetime, visitor: str, path: str = "/", **values: Any) -> Row:
    return builders.event(moment, visitor_id=visitor, page_url=path, page_path=path.split("?")[0], **values)


def _visitor(chance: random.Random, visitor: str) -> list[Row]:
    """A visitor's ordinary life: visits at any hour of some of the days, a handful of hits each."""
    browser, browser_version, system, device = chance.choice(_AGENTS)
    referrer_url, referrer_host = chance.choice(_REFERRERS)
    hits = []
    for day in sorted(chance.sample(_DAYS, k=3)):
        source, medium, campaign = chance.choice(_CAMPAIGNS)
        moment = _at(day, "00:00:00") + timedelta(microseconds=chance.randrange(86_400_000_000))
        for position in range(chance.randint(1, 6)):
            name = chance.choice(("page_view", "page_view", "asset_request", "click", "add_to_cart", "purchase"))
            sold = name in ("add_to_cart", "purchase")
            hits.append(_hit(
                moment, visitor, chance.choice(_PAGES),
                event_name=name, is_page_view=name == "page_view",
                source=chance.choice(("combined", "cloudfront", "ecommerce_csv")),
                browser=browser, browser_version=browser_version, os=system, device_type=device,
                referrer_url=referrer_url if position == 0 else None,
                referrer_host=referrer_host if position == 0 else None,
                utm_source=source, utm_medium=medium, utm_campaign=campaign,
                http_status=chance.choice((200, 200, 304, 404, None)), bytes_sent=chance.choice((0, 1024, None)),
                time_taken_ms=chance.choice((None, 0.0, 12.5, 1 / 3)),
                engagement_ms=chance.choice((None, None, 0, 2_500)),
                product_id="sku-1" if sold else None, price=chance.choice(_PRICES) if sold else None,
                quantity=chance.choice((None, 1, 3)) if sold else None, currency="EUR" if sold else None,
                order_id=f"{visitor}-{position}" if name == "purchase" else None,
                bot_reasons=chance.choice((None, ["no_assets"])), properties=chance.choice((None, '{"a": "ü"}')),
            ))  # fmt: skip
            moment += timedelta(microseconds=chance.randrange(2_000_000_000))  # now and then more than 30 minutes
    return hits


def _edges() -> list[Row]:
    """Cases a seed might miss: each is a boundary one dialect puts elsewhere if its macro is wrong."""
    leap, march = date(2024, 2, 29), date(2024, 3, 1)
    tie = _at(march, "12:00:00")
    crossing = (_at(leap, "23:59:59.999999"), _at(march, "00:00:00"), _at(march, "00:10:00.000001"))
    return [
        # over midnight of a leap day; elapsed whole seconds and crossed boundaries differ by one
        *(_hit(moment, "edge-midnight", path) for moment, path in zip(crossing, _PAGES, strict=False)),
        # 0.9 s that cross a second; 10.9 s without a second page: "more than 10 s" depends on the rounding
        _hit(_at(march, "08:00:00.900000"), "edge-second"),
        _hit(_at(march, "08:00:01.800000"), "edge-second", "/a.css", event_name="asset_request", is_page_view=False),
        _hit(_at(march, "08:00:00.100000"), "edge-ten"),
        _hit(_at(march, "08:00:11.000000"), "edge-ten", "/a.css", event_name="asset_request", is_page_view=False),
        # engagement of exactly 10 s, and of 10.001 s
        _hit(_at(march, "09:00:00"), "edge-engaged-at", engagement_ms=10_000),
        _hit(_at(march, "09:00:00"), "edge-engaged-over", engagement_ms=10_001),
        # three hits in one microsecond, ordered by session_event_number alone
        *(_hit(tie, "edge-tie", path, line_number=line) for line, path in enumerate(("/b", "/a", "/c"), start=1)),
        # a session without any page view, then one without a path
        _hit(_at(march, "10:00:00"), "edge-assets", "/app.js", event_name="asset_request", is_page_view=False),
        builders.event(_at(march, "11:00:00"), visitor_id="edge-no-path", page_url=None, page_path=None),
        builders.event(_at(march, "11:00:00"), visitor_id="Édge-ünïcode-😀", page_url="", page_path=""),
        # twice on one day, then once more, with another device, user and title each time
        _hit(
            _at(march, "13:00:00"), "edge-twice", "/t", page_title="Old", user_id="u1", device_type="mobile", os="iOS"
        ),
        _hit(_at(march, "22:00:00"), "edge-twice", "/t", page_title="New", user_id="u2", device_type="tablet"),
        _hit(_at(date(2024, 3, 3), "13:00:00"), "edge-twice", "/t", page_title="Newest"),
        _hit(_at(date(2024, 3, 4), "13:00:00"), "edge-twice", "/t"),
        # two visitors of an untouched day, whose first days change
        _hit(_at(date(2024, 3, 12), "10:00:00"), "late-first", "/back", utm_source="newsletter"),
        _hit(_at(date(2024, 3, 12), "11:00:00"), "late-last", "/cart"),
        # a machine that never rests: the session ends after 24 hours and spans three dates in two sessions
        *(_hit(_at(leap, "01:00:00") + timedelta(minutes=25 * step), "edge-restless") for step in range(75)),
    ]


def _late() -> list[Row]:
    """What the late files held."""
    return [
        # bridges two sessions of one visitor, so that the later one's id and date go away
        _hit(_at(date(2024, 2, 28), "23:50:00"), "late-bridge", "/from"),
        _hit(_at(date(2024, 2, 29), "00:10:00"), "late-bridge", "/bridge"),
        _hit(_at(date(2024, 2, 29), "00:35:00"), "late-bridge", "/to"),
        # begins the day before a lone session, whose own date is then left without any session
        _hit(_at(date(2024, 3, 8), "23:45:00"), "late-lone", "/start"),
        _hit(_at(date(2024, 3, 9), "00:05:00"), "late-lone", "/end"),
        # a day the warehouse has not seen
        _hit(_at(date(2024, 3, 10), "06:00:00"), "late-new", "/first", referrer_host="new.example"),
        _hit(_at(date(2024, 3, 10), "06:00:20"), "visitor-00", "/商品/42"),
        # three days before the newest: this visitor has come earlier than was known
        _hit(_at(date(2024, 3, 9), "09:00:00"), "late-first", "/cart", referrer_host="first.example"),
    ]


def _replaced() -> list[Row]:
    """What the warehouse had of the same dates before the late files came."""
    late = [hit for hit in _late() if hit["page_path"] in ("/from", "/to", "/end")]
    return [
        *late,
        # its file was taken back: visitor, page and session go
        _hit(_at(date(2024, 3, 4), "05:00:00"), "gone", "/gone"),
        # ... and this visitor, who stays, has come later than was known
        _hit(_at(date(2024, 3, 9), "08:00:00"), "late-last", "/back"),
    ]
