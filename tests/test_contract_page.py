"""The page of the data contract is the one the contract makes, and leaves nothing of it out."""

from __future__ import annotations

import subprocess
import sys

from footfall.contract import EVENT_COLUMNS, RejectReason
from footfall.lake.quarantine import QUARANTINE_COLUMNS
from footfall.settings import PROJECT_ROOT

PAGE = PROJECT_ROOT / "docs" / "data-contract.md"


def test_the_page_in_docs_is_the_one_that_is_printed() -> None:
    command = [sys.executable, "-m", "footfall.contract_page"]
    printed = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=True).stdout
    assert PAGE.read_text(encoding="utf-8") == printed, "The contract has changed: run `make docs`."


def test_every_column_and_every_reason_has_one_row() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    named = [line.split("`")[1] for line in lines if line.startswith("| `")]
    wanted = (
        [column.name for column in EVENT_COLUMNS] + list(QUARANTINE_COLUMNS) + [reason.value for reason in RejectReason]
    )
    assert sorted(named) == sorted(wanted)


def test_no_cell_is_empty_where_a_reader_needs_it() -> None:
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("| `"):
            cells = [cell.strip() for cell in line.strip("|").split(" | ")]
            assert cells[1], line
            assert cells[-1].endswith("."), f"{line}: a meaning or remedy is a sentence."
