"""The two homes of a lake that the storage tests run on: a folder, and a bucket in a Cloud Storage emulator."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from gcp_storage_emulator.server import create_server

EMULATED_BUCKET = "footfall-test"
STRICT_BUCKET = "footfall-strict"


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


@pytest.fixture(scope="session")
def strict_emulator() -> Iterator[str]:
    """Address of xml_emulator.py in a process of its own, with one empty bucket, ``STRICT_BUCKET``."""
    program = Path(__file__).with_name("xml_emulator.py")
    process = subprocess.Popen([sys.executable, str(program), STRICT_BUCKET], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    assert address, "the emulator did not start"
    yield address
    process.kill()
    process.wait()


@pytest.fixture
def strict_bucket(strict_emulator: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """A gs:// URI of its own for one test. delta-rs and Google's library each have their variable."""
    account = {"gcs_base_url": strict_emulator, "disable_oauth": True}
    account |= {"client_email": "", "private_key": "", "private_key_id": ""}
    monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT_KEY", json.dumps(account))
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", strict_emulator)
    return f"gs://{STRICT_BUCKET}/{abs(hash(request.node.nodeid))}"
