from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path

import grpc
import pytest
from google.cloud.secretmanager import SecretManagerServiceClient
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import SecretManagerServiceGrpcTransport
from google.cloud.secretmanager_v1.types import AccessSecretVersionRequest, AccessSecretVersionResponse

from footfall.errors import EnvironmentProblem, InputError
from footfall.lake.keys import key_file, load_keys
from footfall.settings import Settings
from tests.machine import ordinary_user
from tests.processes import python, race

HEX = "0123456789abcdef" * 4


def laptop(home: Path) -> Settings:
    return Settings(env="laptop", home=home / "a home")


def test_keys_are_made_once_and_kept(tmp_path: Path) -> None:
    made = load_keys(laptop(tmp_path))
    assert len(made.visitor) == len(made.event) == 32
    assert made.visitor != made.event
    assert load_keys(laptop(tmp_path)) == made
    assert load_keys(laptop(tmp_path / "another")) != made


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_only_the_owner_can_read_the_keys(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        load_keys(laptop(tmp_path))
    finally:
        os.umask(before)
    folder = tmp_path / "a home" / "secrets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {
        "visitor.key": 0o600,
        "event.key": 0o600,
    }


def test_processes_starting_at_once_end_with_the_same_keys(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from footfall.lake.keys import load_keys\n"
        "from footfall.settings import Settings\n"
        "settings = Settings(home=Path(sys.argv[1])); print('ready', flush=True); sys.stdin.readline()\n"
        "keys = load_keys(settings); print(keys.visitor.hex(), keys.event.hex())"
    )
    answers = set(race([python(code, tmp_path / "home") for _ in range(6)]))
    assert len(answers) == 1
    assert re.fullmatch(r"[0-9a-f]{64} [0-9a-f]{64}", answers.pop())
    assert sorted(file.name for file in (tmp_path / "home" / "secrets").iterdir()) == ["event.key", "visitor.key"]


def test_keys_in_the_environment_win_and_touch_no_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTFALL_PRIVACY__VISITOR_KEY", HEX)
    monkeypatch.setenv("FOOTFALL_PRIVACY__EVENT_KEY", f" {HEX[::-1].upper()}\n")
    keys = load_keys(laptop(tmp_path))
    assert keys.visitor == bytes.fromhex(HEX)
    assert keys.event == bytes.fromhex(HEX[::-1])
    assert not (tmp_path / "a home").exists()


@pytest.mark.parametrize("bad", ["hunter2", HEX[:-1], HEX + "00", HEX.replace("0", "g"), HEX[:-2] + "  ", ""])
def test_a_malformed_key_is_refused_without_being_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bad: str
) -> None:
    monkeypatch.setenv("FOOTFALL_PRIVACY__VISITOR_KEY", bad)
    message = r"FOOTFALL_PRIVACY__VISITOR_KEY .* is not 64 hexadecimal digits.*openssl rand -hex 32"
    with pytest.raises(InputError, match=message) as caught:
        load_keys(laptop(tmp_path))
    assert not bad or bad not in str(caught.value)


def test_a_damaged_key_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    settings = laptop(tmp_path)
    load_keys(settings)
    path = key_file(settings, "event")
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(InputError, match=r"event\.key \(20 characters\) is not 64 hexadecimal digits"):
        load_keys(settings)
    assert len(path.read_bytes()) == 20


def test_a_lost_key_is_not_replaced_while_the_lake_holds_events(tmp_path: Path) -> None:
    settings = laptop(tmp_path)
    load_keys(settings)
    log = Path(settings.zone("events")) / "_delta_log" / "00000000000000000000.json"
    log.parent.mkdir(parents=True)
    log.write_text("{}")
    key_file(settings, "event").unlink()
    with pytest.raises(EnvironmentProblem, match=r"event\.key is missing.*Restore the file from a backup"):
        load_keys(settings)
    assert not key_file(settings, "event").exists()


