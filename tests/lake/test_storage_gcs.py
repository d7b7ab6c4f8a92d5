"""What the emulator never does: refuse. A server on this machine gives Cloud Storage's documented answers instead.

That the real service keeps its word (only one creator wins, a wrong MD5 is refused, an aborted upload leaves nothing)
cannot be shown here; these tests hold what is asked of it and how its refusals are told.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from footfall.errors import InputError
from footfall.lake.storage import StorageProblem, storage_for

PROJECT = Path(__file__).resolve().parents[2]


@dataclass
class Service:
    """Answers every request with ``status``; keeps the query of each."""

    status: int = 403
    message: str = "refused"
    queries: list[dict[str, list[str]]] = field(default_factory=list)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    answers = Service()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answers.queries.append(parse_qs(urlsplit(self.path).query))
            body = json.dumps({"error": {"code": answers.status, "message": answers.message}}).encode()
            self.send_response(answers.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = answer

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{server.server_port}")
    yield answers
    server.shutdown()
    server.server_close()


def test_creating_once_asks_for_generation_zero(service: Service) -> None:
    service.status = 412
    assert storage_for("gs://lake").write("a", b"x", only_if_absent=True) is False
    assert [query.get("ifGenerationMatch") for query in service.queries] == [["0"]]


def test_a_refusal_names_the_object_and_the_role(service: Service, tmp_path: Path) -> None:
    storage = storage_for("gs://lake/raw")
    local = tmp_path / "local.log"
    local.write_bytes(b"x")
    for attempt in (
        lambda: storage.read("a"),
        lambda: storage.open("a"),
        lambda: storage.exists("a"),
        lambda: storage.write("a", b""),
        lambda: storage.put_file(local, "a"),
        lambda: storage.delete("a"),
    ):
        with pytest.raises(StorageProblem, match=r"gs://lake/raw/a: permission denied.*roles/storage\.objectAdmin"):
            attempt()
    with pytest.raises(StorageProblem, match=r"Cannot use gs://lake/raw: permission denied"):
        storage.check()


def test_an_upload_that_differs_from_what_was_hashed_is_told_as_such(service: Service, tmp_path: Path) -> None:
    service.status = 400
    service.message = 'Provided MD5 hash "a" doesn\'t match calculated MD5 hash "b".'
    local = tmp_path / "growing.log"
    local.write_bytes(b"")
    nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    with pytest.raises(InputError, match=r"growing\.log changed while it was read"):
        storage_for("gs://lake").put_file(local, "a", sha256=nothing)


def test_a_service_out_of_reach_is_told_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{closed.getsockname()[1]}")
        with pytest.raises(StorageProblem, match=r"Cloud Storage did not answer as it should.*Check the network"):
            storage_for("gs://lake").check()


def test_without_credentials_the_remedy_is_told(tmp_path: Path) -> None:
    code = (
        "from footfall.lake.storage import storage_for, StorageProblem\n"
        "try: storage_for('gs://lake').write('a', b'x')\nexcept StorageProblem as problem: print(problem)"
    )
    environment = {name: value for name, value in os.environ.items() if name != "STORAGE_EMULATOR_HOST"}
    environment |= {"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "no-such-key.json")}
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, env=environment, capture_output=True, text=True
    ).stdout
    assert answer.startswith("Cannot open gs://lake: no usable Google Cloud credentials. Run `gcloud auth")
