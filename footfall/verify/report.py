"""How a verification is printed: what was compared, a table of the differences, examples, what to do."""

from __future__ import annotations

from itertools import groupby

from rich.table import Table
from rich.text import Text

from footfall.report import err, out
from footfall.verify.finding import Difference, Finding, Verification

SENTENCES = 20  # findings of one place that are said one by one
COLUMNS = 3  # that are named of a difference
EXAMPLES = 12  # shown of a difference
REMEDY = (
    "`footfall replay FILE...` (`--all` for every file) reads files again by the rules as they are now and replaces "
    "what is stored of them; `footfall transform --full-refresh` and `footfall publish` build the marts anew."
)


def print_verification(verification: Verification) -> None:
    """Findings on standard output; what was compared, and what was not, on standard error."""
    compared = verification.compared
    version = "no events yet" if verification.events_version is None else f"version {verification.events_version}"
    err.print(
        f"  {version}: {compared.files:,} files, {compared.lines:,} lines, {compared.dates:,} dates, "
        f"{compared.events:,} events, {compared.sessions:,} sessions"
    )
    for mart, rows in compared.marts.items():
        err.print(f"  {mart}: {rows:,} rows", markup=False)
    for note in verification.notes:
        err.print(f"  {note}", markup=False)
    if verification.holds:
        out.print("What is stored equals a full rebuild.")
        return
    _print_sentences([finding for finding in verification.findings if finding.difference is None])
    differences = [(finding, finding.difference) for finding in verification.findings if finding.difference]
    if differences:
        _print_differences(differences)
        for finding, difference in differences:
            _print_examples(finding, difference)
    count = len(verification.findings)
    out.print(f"{count:,} finding{'' if count == 1 else 's'}: what is stored is not what a full rebuild gives.")
    err.print(REMEDY, markup=False)


def _print_sentences(findings: list[Finding]) -> None:
    for where, group in groupby(findings, key=lambda finding: finding.where):
        of_place = list(group)
        for finding in of_place[:SENTENCES]:
            day = f" {finding.date}" if finding.date else ""
            out.print(f"{where}{day}: {finding.what}", markup=False)
        if len(of_place) > SENTENCES:
            out.print(f"{where}: and {len(of_place) - SENTENCES:,} more like these", markup=False)


def _print_differences(differences: list[tuple[Finding, Difference]]) -> None:
    table = Table("table", "date", "stored", "rebuilt", "only stored", "only rebuilt", "columns that differ (rows)")
    for finding, difference in differences:
        columns = [f"{name} {rows:,}" for name, rows in difference.columns.items()]
        if len(columns) > COLUMNS:
            columns[COLUMNS:] = [f"{len(columns) - COLUMNS} more"]
        counts = (difference.stored, difference.rebuilt, difference.only_stored, difference.only_rebuilt)
        day = "" if finding.date is None else str(finding.date)
        table.add_row(finding.where, day, *(f"{rows:,}" for rows in counts), Text(", ".join(columns)))
    out.print(table)


def _print_examples(finding: Finding, difference: Difference) -> None:
    if not difference.examples:
        return
    out.print(Text(f"{finding.where}{f' {finding.date}' if finding.date else ''}: {finding.what}", style="bold"))
    for example in difference.examples[:EXAMPLES]:
        column = f" {example.column}" if example.column else ""
        out.print(f"  {example.row}{column}: stored {example.stored}, rebuilt {example.rebuilt}", markup=False)
