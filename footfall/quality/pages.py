"""The HTML of the data docs, plugged into GX's site builder by name (see checkpoints.py).

GX's own pages fetch scripts and styles from seven content networks and show an empty index where those cannot be
reached. These say the same in plain HTML: nothing is fetched, and a rule shows what it means and where it broke.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from great_expectations.core.expectation_validation_result import (
        ExpectationSuiteValidationResult,
        ExpectationValidationResult,
    )
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

_MOST_ROWS = 100
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1c2430; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin-bottom: .25rem; }
p { color: #55606e; margin: 0 0 1.5rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #dde2e8; padding: .45rem .6rem; text-align: left; vertical-align: top; }
th { font-weight: 600; }
td table { margin-top: .5rem; width: auto; font-size: .9em; }
code { font-size: .9em; color: #55606e; }
.pass { color: #176b3a; font-weight: 600; } .fail { color: #b3261e; font-weight: 600; }
"""


class ValidationPage:
    """One page a validated suite: every expectation, and the rows that broke it."""

    def render(self, result: ExpectationSuiteValidationResult) -> str:
        """HTML of one validation result; failures first."""
        outcomes = sorted(result.results, key=lambda outcome: bool(outcome.success))
        rows = "".join(_expectation(outcome) for outcome in outcomes)
        passed = sum(bool(outcome.success) for outcome in outcomes)
        run: Any = result.meta["run_id"]  # a mapping once it has been stored
        return _page(
            f"Quality of {result.suite_name}",
            f'<p><a href="../../../../index.html">All runs</a> · run {_text(run["run_name"])} · '
            f"{_text(run['run_time'])} · {passed} of {len(outcomes)} expectations hold</p>"
            f"<table><tr><th>Result</th><th>Expectation</th><th>Observed</th></tr>{rows}</table>",
        )


class IndexPage:
    """The list of validated suites, newest run first."""

    def render(self, links: Mapping[str, Any]) -> str:
        """HTML of the index, from the links GX collects."""
        rows = "".join(
            f"<tr><td>{_verdict(link['validation_success'])}</td><td>{link['run_time']:%Y-%m-%d %H:%M:%S}</td>"
            f"<td>{_text(link['run_name'])}</td>"
            f'<td><a href="{escape(link["filepath"])}">{_text(link["expectation_suite_name"])}</a></td></tr>'
            for link in links.get("validations_links", [])
        )
        return _page(
            "Footfall quality gate",
            "<p>What each run staged, checked before it was committed. A run with a failure was not committed.</p>"
            f"<table><tr><th>Result</th><th>Time (UTC)</th><th>Run</th><th>Suite</th></tr>{rows}</table>",
        )


class Verbatim:
    """The view GX asks for besides a renderer: the page is rendered already."""

    def __init__(self, custom_styles_directory: str | None = None, custom_views_directory: str | None = None) -> None:
        """Take what GX hands to every view; neither is used."""

    def render(self, page: str, **_: object) -> str:
        """Return the page as it is."""
        return page


def _expectation(outcome: ExpectationValidationResult) -> str:
    config = outcome.expectation_config
    assert config is not None  # GX sets it on every result of a suite
    return (
        f"<tr><td>{_verdict(outcome.success)}</td>"
        f"<td>{_text(config.description)}<br><code>{_text(config.meta['rule'])}: {_text(config.type)}</code></td>"
        f"<td>{_observed(outcome.result, config)}</td></tr>"
    )


def _observed(result: Mapping[str, Any], config: ExpectationConfiguration) -> str:
    if "observed_value" in result:
        return _text(f"{result['observed_value']:.2%}")
    rows, broken = config.meta["row"], result.get("unexpected_index_list") or []
    if not broken:
        return f"holds for all {rows} ({result.get('element_count', 0)})"
    counted = config.kwargs.get("column")
    names = sorted(broken[0], key=lambda name: (name == counted, name != "event_date", name))
    titles = {counted: config.meta["value"]}
    head = "".join(f"<th>{_text(titles.get(name, name))}</th>" for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td>{_text(row[name])}</td>" for name in names) + "</tr>" for row in broken[:_MOST_ROWS]
    )
    more = f"<br>and {len(broken) - _MOST_ROWS} more" if len(broken) > _MOST_ROWS else ""
    return f"{len(broken)} of {result['element_count']} {rows}<table><tr>{head}</tr>{body}</table>{more}"


def _verdict(success: bool | None) -> str:
    return '<span class="pass">pass</span>' if success else '<span class="fail">fail</span>'


def _text(value: object) -> str:
    return escape(str(value))


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{_text(title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{_text(title)}</h1>{body}</body></html>\n"
    )