def test_no_key_shows_in_what_may_be_logged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTFALL_PRIVACY__VISITOR_KEY", HEX)
    settings = laptop(tmp_path)
    keys = load_keys(settings)
    shown = f"{keys} {keys!r} {settings} {settings!r} {settings.model_dump_json()}"
    for key in (keys.visitor, keys.event):
        assert key.hex() not in shown
        assert repr(key) not in shown


def test_a_folder_without_permission_is_named(tmp_path: Path) -> None:
    settings = laptop(tmp_path)
    load_keys(settings)
    folder = key_file(settings, "event").parent
    code = (
        "import sys; from pathlib import Path; from footfall.errors import EnvironmentProblem\n"
        "from footfall.lake.keys import load_keys; from footfall.settings import Settings\n"
        "try: load_keys(Settings(home=Path(sys.argv[1])))\nexcept EnvironmentProblem as problem: print(problem)"
    )
    folder.chmod(0)
    try:
        answer = python(code, settings.home, prefix=ordinary_user()).communicate()[0]
    finally:
        folder.chmod(0o700)
    assert answer.startswith(f"Cannot use the key {folder}/visitor.key: Permission denied.")


@pytest.fixture
def secret_manager() -> Iterator[tuple[SecretManagerServiceClient, dict[str, bytes]]]:
    """Google's client, and the secrets of a server that speaks the service's protocol on this machine.

    It shows what is asked for and how answers and refusals are taken; that the real service grants it, it cannot.
    """
    secrets: dict[str, bytes] = {}

    def access(request: AccessSecretVersionRequest, context: grpc.ServicerContext) -> AccessSecretVersionResponse:
        if request.name not in secrets:
            context.abort(grpc.StatusCode.NOT_FOUND, f"Secret {request.name} not found")
        return AccessSecretVersionResponse(name=request.name, payload={"data": secrets[request.name]})

    method = grpc.unary_unary_rpc_method_handler(
        access,
        request_deserializer=AccessSecretVersionRequest.deserialize,
        response_serializer=AccessSecretVersionResponse.serialize,
    )
    server = grpc.server(futures.ThreadPoolExecutor(1))
    service = "google.cloud.secretmanager.v1.SecretManagerService"
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, {"AccessSecretVersion": method})])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield SecretManagerServiceClient(transport=SecretManagerServiceGrpcTransport(channel=channel)), secrets
    server.stop(None)


def test_in_the_cloud_keys_come_from_secret_manager(
    tmp_path: Path, secret_manager: tuple[SecretManagerServiceClient, dict[str, bytes]]
) -> None:
    client, secrets = secret_manager
    secrets["projects/shop-prod/secrets/footfall-visitor-key/versions/latest"] = f"{HEX}\n".encode()
    secrets["projects/shop-prod/secrets/footfall-event-key/versions/latest"] = HEX[::-1].encode()
    settings = Settings(env="gcp", home=tmp_path / "home", gcp={"project": "shop-prod"})
    keys = load_keys(settings, client)
    assert (keys.visitor.hex(), keys.event.hex()) == (HEX, HEX[::-1])
    assert not (tmp_path / "home").exists()


def test_a_secret_that_cannot_be_read_is_named(
    tmp_path: Path, secret_manager: tuple[SecretManagerServiceClient, dict[str, bytes]]
) -> None:
    client, secrets = secret_manager
    settings = Settings(env="gcp", home=tmp_path / "home", gcp={"project": "shop-prod"})
    with pytest.raises(EnvironmentProblem, match=r"secrets/footfall-visitor-key/versions/latest: NotFound"):
        load_keys(settings, client)
    secrets["projects/shop-prod/secrets/footfall-visitor-key/versions/latest"] = b"\xff\xfe not a key"
    with pytest.raises(InputError, match=r"footfall-visitor-key/versions/latest .* is not 64 hexadecimal digits"):
        load_keys(settings, client)
