"""Who may import whom: docs/architecture.md draws it, this holds it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HOUSES = ("footfall", "spark", "dags", "dashboard", "launch")
# What each may import of the others (and always of itself)
MAY_IMPORT = {
    "footfall": (),
    "spark": ("footfall",),
    "dags": (),
    "dashboard": ("footfall.warehouse", "footfall.settings", "footfall.errors"),
    "launch": ("footfall",),
}


def imports(file: Path) -> set[str]:
    """Modules a file imports, anywhere in it; ``from a import b`` is a.b, which names the module if b is one."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("house", HOUSES)
def test_imports_go_one_way(house: str) -> None:
    own = {path.stem for path in (ROOT / house).iterdir()} if house == "dags" else {house}
    files = sorted((ROOT / house).rglob("*.py"))
    assert files
    for file in files:
        for name in imports(file):
            first = name.split(".")[0]
            if first in own or first not in HOUSES:
                continue
            allowed = any(name == may or name.startswith(f"{may}.") for may in MAY_IMPORT[house])
            assert allowed, (
                f"{file.relative_to(ROOT)} imports {name}; {house}/ may import {MAY_IMPORT[house] or 'none'}"
            )


def test_every_file_says_what_it_is_for_and_none_is_a_drawer_for_odds_and_ends() -> None:
    for house in HOUSES:
        for file in (ROOT / house).rglob("*.py"):
            assert file.stem not in ("utils", "util", "helpers", "misc", "common_utils"), file
            assert ast.get_docstring(ast.parse(file.read_text("utf-8"))), f"{file} has no docstring"


def test_no_package_of_ours_shadows_another() -> None:
    for folder in ("dbt", "tests/dbt", "dags"):
        assert not (ROOT / folder / "__init__.py").exists(), f"{folder}/__init__.py would shadow the real package"
