from __future__ import annotations

import pytest

from tests.exactness.marts import Marts


@pytest.fixture(scope="session")
def marts(tmp_path_factory: pytest.TempPathFactory) -> Marts:
    """dbt, its project parsed once for all tests of a process."""
    return Marts(tmp_path_factory.mktemp("dbt"))
