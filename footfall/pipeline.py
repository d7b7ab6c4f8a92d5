"""The steps of the lake in order: ingest, stage, audit, commit. The command calls these and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from importlib import import_module
from typing import TYPE_CHECKING

from footfall.environment import environment
from footfall.errors import EnvironmentProblem, FootfallError, InputError, QualityError
from footfall.lake.commit import Committed, finish_newest
from footfall.lake.commit import commit as make_visible
from footfall.lake.delivery import Delivery, find
from footfall.lake.landing import Landing, land
from footfall.lake.ledger import Cause, Ledger
from footfall.lake.staging import Manifest, read_manifest
from footfall.lake.storage import storage_for
from footfall.run_id import checked_run_id, new_run_id
from footfall.settings import PROJECT_ROOT, Settings

if TYPE_CHECKING:
    from footfall.quality import AuditReport

SPARK_JOB = "spark.sessionize_job"


def inbox(settings: Settings, day: str | None) -> list[Delivery]:
    """What lies in the inbox; ``day`` (YYYY-MM-DD) takes the place of ``{day}`` in its address."""
    uri = settings.inbox_uri
    if "{day}" in uri:
        if day is None:
            raise InputError(
                f"FOOTFALL_INBOX is {uri!r}, with a day in it, and no day was given; add --day YYYY-MM-DD."
            )
        uri = uri.replace("{day}", day)
    return find([uri], missing_ok=True)


def inbox_of(settings: Settings, days: Iterable[date]) -> list[Delivery]:
    """What lies in the inbox for these days, each file once."""
    found = (delivery for day in days for delivery in inbox(settings, day.isoformat()))
    return list({(delivery.name, delivery.path): delivery for delivery in found}.values())


def ingest(
    settings: Settings,
    deliveries: Iterable[Delivery],
    source: str | None = None,
    *,
    cause: Cause = "new_data",
    from_inbox: bool = False,
) -> Iterator[Landing]:
    """Land files in the raw zone; yields the growing landing after each file.

    What was taken out of the lake comes in again, unless it still lies in an inbox.
    """
    yield from land(settings, deliveries, new_run_id(), source, cause=cause, take_back=not from_inbox)


def stage(settings: Settings, run_id: str, imports: Sequence[str] = ()) -> bool:
    """Run the Spark job in a process of its own; False when no file is pending, or the run is committed already.

    ``imports`` are modules that later steps of this process need: they are imported while it waits. Raises the job's
    error as :class:`FootfallError` with its exit code.
    """
    checked_run_id(run_id)
    finish_newest(settings)
    if not Ledger(storage_for(settings.zone("ledger"))).pending():
        return False  # without the seconds that an engine takes to start
    modules = os.pathsep.join(filter(None, [str(PROJECT_ROOT), os.environ.get("PYTHONPATH")]))
    with ThreadPoolExecutor(1) as meanwhile:
        # A module that cannot be imported is left to who needs it
        meanwhile.map(import_module, imports)
        done = subprocess.run(
            [sys.executable, "-m", SPARK_JOB, "--run-id", run_id],
            env=environment(settings) | {"PYTHONPATH": modules},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        raise _job_error(run_id, done)
    answer: dict[str, bool] = json.loads(done.stdout.splitlines()[-1])
    return answer["staged"]


def _job_error(run_id: str, done: subprocess.CompletedProcess[str]) -> FootfallError:
    said = done.stderr.strip().splitlines() or ["it said nothing"]
    kinds = {kind.exit_code: kind for kind in (InputError, QualityError, EnvironmentProblem)}
    if done.returncode in kinds:  # the job's own sentence
        return kinds[done.returncode](said[-1])
    if "No space left on device" in done.stderr:
        return EnvironmentProblem("The disk is full: the Spark job could not write. Make room and run this again.")
    fate = f"was killed by signal {-done.returncode}" if done.returncode < 0 else f"ended with code {done.returncode}"
    return FootfallError(
        f"The Spark job of run {run_id} {fate}: {said[-1]} Nothing was committed and the files are still pending; "
        "run this again, or `footfall doctor`."
    )


def staged(settings: Settings, run_id: str) -> Manifest | None:
    """What the run staged; None when nothing is staged and nothing was to be.

    Raises :class:`InputError` when files are pending but the run's staging is missing or cut short.
    """
    checked_run_id(run_id)
    try:
        return read_manifest(storage_for(settings.zone("events")), run_id)
    except InputError:
        if Ledger(storage_for(settings.zone("ledger"))).pending():
            raise
        return None


def audit(settings: Settings, manifest: Manifest) -> AuditReport:
    """Judge a staged run. Raises :class:`~footfall.errors.QualityError`; nothing has changed then."""
    from footfall.quality import StagedAudit  # Great Expectations takes seconds to import
    from footfall.quality import audit as judge

    return judge(
        settings,
        manifest.run_id,
        StagedAudit(manifest.staged_files, lines_read=manifest.lines, quarantined=manifest.quarantined),
    )


def commit(settings: Settings, manifest: Manifest) -> Committed:
    """Make a staged and audited run part of the lake."""
    return make_visible(settings, manifest)
