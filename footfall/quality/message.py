"""What a refused run says: which expectation, on which date, observed against allowed, examples, what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import ceil
from pathlib import Path

from footfall.contract import PARTITION_COLUMN
from footfall.quality.checkpoints import Failed
from footfall.quality.rules import Rule
from footfall.quality.staged import Profile, StagedAudit, StagedEvents
from footfall.quality.suites import COLUMN_TYPES, QUARANTINE_SHARE
from footfall.settings import Settings

_MOST_DATES = 10


class RefusalMessage:
    """Builds the text of the QualityError of one run."""

    def __init__(self, settings: Settings, run_id: str, staged: StagedAudit) -> None:
        self._settings = settings
        self._run_id = run_id
        self._staged = staged

    def text(
        self,
        failed: Sequence[Failed],
        docs: Path,
        events: StagedEvents,
        rules: Mapping[str, Rule],
        profile: Profile | None,
    ) -> str:
        """The whole message. ``profile`` is None when the contract failed and the rows were not looked at."""
        count = f"{len(failed)} expectation{'s' if len(failed) > 1 else ''}"
        parts = [f"The quality gate refused run {self._run_id}: {count} failed. Nothing was committed."]
        for failure in failed:
            if failure.expectation.rule == QUARANTINE_SHARE:
                parts.append(self._quarantine())
            elif failure.expectation.rule == COLUMN_TYPES:
                parts.append(self._contract(failure))
            else:
                assert profile is not None
                parts.append(self._rule(failure, rules[failure.expectation.rule], events, profile))
        if self._staged.files and profile is None:
            parts.append("The values and sessions of the staged events were not checked.")
        parts.append(f"Data docs: {docs}")
        return "\n\n".join(parts)

    def _quarantine(self) -> str:
        staged = self._staged
        reasons = sorted(staged.quarantined.items(), key=lambda item: (-item[1], item[0]))
        listed = ", ".join(f"{reason} {count:,}" for reason, count in reasons if count)
        return (
            f"{QUARANTINE_SHARE} failed for the run: {staged.quarantined_lines:,} of {staged.lines_read:,} lines "
            f"({staged.quarantined_share:.2%}) were quarantined, allowed "
            f"{self._settings.quality.max_quarantine_share:.2%}.\n"
            f"  by reason: {listed}\n"
            f"  remedy: look at the lines in {self._settings.zone('quarantine')}; a wrong log format is the usual "
            "cause. If they are rightly set aside, set FOOTFALL_QUALITY__MAX_QUARANTINE_SHARE to at least "
            f"{ceil(staged.quarantined_share * 10_000) / 10_000:.4f} and run again."
        )

    def _contract(self, failure: Failed) -> str:
        lines = [
            f"  {row[PARTITION_COLUMN]}: {row['column_name']} is {row['staged_type']}, contract {row['contract_type']}"
            for row in failure.rows[: max(1, self._settings.quality.example_rows)]
        ]
        days = list(dict.fromkeys(str(row[PARTITION_COLUMN]) for row in failure.rows))
        remedy = (
            "  remedy: the Spark job and footfall/contract.py disagree; make the job select the contract's columns and "
            "run `footfall stage` again."
        )
        observed = f"{COLUMN_TYPES} failed on {_listed(days)}: {len(failure.rows)} columns differ, allowed 0."
        return "\n".join([observed, *lines, remedy])

    def _rule(self, failure: Failed, rule: Rule, events: StagedEvents, profile: Profile) -> str:
        totals = {day.isoformat(): count for day, count in profile.totals[rule.grain].items()}
        counts = {str(row[PARTITION_COLUMN]): int(row[rule.name]) for row in failure.rows}
        observed = [f"{day} ({count:,} of {totals[day]:,} {rule.grain}, allowed 0)" for day, count in counts.items()]
        lines = [f"{rule.name} failed on {_listed(observed)}.", f"  rule: {rule.statement}"]
        if self._settings.quality.example_rows:
            columns, rows = events.examples(rule, self._settings.quality.example_rows)
            lines += [f"  {line}" for line in _table(columns, rows)]
        return "\n".join([*lines, f"  remedy: {rule.remedy}"])


def _listed(items: Sequence[str]) -> str:
    more = f" and {len(items) - _MOST_DATES} more" if len(items) > _MOST_DATES else ""
    return ", ".join(items[:_MOST_DATES]) + more


def _table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    cells = [list(columns), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(line[position]) for line in cells) for position in range(len(columns))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]


def _cell(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    text = str(value)
    return text if len(text) <= 64 else text[:63] + "…"
