"""The two secret keys of the lake: one hashes visitors, the other gives lines without an id of their own an identity.

A key is 32 bytes, written as 64 hexadecimal digits. It comes from the settings, from Secret Manager on Google Cloud,
or on a laptop from ``FOOTFALL_HOME/secrets``, where it is made on first use.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from pydantic import SecretStr

from footfall.errors import EnvironmentProblem, InputError
from footfall.lake.storage import storage_for
from footfall.lake.storage_local import store_whole
from footfall.settings import Settings

if TYPE_CHECKING:
    from google.cloud.secretmanager import SecretManagerServiceClient

KEY_BYTES: Final = 32
SECRETS_FOLDER: Final = "secrets"

KeyName = Literal["visitor", "event"]


@dataclass(frozen=True, slots=True)
class Keys:
    """Both keys, 32 bytes each; their values are in no repr."""

    visitor: bytes = field(repr=False)
    event: bytes = field(repr=False)


def load_keys(settings: Settings, secret_manager: SecretManagerServiceClient | None = None) -> Keys:
    """The keys of this lake; on a laptop they are made on first use.

    ``secret_manager`` replaces the client that the gcp environment makes for itself. Raises
    :class:`~footfall.errors.InputError` for a malformed key and :class:`~footfall.errors.EnvironmentProblem` when a
    key cannot be read, made, or has been lost.
    """
    return Keys(
        visitor=_load(settings, "visitor", settings.privacy.visitor_key, secret_manager),
        event=_load(settings, "event", settings.privacy.event_key, secret_manager),
    )


def key_file(settings: Settings, name: KeyName) -> Path:
    """Where a laptop keeps this key."""
    return settings.home.absolute() / SECRETS_FOLDER / f"{name}.key"


def _load(
    settings: Settings, name: KeyName, given: SecretStr | None, client: SecretManagerServiceClient | None
) -> bytes:
    if given is not None:
        return parse_key(given.get_secret_value(), f"FOOTFALL_PRIVACY__{name.upper()}_KEY")
    if settings.env == "gcp":
        return _from_secret_manager(settings.gcp.project, f"footfall-{name}-key", client)
    return _from_file(settings, name)


def parse_key(text: str, origin: str) -> bytes:
    """32 bytes from 64 hexadecimal digits; ``origin`` is named in the error, the value never is."""
    digits = text.strip()
    try:
        key = bytes.fromhex(digits)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES or len(digits) != 2 * KEY_BYTES:
        raise InputError(
            f"The key in {origin} ({len(digits)} characters) is not {2 * KEY_BYTES} hexadecimal digits. "
            "Restore the one this lake was made with; for a new lake, make one with `openssl rand -hex 32`."
        )
    return key


def _from_file(settings: Settings, name: KeyName) -> bytes:
    path = key_file(settings, name)
    try:
        if not path.exists():
            _make(settings, path)
        return parse_key(path.read_text("ascii", errors="replace"), str(path))
    except OSError as error:
        raise EnvironmentProblem(
            f"Cannot use the key {path}: {error.strerror}. Give this user read and write access to {path.parent}."
        ) from error


def _make(settings: Settings, path: Path) -> None:
    """Put a new key under ``path`` unless another process was first."""
    if has_events(settings) and not path.exists():
        raise EnvironmentProblem(
            f"The key {path} is missing, but the lake {settings.zone('events')} holds events made with it; another "
            "key would count old visitors and lines as new ones. Restore the file from a backup, or start a new lake."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    text = f"{secrets.token_hex(KEY_BYTES)}\n".encode("ascii")
    # of processes starting at once the first to link its file wins, and all of them read that one
    store_whole(path, lambda out: out.write(text), scratch=path.parent, replace=False, mode=0o600)


def has_events(settings: Settings) -> bool:
    """Whether the events zone holds a table, whose events were made with this lake's keys."""
    return any(True for _ in storage_for(settings.zone("events")).list("_delta_log/"))


def _from_secret_manager(project: str, secret: str, client: SecretManagerServiceClient | None) -> bytes:
    from google.api_core.exceptions import GoogleAPICallError, RetryError
    from google.auth.exceptions import GoogleAuthError
    from google.cloud.secretmanager import SecretManagerServiceClient

    version = f"projects/{project}/secrets/{secret}/versions/latest"
    try:
        response = (client or SecretManagerServiceClient()).access_secret_version(name=version)
    except (GoogleAPICallError, RetryError, GoogleAuthError) as error:
        raise EnvironmentProblem(
            f"Cannot read the secret {version}: {type(error).__name__}. Create it with Terraform, check "
            "FOOTFALL_GCP__PROJECT, and grant this service account roles/secretmanager.secretAccessor on it."
        ) from error
    return parse_key(response.payload.data.decode("ascii", errors="replace"), version)
