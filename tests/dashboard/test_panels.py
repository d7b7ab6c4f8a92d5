from __future__ import annotations

from typing import Any

from dashboard.panels import CONTENT, render

PAGES, REFERRERS = CONTENT[0], CONTENT[1]


def row(name: str | None, sessions: int, **values: Any) -> dict[str, Any]:
    return {"name": name, "sessions": sessions, "bounces": 1, "rows_total": 2, "sessions_total": 8} | values


def test_names_from_the_logs_cannot_become_markup() -> None:
    html = render(REFERRERS, [row("""<script>'"&""", 8, rows_total=1)])
    assert "<script>" not in html
    assert "&lt;script&gt;&#x27;&quot;&amp;" in html


def test_shares_are_of_all_rows_and_the_rest_is_named() -> None:
    html = render(REFERRERS, [row("a.example", 6)])
    assert "75.0%" in html
    assert "and 1 more with 2 sessions" in html


def test_a_missing_name_is_said_in_words() -> None:
    assert "(direct or unknown)" in render(REFERRERS, [row(None, 8)])


def test_hosts_are_written_only_where_there_are_several() -> None:
    page = {"host": "shop.example", "name": "/", "views": 1, "visitors": 1, "rows_total": 1, "views_total": 1}
    assert "shop.example/" in render(PAGES, [page], with_host=True)
    assert "shop.example" not in render(PAGES, [page])


def test_an_empty_panel_says_so() -> None:
    assert "No sessions in this period." in render(REFERRERS, [])
