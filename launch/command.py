"""Calls of the ``footfall`` command: the launchers use what a person would type."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from footfall.errors import FootfallError


def footfall(arguments: list[str], environment: dict[str, str]) -> str:
    """Run ``footfall ARGUMENTS`` and return what it printed.

    Raises:
        FootfallError: it ended with another exit code than 0; the message is its own.
    """
    done = subprocess.run(["footfall", *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip() or "it printed nothing"
        raise FootfallError(f"'footfall {' '.join(arguments)}' ended with exit code {done.returncode}: {said}")
    return done.stdout


def footfall_json(arguments: list[str], environment: dict[str, str]) -> Any:
    """Run a footfall command that prints JSON and return the parsed value."""
    return json.loads(footfall(arguments, environment))


def query(sql: str, environment: dict[str, str]) -> list[dict[str, Any]]:
    """Rows of a query on the published marts."""
    rows: list[dict[str, Any]] = footfall_json(["query", sql, "--format", "json"], environment)
    return rows
