"""The documents name only what exists: files, headings, verbs, commands, modules, settings and their defaults."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main
from pydantic import BaseModel

from footfall.cli import app
from footfall.doctor.variables import known_variables
from footfall.settings import PROJECT_ROOT, Settings
from footfall.sources import SOURCES
from footfall.warehouse import PUBLISHED_MARTS, PUBLISHED_RECORDS

TOP_LEVEL = [PROJECT_ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
FOLDERS = [PROJECT_ROOT / name for name in ("docs", "benchmarks", "terraform")]
PAGES = [
    *TOP_LEVEL,
    *(page for folder in FOLDERS for page in sorted(folder.rglob("*.md")) if ".terraform" not in str(page)),
]
CODE_FOLDERS = "footfall|spark|dbt|dags|dashboard|launch|terraform|tests|benchmarks|docs|requirements"

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT_ROOT)))


@cache
def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


FENCED = re.compile(r"^ *```.*?\n(.*?)^ *```", re.M | re.S)


def blocks_in(page: Path) -> Iterator[str]:
    """Every line of the fenced blocks."""
    for block in FENCED.findall(text_of(page)):
        yield from block.splitlines()


def code_in(page: Path) -> Iterator[str]:
    """Every line of the fenced blocks, and every code span."""
    yield from blocks_in(page)
    yield from (span.replace("\n", " ") for span in re.findall(r"`([^`]+)`", FENCED.sub("", text_of(page))))


def anchors(page: Path) -> set[str]:
    """The anchors GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", text_of(page), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(page)):
        if re.match(r"https?://|mailto:", target):
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), f"{target}: there is no such file."
        if anchor:
            assert anchor in anchors(linked), f"{target}: the page has no such heading."


@each_page
def test_files_that_are_named_exist(page: Path) -> None:
    for code in code_in(page):
        if re.fullmatch(rf"(?:{CODE_FOLDERS})/[\w./-]*\w/?", code) and not code.startswith("dbt/target"):
            assert (PROJECT_ROOT / code).exists(), f"{code}: there is no such file."


@each_page
def test_verbs_of_make_exist(page: Path) -> None:
    verbs = set(re.findall(r"^([a-z][\w-]*):(?!=)", (PROJECT_ROOT / "Makefile").read_text(), re.M))
    for code in code_in(page):
        for verb in re.findall(r"(?:^|[ (])make ((?!PYTHON=)[a-z][\w-]*)", code.partition("  #")[0]):
            assert verb in verbs, f"`{code}`: the Makefile has no such verb."


@each_page
def test_commands_of_footfall_exist(page: Path) -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for code in code_in(page):
        for name in re.findall(r"(?:^|[ $/])footfall (?:--\w+ \S+ )*([a-z]+)\b(?!/)", code.partition("  #")[0]):
            assert name in commands, f"`{code}`: there is no such command."


@each_page
def test_a_page_activates_the_environment_before_it_uses_its_commands(page: Path) -> None:
    ready = False
    for line in blocks_in(page):
        ready = ready or bool(re.match(r"(?:\$ )?source \.venv/bin/activate\b", line))
        assert ready or not re.match(r"(?:\$ )?(?:footfall|airflow|dbt|streamlit) ", line), (
            f"`{line}`: a reader's shell has no such command; write `source .venv/bin/activate` above it."
        )


@each_page
def test_modules_that_are_run_exist(page: Path) -> None:
    for code in code_in(page):
        for module in re.findall(r"python -m ([\w.]+)", code):
            assert importlib.util.find_spec(module), f"`{code}`: there is no such module."


@each_page
def test_settings_exist(page: Path) -> None:
    known = known_variables()
    for name in re.findall(r"FOOTFALL_[A-Z_*]*", text_of(page)):
        pattern = re.compile(name.replace("*", ".*") if "*" in name else name + (".*" if name.endswith("_") else ""))
        assert any(pattern.fullmatch(variable) for variable in known), f"{name} is no setting."


@each_page
def test_defaults_are_those_of_the_settings(page: Path) -> None:
    defaults = dict(_defaults(Settings, "FOOTFALL_"))
    for name, said in re.findall(r"`(FOOTFALL_[A-Z_]+)`[^\w`\n]{1,3}\(([\d.,]+|true|false)[,;)]", text_of(page)):
        assert said.replace(",", "") == str(defaults[name]).lower(), f"{name} is {defaults[name]} unless set."


def _defaults(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _defaults(field.annotation, f"{prefix}{name.upper()}__")
        else:
            yield f"{prefix}{name.upper()}", field.default


def test_the_readme_lists_every_table_readers_see() -> None:
    for table in (*PUBLISHED_MARTS, *PUBLISHED_RECORDS):
        assert f"| `{table}` |" in text_of(TOP_LEVEL[0])


def test_the_log_formats_have_a_row_each() -> None:
    rows = re.findall(r"^\| `(\w+)` \(", text_of(PROJECT_ROOT / "docs" / "sources.md"), re.M)
    assert sorted(rows) == sorted(SOURCES)


def test_contributing_lists_the_verbs_of_make_help() -> None:
    verbs = set(re.findall(r"^([a-z-]+):.*## ", (PROJECT_ROOT / "Makefile").read_text(), re.M)) - {"help"}
    listed = set(re.findall(r"make ([a-z-]+)", text_of(TOP_LEVEL[1])))
    assert verbs <= listed, f"missing in CONTRIBUTING.md: {verbs - listed}"
