"""How the command shows things: tables on a terminal, CSV and JSON for programs, one sentence for an error."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from enum import StrEnum
from typing import Any

import pyarrow as pa
import pyarrow.csv
from rich.console import Console
from rich.table import Table
from rich.text import Text

from footfall.doctor.finding import Finding, Status
from footfall.lake.landing import Landing
from footfall.lake.staging import Manifest
from footfall.status import Status as LakeStatus

# Logs hold brackets and colons: what comes from them is printed as Text, and :name: is no emoji
out = Console(highlight=False, soft_wrap=True, emoji=False)
err = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)

MARKS = {Status.OK: "[green]ok[/]", Status.WARN: "[yellow]warn[/]", Status.FAIL: "[red]fail[/]"}


class Format(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def print_rows(rows: pa.Table, form: Format) -> None:
    """Print a query's answer."""
    if form is Format.CSV:
        text = pa.BufferOutputStream()  # Arrow closes what it writes to, and standard output is not its own
        pyarrow.csv.write_csv(_flat(rows), text)
        sys.stdout.write(text.getvalue().to_pybytes().decode())
        return
    if form is Format.JSON:
        print(json.dumps(rows.to_pylist(), default=str, ensure_ascii=False))
        return
    table = Table()
    for name in rows.column_names:
        table.add_column(Text(name), overflow="fold")  # a narrow terminal must not cut a value
    for row in rows.to_pylist():
        # as text: a logged path such as /[b] would be read as markup
        table.add_row(*(Text("" if value is None else str(value)) for value in row.values()))
    out.print(table)
    out.print(f"{rows.num_rows:,} row{'' if rows.num_rows == 1 else 's'}")


def _flat(rows: pa.Table) -> pa.Table:
    """Lists, structs and decimals as text: CSV has no other way."""
    plain = [
        column.cast(pa.string())
        if pa.types.is_decimal(column.type)
        else pa.array([None if v is None else json.dumps(v, default=str) for v in column.to_pylist()], pa.string())
        if pa.types.is_nested(column.type)
        else column
        for column in rows.columns
    ]
    return pa.table(plain, names=rows.column_names)


def print_landing(landing: Landing) -> None:
    """What was landed, what was known, and why files were refused."""
    for record in landing.landed:
        what = record.source or "empty"
        err.print(f"  landed {record.names[0]}: {record.lines:,} lines, {what}", markup=False)
    if landing.known:
        err.print(f"  {len(landing.known)} file(s) already known by content: not landed again")
    for _, reason in landing.refused:
        err.print(Text.assemble(("  refused:", "yellow"), " ", reason))


def print_counts(manifest: Manifest) -> None:
    """Lines read = events + repeated + quarantined, for a run."""
    events = sum(sum(counts.events.values()) for counts in manifest.own_counts)
    repeated = sum(sum(counts.repeated.values()) for counts in manifest.own_counts)
    quarantined = manifest.quarantined
    reasons = ", ".join(f"{reason} {rows:,}" for reason, rows in sorted(quarantined.items()))
    err.print(
        f"  {manifest.lines:,} lines = {events:,} events + {repeated:,} repeated + {sum(quarantined.values()):,} "
        f"quarantined" + (f" ({reasons})" if reasons else "")
    )


def print_findings(findings: list[Finding]) -> None:
    """The doctor's findings, each with its remedy."""
    table = Table("", "looked at", "found", "what to do")
    for finding in findings:
        table.add_row(MARKS[finding.status], *map(Text, (finding.name, finding.detail, finding.remedy)))
    out.print(table)


def print_status(found: LakeStatus, form: Format) -> None:
    """What ``footfall status`` says."""
    values: dict[str, Any] = asdict(found)
    if form is Format.JSON:
        print(json.dumps(values, default=str))
        return
    if form is Format.CSV:
        values["quarantined_by_reason"] = json.dumps(found.quarantined_by_reason)
        print_rows(pa.Table.from_pylist([{k: None if v is None else str(v) for k, v in values.items()}]), form)
        return
    reasons = values.pop("quarantined_by_reason")
    table = Table(show_header=False)
    for name, value in values.items():
        shown = f"{value:,}" if isinstance(value, int) else "none" if value is None else str(value)
        table.add_row(name.replace("_", " "), shown)
        if name == "quarantined":
            for reason, rows in reasons.items():
                table.add_row(f"  {reason}", f"{rows:,}")
    out.print(table)
