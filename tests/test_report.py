"""What the command prints is what the data says, character by character."""

from __future__ import annotations

import subprocess
import sys

import pyarrow as pa
import pytest

from footfall.lake.landing import Landing
from footfall.report import Format, print_landing, print_rows
from footfall.settings import PROJECT_ROOT


@pytest.mark.parametrize("value", ["/[b]bold[/b]", "[/x]", "[link=http://example.com]here[/link]", ":smile:"])
def test_a_logged_path_is_not_taken_for_markup(value: str, capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(pa.table({value: [value]}), Format.TABLE)
    assert capsys.readouterr().out.count(value) == 2


def test_a_table_wider_than_the_terminal_loses_no_digit(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    code = "import pyarrow as pa; from footfall.report import *; "
    code += "print_rows(pa.table({f'column_{n}': ['2024-05-12'] for n in range(6)}), Format.TABLE)"
    printed = subprocess.run([sys.executable, "-c", code], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True)
    assert "…" not in printed.stdout
    digits = [character for character in printed.stdout.split("┡")[1] if character.isdigit()]
    assert len(digits) == 6 * 8 + 1  # the last digit is the count of rows


def test_a_refusal_that_quotes_a_line_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    landing = Landing("run", refused=[("a.log", "a.log is in no known format: its first line is '[/x] hello'")])
    print_landing(landing)
    assert "refused: a.log is in no known format: its first line is '[/x] hello'" in capsys.readouterr().err
