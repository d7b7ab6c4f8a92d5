"""Two weeks of visits that tell apart the numbers a dashboard likes to mix up, as contract rows.

Visitors come back on other days, sessions cross midnight, two sources share a date, pages of two hosts share a path,
one name is an attack, and most sessions of the second week are single views.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests import builders

ATTACK = "/<img src=x onerror=\"console.error('run')\">"
Row = dict[str, Any]


def visit(start: str, visitor: str, *pages: str, minutes: float = 5, **values: Any) -> list[Row]:
    """One session: its pages ``minutes`` apart. ``start`` is ``2024-05-01 10:00``, UTC."""
    first = datetime.fromisoformat(start).replace(tzinfo=UTC)
    return [
        builders.event(
            first + number * timedelta(minutes=minutes),
            visitor_id=visitor,
            session_start_ts=first,
            session_event_number=number + 1,
            page_url=page,
            page_path=page,
            **values,
        )
        for number, page in enumerate(pages)
    ]


def two_weeks() -> list[Row]:
    """1 to 14 May 2024; 6 May has no event at all."""
    rows: list[Row] = []
    phone: Row = {"device_type": "mobile", "browser": "Mobile Safari", "os": "iOS"}
    edge: Row = {"source": "cloudfront", "page_host": "shop.example"}
    purchase: Row = {"event_name": "purchase", "is_page_view": False, "price": Decimal("19.90"), "quantity": 2}
    for day in range(1, 15):
        if day == 6:
            continue
        date = f"2024-05-{day:02d}"
        rows += visit(f"{date} 08:00", "regular", "/", "/pricing", "/docs")
        rows += visit(f"{date} 12:00", f"guest-{day % 5}", "/docs", **phone)
        rows += visit(f"{date} 13:00", f"reader-{day}", ATTACK, referrer_host="news.example")
        for number in range(day // 4):
            rows += visit(f"{date} 15:{number:02d}", f"bounce-{day}-{number}", "/", referrer_host="search.example")
    # across midnight: into the last week, and into a date on which nothing else happens
    rows += visit("2024-05-07 23:50", "night owl", "/a", "/b", "/c", minutes=8)
    rows += visit("2024-05-05 23:58", "owl of the fifth", "/a", "/b")
    rows += visit("2024-05-03 09:00", "regular", "/", **edge)
    rows += visit("2024-05-10 09:00", "buyer", "/", "/basket", **edge)
    rows += visit("2024-05-12 09:00", "buyer", "/thanks", **edge, **purchase)
    return rows
