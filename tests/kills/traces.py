"""What a command leaves on the disk on its way, in order: where it is can be told by anybody who looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from footfall.settings import Settings
from footfall.warehouse.published_file import log_of, new_file, spare_file

Entry = tuple[str, int, int]  # path, inode, time of the last change in ns

# A trace, and the step that a command is in when this is the last it has left
STEPS = {
    "landed": "ingest",  # a raw file, but no record that it is to be read
    "pending": "spark",
    "staged": "spark",  # the first Parquet file
    "manifest": "audit",
    "committed": "commit",  # in the Delta log, but the ledger says that it is still to be done
    "settled": "load",
    "loaded": "dbt",
    "building": "dbt",  # the first model is there
    "built": "publish",
    "publishing": "publish",  # the file that readers are to see is written
    "published": "publish",  # it has its name
}
AT_THE_START = "start"


class Traces:
    """What has come or changed in a home since this was made."""

    def __init__(self, settings: Settings) -> None:
        lake = {zone: Path(settings.zone(zone)) for zone in ("raw", "ledger", "events")}
        warehouse = settings.warehouse_dir
        self._dbt_log = warehouse / "dbt" / "logs" / "dbt.log"
        self._build_db = settings.build_db
        self._pending = lake["ledger"] / "pending"
        spare = spare_file(settings)
        unnamed = new_file(settings).name.partition("-")[0]
        self._globs: dict[str, list[tuple[Path, str]]] = {
            "landed": [(lake["raw"], "??/*")],
            "pending": [(self._pending, "*.json")],
            "staged": [(lake["events"], "*/*/**/*.parquet")],
            "manifest": [(lake["events"], "*/_manifest.json")],
            "committed": [(lake["events"] / "_delta_log", "*.json")],
            "loaded": [(self._build_db.parent, self._build_db.name)],
            "built": [(warehouse / "dbt" / "target", "run_results.json")],
            "publishing": [(warehouse, f"{unnamed}-*"), (warehouse, spare.name), (warehouse, log_of(spare).name)],
            "published": [(settings.published_db.parent, settings.published_db.name)],
        }
        self._before = {trace: _entries(globs) for trace, globs in self._globs.items()}
        self._log_began = self._dbt_log.stat().st_size if self._dbt_log.exists() else 0

    def has(self, trace: str) -> bool:
        special: dict[str, Callable[[], bool]] = {
            "settled": lambda: self._is_new("committed") and not any(self._pending.glob("*.json")),
            "loaded": lambda: self._is_new("loaded") and not log_of(self._build_db).exists(),
            "building": lambda: " OK created " in self._dbt_said(),
        }
        return special[trace]() if trace in special else self._is_new(trace)

    def has_reached(self, trace: str) -> bool:
        return any(self.has(later) for later in [*STEPS][[*STEPS].index(trace) :])

    def step(self) -> str:
        """The step of the last trace there is."""
        return next((STEPS[trace] for trace in reversed(STEPS) if self.has(trace)), AT_THE_START)

    def _is_new(self, trace: str) -> bool:
        return bool(_entries(self._globs[trace]) - self._before[trace])

    def _dbt_said(self) -> str:
        if not self._dbt_log.exists():
            return ""
        with self._dbt_log.open(errors="replace") as log:
            log.seek(self._log_began)
            return log.read()


def as_survived(kills: Mapping[str, int]) -> dict[str, int]:
    """How many kills were survived in which step, as the summary at the end of the tests adds them up."""
    return {f"kills -9 of processes: {step}": times for step, times in kills.items()}


def _entries(globs: list[tuple[Path, str]]) -> set[Entry]:
    found = set()
    for folder, pattern in globs:
        for path in folder.glob(pattern):
            try:
                status = path.stat()
            except FileNotFoundError:  # gone since
                continue
            found.add((str(path), status.st_ino, status.st_mtime_ns))
    return found
