"""No test sees the settings of the machine it runs on; the long proofs run only when they are asked for."""

from __future__ import annotations

import os

import pytest

from tests.engines import jvm, sail, shared_engine  # noqa: F401

# Not settings of Footfall: they choose the profile of the tests (make prove)
PROFILE = {"FOOTFALL_PROVE", "FOOTFALL_HISTORIES"}

for name in [name for name in os.environ if name.startswith("FOOTFALL_") and name not in PROFILE]:
    del os.environ[name]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the tests marked ``prove`` out unless FOOTFALL_PROVE is set."""
    if os.environ.get("FOOTFALL_PROVE"):
        return
    for item in items:
        if item.get_closest_marker("prove"):
            item.add_marker(pytest.mark.skip(reason="takes minutes: run `make prove`"))
