"""A laptop's home for one test: land, stage in this process, commit, and look at what each file became."""

from __future__ import annotations

import gzip
import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from pydantic import SecretStr

from footfall import pipeline
from footfall.contract import COLUMN_NAMES
from footfall.lake import events, orders
from footfall.lake.commit import Committed
from footfall.lake.delivery import find
from footfall.lake.landing import Landing
from footfall.lake.ledger import FileRecord, Ledger
from footfall.lake.staging import Manifest
from footfall.lake.storage import storage_for
from footfall.settings import PrivacySettings, Settings
from spark import sessionize_job

# The same in every home, so that homes can be compared
KEYS = PrivacySettings(visitor_key=SecretStr("0a" * 32), event_key=SecretStr("b1" * 32))
# What depends on the order of arrival by its very meaning
ARRIVAL = ("ingest_run_id", "ingested_at")


@dataclass(slots=True)
class Home:
    settings: Settings
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def ledger(self) -> Ledger:
        return Ledger(storage_for(self.settings.zone("ledger")))

    def ingest(self, *paths: Path, source: str | None = None, from_inbox: bool = False) -> Landing:
        deliveries = find([str(path) for path in paths])
        *_, landing = pipeline.ingest(self.settings, deliveries, source, from_inbox=from_inbox)
        return landing

    def stage(self, run_id: str | None = None) -> Manifest | None:
        return sessionize_job.run(self.settings, run_id or f"run-{next(self._numbers):03}")

    def commit(self, manifest: Manifest | None) -> Committed:
        assert manifest is not None
        return pipeline.commit(self.settings, manifest)

    def take(self, *paths: Path, source: str | None = None) -> Committed:
        """Ingest, stage and commit; every file must be landed."""
        landing = self.ingest(*paths, source=source)
        assert landing.refused == []
        return self.commit(self.stage())

    def unimport(self, *paths: Path) -> None:
        """Ask for files to be taken out; the next run does it."""
        orders.unimport(self.settings, [str(path) for path in paths])

    def replay(self, *paths: Path, everything: bool = False) -> None:
        """Ask for files to be read again; the next run does it."""
        orders.replay(self.settings, [str(path) for path in paths], everything=everything)

    def record(self, path: Path) -> FileRecord:
        """The committed record of a file, by its name."""
        (found,) = [record for record in self.ledger.committed() if str(path) in record.names]
        return found

    def rows(self) -> list[dict[str, Any]]:
        """All events, in the order of file and line."""
        table = events.open_table(self.settings.zone("events"))
        files = [] if table is None else events.files_of(table)
        found = []
        for file in files:
            day = file.split("event_date=")[1].split("/")[0]
            found += [row | {"event_date": day} for row in pq.ParquetFile(file).read().to_pylist()]
        return sorted(found, key=lambda row: (row["file_sha256"], row["line_number"]))

    def table(self) -> list[tuple[Any, ...]]:
        """All events as sorted tuples of what does not depend on the order of arrival."""
        names = [name for name in COLUMN_NAMES if name not in ARRIVAL]
        return sorted(tuple(repr(row[name]) for name in names) for row in self.rows())

    def quarantined(self) -> list[dict[str, Any]]:
        """All quarantined lines, in the order of file and line."""
        zone = storage_for(self.settings.zone("quarantine"))
        found = [row for entry in zone.list() for row in pq.ParquetFile(zone.uri(entry.path)).read().to_pylist()]
        return sorted(found, key=lambda row: (row["file_sha256"], row["line_number"]))

    def counts(self) -> dict[str, tuple[int, int, int, int]]:
        """(lines, events, repeated, quarantined) of each committed file, by its hash."""
        return {
            record.sha256: (record.lines, record.events, record.repeated, sum(record.quarantined.values()))
            for record in self.ledger.committed()
        }

    def assert_every_line_is_accounted_for(self) -> None:
        """Lines read = events + quarantined + repeated for every file: in the ledger, and counted anew."""
        rows, bad_rows = self.rows(), self.quarantined()
        raw = storage_for(self.settings.zone("raw"))
        for record in self.ledger.committed():
            events_here = sum(row["file_sha256"] == record.sha256 for row in rows)
            bad_here = sum(row["file_sha256"] == record.sha256 for row in bad_rows)
            assert record.lines == record.events + record.repeated + sum(record.quarantined.values()), record.names
            assert (record.events, sum(record.quarantined.values())) == (events_here, bad_here), record.names
            stored = raw.read(f"{record.sha256[:2]}/{record.sha256}" + (".gz" if record.gzip else ""))
            data = gzip.decompress(stored) if record.gzip else stored
            lines = data.removesuffix(b"\n").count(b"\n") + 1 if data else 0
            assert lines == record.lines + record.header_lines, record.names
        assert {row["file_sha256"] for row in rows + bad_rows} <= set(self.counts())


def new_home(path: Path, **values: Any) -> Home:
    return Home(Settings(home=path, **({"privacy": KEYS} | values)))
