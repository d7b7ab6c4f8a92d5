"""The two homes of a lake that the storage tests run on: a folder, and a bucket in a Cloud Storage emulator."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from gcp_storage_emulator.server import create_server

EMULATED_BUCKET = "footfall-test"


@pytest.fixture(scope="session")
def gcs_emulator() -> Iterator[str]:
    """Address of an in-memory Cloud Storage emulator that holds one empty bucket, ``EMULATED_BUCKET``."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with create_server("127.0.0.1", port, in_memory=True, default_bucket=EMULATED_BUCKET):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def gcs_bucket(gcs_emulator: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """A gs:// URI of its own for one test; Google's libraries find the emulator through the environment."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs_emulator)
    return f"gs://{EMULATED_BUCKET}/{abs(hash(request.node.nodeid))}"
