"""What the demo says at the end: the numbers a person can check, read back through the ``footfall`` command."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from footfall.settings import Settings
from launch.command import footfall_json, query
from launch.progress import Stage

TOTALS_SQL = """
select
    count(*) as sessions,
    count(distinct visitor_id) as visitors,
    round(avg(case when is_bounce then 1.0 else 0.0 end), 4) as bounce_rate
from fct_sessions
"""
TOP_PAGES_SQL = """
select page_path, count(*) as views
from fct_page_views
group by page_path
order by views desc, page_path
limit 5
"""
NEXT_STEPS = (
    ("source .venv/bin/activate", "once in a shell, so that it finds footfall"),
    ('footfall query "select * from agg_daily_metrics"', "ask the marts anything"),
    ("make up", "Airflow and the dashboard in the browser"),
    ("footfall run PATH...", "the same for your own log files"),
)


def print_summary(environment: dict[str, str], settings: Settings, stages: list[Stage], total_seconds: float) -> None:
    """Print counts, top pages and seconds per stage, and what to run next.

    ``total_seconds`` is the whole run by the clock; what no stage accounts for is shown as Airflow's.
    """
    status = footfall_json(["status", "--format", "json"], environment)
    totals = query(TOTALS_SQL, environment)[0]
    console = Console(highlight=False)
    console.print()
    console.print(_figures(status, totals))
    console.print(_table("Top pages", "page", "views", query(TOP_PAGES_SQL, environment)))
    seconds = Table(title="Seconds per stage", title_justify="left", show_footer=True)
    seconds.add_column("stage", footer="total")
    seconds.add_column("seconds", justify="right", footer=f"{total_seconds:.1f}")
    for name, spent in _by_step(stages).items():
        seconds.add_row(name, f"{spent:.1f}")
    between = total_seconds - sum(stage.seconds for stage in stages)
    seconds.add_row("Airflow, between the stages", f"{between:.1f}")
    console.print(seconds)
    _print_next_steps(console, settings)


def print_nothing_new(settings: Settings) -> None:
    """Say that every file is in the marts already, and what to run next."""
    console = Console(highlight=False)
    console.print(
        "There is nothing new to do: every file in the inbox is in the published marts already.", soft_wrap=True
    )
    _print_next_steps(console, settings)


def _by_step(stages: list[Stage]) -> dict[str, float]:
    """Seconds by step in order; the nodes of a task group count as one step."""
    seconds: dict[str, float] = {}
    for stage in stages:
        name = stage.name.partition(".")[0]
        seconds[name] = seconds.get(name, 0.0) + stage.seconds
    return seconds


def _figures(status: dict[str, Any], totals: dict[str, Any]) -> Table:
    table = Table(title="What came out", title_justify="left", show_header=False)
    table.add_column("figure")
    table.add_column("value", justify="right")
    for name in ("lines", "events", "quarantined"):
        table.add_row(name, f"{status[name]:,}")
    table.add_row("sessions", f"{totals['sessions']:,}")
    table.add_row("visitors", f"{totals['visitors']:,}")
    table.add_row("bounce rate", f"{totals['bounce_rate']:.1%}")
    return table


def _table(title: str, key: str, value: str, rows: list[dict[str, Any]]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(key)
    table.add_column(value, justify="right")
    for row in rows:
        first, second = row.values()
        table.add_row(str(first), f"{second:,}")
    return table


def _print_next_steps(console: Console, settings: Settings) -> None:
    console.print(f"\nThe data lives in {settings.home.absolute()}. What to run next:", soft_wrap=True)
    for command, purpose in NEXT_STEPS:
        console.print(f"  [bold]{command}[/]  {purpose}", soft_wrap=True)
