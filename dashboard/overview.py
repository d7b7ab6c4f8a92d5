"""The Overview page. Start it with ``streamlit run dashboard/overview.py``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import charts, figures, marts, panels, queries
from dashboard.period import PRESETS, Period, comparison, preset
from dashboard.queries import Selection
from footfall.errors import FootfallError
from footfall.settings import Settings

ASSETS = Path(__file__).parent / "assets"
Rows = Callable[[str], list[dict[str, Any]]]


def main() -> None:
    """Draw the page; draw it again when new marts are published while it is being drawn."""
    st.set_page_config(page_title="Overview · Footfall", page_icon=str(ASSETS / "favicon.svg"), layout="wide")
    st.html(ASSETS / "style.css")
    settings = Settings()
    st.title("Overview", anchor=False)
    if settings.env == "gcp":
        st.info("This page reads a laptop's marts. On Google Cloud, connect Looker Studio to the marts dataset.")
        return
    try:
        watch(settings, marts.file_identity(settings))
        publication = marts.newest(settings)
        if publication is None:
            nothing_published(settings)
        else:
            overview(settings, publication)
    except marts.Republished:
        st.rerun()
    except FootfallError as problem:
        st.error(f"The published marts cannot be read. {problem}", icon=":material/error:")


@st.fragment(run_every="5s")
def watch(settings: Settings, shown: marts.FileIdentity | None) -> None:
    """Look for a new publication while the page is open."""
    if marts.file_identity(settings) != shown:
        st.rerun()


def nothing_published(settings: Settings) -> None:
    """The page before the first publish: what to run."""
    st.info(f"Nothing has been published yet: there is no `{settings.published_db}`.", icon=":material/inbox:")
    st.markdown(
        "Run one of these, and the numbers appear here by themselves:\n\n"
        "- `make demo`: demo data through the whole pipeline\n"
        "- `source .venv/bin/activate`, then `footfall run PATH…`: your own web logs, from raw files to published "
        "marts\n\n"
        "If the data live elsewhere, start the dashboard with `FOOTFALL_HOME` set to that folder."
    )


def overview(settings: Settings, publication: marts.Publication) -> None:
    """The page on one publication."""

    def rows(sql: str) -> list[dict[str, Any]]:
        return marts.rows(settings, publication.file, sql)

    (extent,) = rows(queries.extent())
    if extent["first_date"] is None:
        st.info(
            f"Run `{publication.run_id}` published marts without a single event. "
            "`footfall status` says what has been ingested; `footfall run PATH…` brings in more.",
            icon=":material/inbox:",
        )
        return
    data = Period(extent["first_date"], extent["last_date"])
    selection = choose(data, [row["source"] for row in rows(queries.sources())])
    (headline,) = rows(queries.headline(selection))
    if headline["visitors"]:
        earlier = comparison(selection.period, data)
        before = Selection(earlier, selection.sources) if earlier else None
        headlines(selection, before, headline, rows(queries.headline(before))[0] if before else None)
        trend(selection, before, figures.shown(headline), rows)
        breakdowns(selection, rows, with_host=extent["hosts"] > 1)
    else:
        st.info(
            f"No events from {selection.period.label()}"
            f"{' in ' + ', '.join(selection.sources) if selection.sources else ''}. "
            f"The data run from {data.label()}: choose other dates{' or sources' if selection.sources else ''}.",
            icon=":material/search_off:",
        )
    methods(selection, figures.shown(headline))
    footer(settings, publication, extent)


def choose(data: Period, sources: list[str]) -> Selection:
    """The filters: a preset or two dates, and the log formats where there are several."""
    with st.container(horizontal=True):
        name = st.segmented_control(
            "Period",
            list(PRESETS),
            default="all",
            required=True,
            format_func=PRESETS.__getitem__,
            key="period",
            bind="query-params",
        )
        period = preset(name or "all", data)
        if name == "custom":
            chosen = st.date_input(
                "Dates (UTC)", (data.start, data.end), format="YYYY-MM-DD", width=240, key="dates", bind="query-params"
            )
            # the second date is missing while the reader is still choosing
            if len(chosen) == 2:
                period = Period(*chosen)
        chosen_sources: list[str] = []
        if len(sources) > 1:
            chosen_sources = st.multiselect(
                "Source", sources, placeholder="All sources", width=280, key="source", bind="query-params"
            )
    return Selection(period, tuple(sorted(chosen_sources)))


def headlines(
    selection: Selection, before: Selection | None, now: Mapping[str, Any], then: Mapping[str, Any] | None
) -> None:
    """The headline figures and their change since the period before."""
    st.caption(
        f"{selection.period.label()} · "
        + (f"compared with {before.period.label()}" if before else "no earlier period of this length to compare with")
    )
    measures = figures.shown(now)
    # six in a row, or two rows of four: see style.css
    with st.container(horizontal=True, gap="small", key="headline-six" if len(measures) == 6 else "headline"):
        for measure in measures:
            change = figures.change(measure, measure.of(now), measure.of(then)) if then else None
            st.metric(
                measure.label,
                figures.written(measure.of(now), measure.unit),
                change,
                delta_color="inverse" if measure.better == "lower" else "normal",
                help=measure.definition,
                border=True,
            )


def trend(
    selection: Selection,
    before: Selection | None,
    measures: tuple[figures.Measure, ...],
    rows: Rows,
) -> None:
    """One measure by day, and the days as a table."""
    with st.container(border=True, key="trend"):
        labels = {measure.key: measure.label for measure in measures}
        key = st.segmented_control(
            f"By day (dashed: {before.period.label()})" if before else "By day",
            list(labels),
            default="sessions",
            required=True,
            format_func=labels.__getitem__,
            key="measure",
        )
        measure = next(measure for measure in measures if measure.key == (key or "sessions"))
        now = charts.by_day(rows(queries.daily(selection)), selection.period, measure)
        earlier = charts.by_day(rows(queries.daily(before)), before.period, measure) if before else None
        st.altair_chart(
            charts.trend(measure, now, earlier, dark=st.context.theme.type == "dark"),
            width="stretch",
            alt=f"{measure.label} by day, {selection.period.label()}; the same numbers are in the table below.",
        )
        with st.expander("Numbers by day"):
            column = [figures.written(value, measure.unit) for value in now.values()]
            st.dataframe(pd.DataFrame({"Date": list(now), measure.label: column}), hide_index=True, height=260)


def breakdowns(selection: Selection, rows: Rows, *, with_host: bool) -> None:
    """The ranked tables: content in two columns, technology in three."""
    for group, width in ((panels.CONTENT, 2), (panels.TECHNOLOGY, 3)):
        for first in range(0, len(group), width):
            for column, panel in zip(st.columns(width), group[first : first + width], strict=True):
                column.html(panels.render(panel, rows(panel.sql(selection)), with_host=with_host))


def methods(selection: Selection, measures: tuple[figures.Measure, ...]) -> None:
    """How every number on the page is made, with the very SQL that made it."""
    with st.expander("How each number is computed"):
        st.markdown(
            "Dates are UTC. A session, and whether it bounced, belongs to the date it starts on; a page view or a "
            "conversion to the date it happens on. Rates are ratios of sums. The SQL below is what this page ran; "
            '`footfall query "…"` gives the same answers.'
        )
        st.markdown("\n".join(f"- **{measure.label}**: {measure.definition}" for measure in measures))
        st.code(queries.headline(selection), language="sql")
        st.markdown("**By day**")
        st.code(queries.daily(selection), language="sql")
        for panel in panels.CONTENT + panels.TECHNOLOGY:
            st.markdown(f"**{panel.title}**: {panel.definition}")
            st.code(panel.sql(selection), language="sql")


def footer(settings: Settings, publication: marts.Publication, extent: Mapping[str, Any]) -> None:
    """Which publication the page shows, and what a session is."""
    session = settings.session
    st.caption(
        f"Publication `{publication.run_id}`, published {_utc(publication.published_at)} · "
        f"events from {Period(extent['first_date'], extent['last_date']).label()}  \n"
        f"A session is one visitor's events without a gap of more than {session.timeout_minutes} minutes; it ends "
        f"after {session.max_hours} hours at the latest, and midnight does not end it."
    )


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


main()
