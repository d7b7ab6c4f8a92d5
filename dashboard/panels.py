"""Breakdown panels: a ranked table with a bar behind each row, as escaped HTML.

Names come out of web logs, where anybody can write anything: every one of them passes through :func:`html.escape`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from dashboard import queries
from dashboard.figures import Unit, written
from dashboard.queries import Selection

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Panel:
    """One breakdown: what it counts, in which order, and the words for it.

    ``size`` is the column the rows are ranked by and the bar shows; ``size_total`` is its sum over all rows, not just
    the rows shown.
    """

    key: str
    title: str
    definition: str
    name_header: str
    missing: str
    sql: Callable[[Selection], str]
    size: str = "sessions"
    size_total: str = "sessions_total"
    extra_header: str = "Bounce rate"
    extra: Callable[[Row], str] = lambda row: written(row["bounces"] / row["sessions"], Unit.SHARE)


def _by(column: str) -> Callable[[Selection], str]:
    return lambda selection: queries.sessions_by(selection, column)


def _by_page(column: str) -> Callable[[Selection], str]:
    return lambda selection: queries.sessions_by_page(selection, column)


CONTENT: tuple[Panel, ...] = (
    Panel(
        "top_pages",
        "Top pages",
        "Page views in the period by page: host and path, without the query. Visitors are distinct for each page.",
        "Page",
        "(no path)",
        queries.top_pages,
        size="views",
        size_total="views_total",
        extra_header="Visitors",
        extra=lambda row: written(row["visitors"], Unit.COUNT),
    ),
    Panel(
        "referrers",
        "Top referrers",
        "Sessions by the host that referred their first event.",
        "Referrer",
        "(direct or unknown)",
        _by("referrer_host"),
    ),
    Panel(
        "landing_pages",
        "Landing pages",
        "Sessions by the first page viewed.",
        "Page",
        "(no page viewed)",
        _by_page("landing_page_id"),
    ),
    Panel(
        "exit_pages",
        "Exit pages",
        "Sessions by the last page viewed.",
        "Page",
        "(no page viewed)",
        _by_page("exit_page_id"),
    ),
)
TECHNOLOGY: tuple[Panel, ...] = (
    Panel("devices", "Devices", "Sessions by device type.", "Device", "(unknown)", _by("device_type")),
    Panel("browsers", "Browsers", "Sessions by browser family.", "Browser", "(unknown)", _by("browser")),
    Panel("systems", "Operating systems", "Sessions by operating system.", "System", "(unknown)", _by("os")),
)


def render(panel: Panel, rows: list[dict[str, Any]], *, with_host: bool = False) -> str:
    """The panel as HTML: title, table, and how many rows are not shown.

    ``with_host`` writes pages with their host, for data that has several.
    """
    if not rows:
        return (
            f"<section class='ff-panel' id='{panel.key}'><h3>{escape(panel.title)}</h3>"
            f"<p class='rest'>No {escape(panel.size)} in this period.</p></section>"
        )
    header = (
        f"<tr><th scope='col'>{escape(panel.name_header)}</th>"
        f"<th scope='col' class='n'>{escape(panel.size.capitalize())}</th><th scope='col' class='n'>Share</th>"
        f"<th scope='col' class='n'>{escape(panel.extra_header)}</th></tr>"
    )
    body = "".join(_row(panel, row, with_host) for row in rows)
    return (
        f"<section class='ff-panel' id='{panel.key}'><table><caption>{escape(panel.title)}</caption>"
        f"<thead>{header}</thead><tbody>{body}</tbody></table>{_remainder(panel, rows)}</section>"
    )


def _row(panel: Panel, row: Row, with_host: bool) -> str:
    share = row[panel.size] / row[panel.size_total]
    missing = row["name"] is None or row["name"] == ""
    host = row.get("host") or "" if with_host else ""
    name = escape(panel.missing if missing else f"{host}{row['name']}")
    label = f"<em>{name}</em>" if missing else name
    return (
        f"<tr><th scope='row' title='{name}'><span class='bar' style='width:{share * 100:.2f}%'></span>"
        f"<span class='name'>{label}</span></th>"
        f"<td>{written(row[panel.size], Unit.COUNT)}</td><td>{written(share, Unit.SHARE)}</td>"
        f"<td>{panel.extra(row)}</td></tr>"
    )


def _remainder(panel: Panel, rows: list[dict[str, Any]]) -> str:
    if rows[0]["rows_total"] <= len(rows):
        return ""
    more = rows[0]["rows_total"] - len(rows)
    size = rows[0][panel.size_total] - sum(row[panel.size] for row in rows)
    return f"<p class='rest'>and {more:,} more with {size:,} {escape(panel.size)}</p>"
