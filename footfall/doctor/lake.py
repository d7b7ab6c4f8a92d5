"""What the settings point at: the home, the zones, the keys, the credentials, the published marts."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final, get_args

from footfall.doctor.finding import Finding, fail, failed, ok, warn
from footfall.errors import FootfallError
from footfall.lake.keys import KeyName, has_events, key_file, load_keys, parse_key
from footfall.lake.storage import storage_for
from footfall.settings import Settings, Zone

# 1 M log lines take about half a gigabyte from raw file to published marts
TIGHT_BYTES: Final = 5 << 30
FULL_BYTES: Final = 512 << 20

ZONES: Final[tuple[Zone, ...]] = get_args(Zone)


def home(settings: Settings) -> Iterator[Finding]:
    """Whether the home can be written, and the room left on its disk."""
    folder = settings.home.absolute()
    try:
        storage_for(str(folder)).check()
    except FootfallError as error:
        yield failed("home", error)
        return
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    detail = f"{folder}, {free / (1 << 30):.1f} GiB free" + ("" if folder.exists() else ", made on first use")
    more_room = "Free some space, or set FOOTFALL_HOME (--home) to a folder on a larger disk."
    if free < FULL_BYTES:
        yield fail("home", detail, more_room)
    elif free < TIGHT_BYTES:
        yield warn("home", detail, more_room)
    else:
        yield ok("home", detail)


def zones(settings: Settings) -> Iterator[Finding]:
    """Whether each zone can be read and written."""
    with ThreadPoolExecutor(len(ZONES)) as pool:
        yield from pool.map(lambda zone: _zone(settings, zone), ZONES)


def _zone(settings: Settings, zone: Zone) -> Finding:
    name, uri = f"zone {zone}", settings.zone(zone)
    try:
        storage_for(uri).check()
    except FootfallError as error:
        return failed(name, error)
    if settings.env == "gcp" and not uri.startswith("gs://"):
        return warn(name, f"{uri} is a folder of this machine alone", f"Set FOOTFALL_LAKE__{zone.upper()}=gs://bucket.")
    return ok(name, uri)


def keys(settings: Settings) -> Iterator[Finding]:
    """Whether the keys are there, well formed and private; missing ones are not made here."""
    if settings.env == "gcp":
        load_keys(settings)
        yield ok("keys", "both can be read")
        return
    yield _key(settings, "visitor", settings.privacy.visitor_key is not None)
    yield _key(settings, "event", settings.privacy.event_key is not None)


def _key(settings: Settings, key: KeyName, in_environment: bool) -> Finding:
    name, path = f"{key} key", key_file(settings, key)
    try:
        if in_environment:
            value = getattr(settings.privacy, f"{key}_key").get_secret_value()
            parse_key(value, f"FOOTFALL_PRIVACY__{key.upper()}_KEY")
            return ok(name, "set in the environment")
        if not path.exists():
            return _missing_key(settings, key)
        parse_key(path.read_text("ascii", errors="replace"), str(path))
        modes = {part: stat.S_IMODE(part.stat().st_mode) for part in (path, path.parent)}
    except FootfallError as error:
        return failed(name, error)
    except OSError as error:
        return fail(name, f"{path}: {error.strerror}", f"Give this user read access to {path.parent}.")
    if any(mode & 0o077 for mode in modes.values()):
        shown = ", ".join(f"{part.name} {mode:o}" for part, mode in modes.items())
        return warn(name, f"others can read it ({shown})", f"Run `chmod 700 '{path.parent}' && chmod 600 '{path}'`.")
    return ok(name, str(path))


def _missing_key(settings: Settings, key: KeyName) -> Finding:
    name, path = f"{key} key", key_file(settings, key)
    if has_events(settings):
        detail = f"{path} is missing, but the events zone holds events made with it"
        return fail(name, detail, "Restore it from a backup, or start a new lake.")
    return ok(name, "made on first use")


def credentials(settings: Settings) -> Iterator[Finding]:
    """Google Cloud's application default credentials; only looked for when the environment is gcp."""
    if settings.env != "gcp":
        return
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError

    try:
        found, project = google.auth.default()
    except DefaultCredentialsError:
        yield fail(
            "credentials",
            "no application default credentials",
            "Run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS to a key file.",
        )
        return
    account = getattr(found, "service_account_email", None) or type(found).__name__
    if project and project != settings.gcp.project:
        detail = f"{account} is of project {project}, FOOTFALL_GCP__PROJECT is {settings.gcp.project}"
        yield warn("credentials", detail, "Check that this is meant.")
    else:
        yield ok("credentials", f"{account}, project {settings.gcp.project}")


def marts(settings: Settings) -> Iterator[Finding]:
    """The published marts of a laptop: whether readers can open them, and what they hold."""
    if settings.env != "laptop":
        return
    path = settings.published_db
    if not path.exists():
        yield ok("marts", "nothing published yet; `footfall run PATH` does")
        return
    import duckdb

    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            tables = sorted(row[0] for row in connection.sql("show tables").fetchall())
    except duckdb.Error as error:
        first = str(error).splitlines()[0]
        yield fail("marts", f"{path} cannot be opened: {first}", "Run `footfall publish` to write it anew.")
        return
    yield ok("marts", f"{', '.join(tables)} in {path}")
