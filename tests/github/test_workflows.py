"""The workflows call the verbs of the Makefile, which a person can run too, and get no more than they need."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


@pytest.fixture(params=WORKFLOWS, ids=lambda path: path.name)
def workflow(request: pytest.FixtureRequest) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(request.param.read_text())
    return loaded


def steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def test_commands_are_verbs_of_the_makefile(workflow: dict[str, Any]) -> None:
    rules = re.findall(r"^([a-z][\w -]*):(?!=)", (ROOT / "Makefile").read_text(), re.M)
    verbs = {verb for rule in rules for verb in rule.split()}
    for command in [step["run"] for step in steps(workflow) if "run" in step]:
        called = re.fullmatch(r"make ([\w-]+)", command.strip())
        assert called, f"{command!r}: make it a verb of the Makefile and call that."
        assert called[1] in verbs, f"{command!r}: the Makefile has no such verb."


def test_actions_are_pinned_to_a_commit(workflow: dict[str, Any]) -> None:
    for action in [step["uses"] for step in steps(workflow) if "uses" in step]:
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action), f"{action}: a tag can be moved; pin the commit."


def test_may_only_read_the_code_and_ends(workflow: dict[str, Any]) -> None:
    assert workflow["permissions"] == {"contents": "read"}
    nobody_waits = "push" not in workflow[True]  # YAML 1.1 reads the key "on" as true
    for name, job in workflow["jobs"].items():
        assert "permissions" not in job, f"{name}: takes more than the workflow gives."
        limit = 300 if nobody_waits else 30
        assert job["timeout-minutes"] <= limit, f"{name}: a hanging job should end in {limit} minutes."


def test_every_supported_python_is_tested(workflow: dict[str, Any]) -> None:
    if "test" not in workflow["jobs"]:
        pytest.skip("this workflow tests nothing")
    declared = re.search(r'^requires-python = ">=3\.(\d+),<3\.(\d+)"$', (ROOT / "pyproject.toml").read_text(), re.M)
    assert declared, "pyproject.toml: write requires-python as >=3.x,<3.y."
    supported = [f"3.{minor}" for minor in range(int(declared[1]), int(declared[2]))]
    assert workflow["jobs"]["test"]["strategy"]["matrix"]["python"] == supported
