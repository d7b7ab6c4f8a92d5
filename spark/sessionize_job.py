"""The Spark job: what the ledger says is to be done in, staged sessions out.

    python -m spark.sessionize_job --run-id 20240512T101500Z-ab12cd [--engine sail|spark]

Reads the pending files from the raw zone and, from the events zone, the dates they may change; writes Parquet below
``<events zone>/<run id>/<attempt>/`` and ends with the run's manifest. The same file runs on a laptop and as a Dataproc
batch; everything else comes from the settings (``FOOTFALL_*``). Prints one JSON line: the run id and whether there was
anything to do.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys

from footfall.errors import FootfallError
from footfall.lake import events
from footfall.lake.commit import finish_newest
from footfall.lake.ledger import Ledger
from footfall.lake.quarantine import write_quarantine
from footfall.lake.staging import Manifest, write_manifest
from footfall.lake.storage import storage_for
from footfall.lake.work import work
from footfall.run_id import checked_run_id
from footfall.settings import Settings
from spark.attempt import Attempt
from spark.session import engine
from spark.staged_parquet import count_lines


def run(settings: Settings, run_id: str) -> Manifest | None:
    """Stage the pending files under ``run_id``; None when nothing is pending."""
    checked_run_id(run_id)
    finish_newest(settings)
    ledger = Ledger(storage_for(settings.zone("ledger")))
    pending = ledger.pending()
    table = events.open_table(settings.zone("events"))
    # The files of a committed run are the table: a manifest of others would have them removed
    if not pending or events.committed_version(table, run_id) is not None:
        return None
    todo = work(ledger, pending)
    zone = storage_for(settings.zone("events"))
    with engine(settings.engine) as spark:
        name = secrets.token_hex(4)
        attempt = Attempt(spark, settings, f"{run_id}/{name}", table, todo)
        attempt.stage()
        counts = count_lines(spark, zone, attempt.parquet)
    manifest = Manifest(
        run_id=run_id,
        attempt=name,
        base_version=events.version_of(table),
        files=[record.sha256 for record in todo.take_in],
        taken_out=[record.sha256 for record in todo.take_out],
        dates=sorted(attempt.dates),
        causes={day: sorted(attempt.causes[day]) for day in sorted(attempt.dates)},
        parquet=attempt.parquet,
        counts=counts,
    )
    quarantine = storage_for(settings.zone("quarantine"))
    # A job may be an orphan by now, and the file it read taken out of the lake
    write_quarantine(zone, quarantine, manifest.rejected_paths, lambda sha256: ledger.find(sha256) is not None)
    write_manifest(zone, manifest)
    return manifest


def main(arguments: list[str] | None = None) -> int:
    """Run the job from the command line; errors a user can act on are one sentence."""
    parser = argparse.ArgumentParser(description="Stage pending raw files as sessionized events.")
    parser.add_argument("--run-id", required=True)
    parser.add_argument("--engine", choices=["sail", "spark"])
    options = parser.parse_args(arguments)
    settings = Settings()
    if options.engine:
        settings.engine.name = options.engine
    try:
        manifest = run(settings, options.run_id)
    except FootfallError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(json.dumps({"run_id": options.run_id, "staged": manifest is not None}))
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Sail's threads may outlive the server's stop() and abort the interpreter's own shutdown (seen once in some
    # hundred runs); all is written by now, so there is nothing to shut down
    os._exit(code)
