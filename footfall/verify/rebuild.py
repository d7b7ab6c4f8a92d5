"""A full rebuild in a scratch lake: the same raw files and keys, every file pending, one Spark job, one dbt build."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from footfall import pipeline
from footfall.errors import TransformError
from footfall.lake.keys import load_keys
from footfall.lake.ledger import FileRecord, Ledger, PendingFile
from footfall.lake.staging import Manifest
from footfall.lake.storage import storage_for
from footfall.settings import LakeSettings, PrivacySettings, Settings
from footfall.warehouse.transform import transform

RUN_ID = "verify"


@dataclass(frozen=True, slots=True)
class Rebuild:
    """A scratch lake after its one run. ``records`` say by hash what became of each file there.

    ``has_marts`` is false when no date has an event, or none were asked for; ``refused`` is what dbt said when it
    refused to build them.
    """

    settings: Settings
    records: dict[str, FileRecord]
    has_marts: bool = False
    refused: str | None = None


def rebuild(settings: Settings, records: Iterable[FileRecord], scratch: Path, *, marts: bool) -> Rebuild:
    """Build events, quarantine zone, ledger and marts of these files from raw, below ``scratch``.

    The raw zone is read and nothing else of the lake. Raises what the Spark job raises.
    """
    built = scratch_settings(settings, scratch)
    ledger = Ledger(storage_for(built.zone("ledger")))
    files = [record.to_read() for record in records]
    for file in files:
        ledger.order(PendingFile(record=file))
    if not files or not pipeline.stage(built, RUN_ID):
        return Rebuild(built, {})
    manifest = pipeline.staged(built, RUN_ID)
    assert manifest is not None
    _count_lines_anew(ledger, manifest)
    pipeline.commit(built, manifest)
    made = {record.sha256: record for record in ledger.committed()}
    if not marts or not manifest.staged_files:
        return Rebuild(built, made)
    try:
        transform(built, full_refresh=True)
    except TransformError as error:
        return Rebuild(built, made, refused=str(error))
    return Rebuild(built, made, has_marts=True)


def scratch_settings(settings: Settings, scratch: Path) -> Settings:
    """The settings of the scratch lake: those of the lake, keys included, but every zone except raw is its own."""
    keys = load_keys(settings)
    changed = {
        "env": "laptop",
        "home": scratch / "home",
        "lake": LakeSettings(raw=settings.zone("raw")),
        "privacy": PrivacySettings(
            visitor_key=SecretStr(keys.visitor.hex()),
            event_key=SecretStr(keys.event.hex()),
        ),
    }
    # Not read from the environment, as Settings() does, nor copied: a copy keeps the paths that are cached in it
    fields = {name: getattr(settings, name) for name in Settings.model_fields}
    return Settings.model_construct(**(fields | changed))


def _count_lines_anew(ledger: Ledger, manifest: Manifest) -> None:
    """Let the scratch ledger say how many lines were read: the commit refuses a count of lines that does not add up.

    What the lake's own ledger says is compared afterwards.
    """
    lines = {counts.sha256: counts.lines for counts in manifest.counts}
    for waiting in ledger.pending():
        read = lines.get(waiting.record.sha256, 0)
        if waiting.record.lines != read:
            waiting.record.lines = read
            ledger.order(waiting)
