"""No test sees the settings of the machine it runs on; the long proofs run only when they are asked for."""

from __future__ import annotations

import os
from collections import Counter

import pytest

from tests.engines import jvm, sail, shared_engine  # noqa: F401

# Not settings of Footfall: they choose the profile of the tests (make prove)
PROFILE = {"FOOTFALL_PROVE", "FOOTFALL_HISTORIES", "FOOTFALL_KILLS"}

for name in [name for name in os.environ if name.startswith("FOOTFALL_") and name not in PROFILE]:
    del os.environ[name]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the tests marked ``prove`` out unless FOOTFALL_PROVE is set."""
    if os.environ.get("FOOTFALL_PROVE"):
        return
    for item in items:
        if item.get_closest_marker("prove"):
            item.add_marker(pytest.mark.skip(reason="takes minutes: run `make prove`"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Add up what the proofs of all workers survived."""
    survived: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) == "call":
                survived.update(dict(report.user_properties).get("survived", {}))
    if survived:
        terminalreporter.section("survived")
        for what, times in sorted(survived.items()):
            terminalreporter.line(f"{times:>8,} {what}")
