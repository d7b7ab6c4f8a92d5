"""The steps as a person watches them: a spinner while one runs, a line with its seconds when it is done."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

from footfall import pipeline
from footfall.errors import InputError
from footfall.lake.delivery import Delivery
from footfall.lake.events import StaleRun
from footfall.lake.landing import Landing
from footfall.lake.ledger import Cause
from footfall.lake.staging import Manifest
from footfall.report import err, print_counts, print_landing
from footfall.settings import Settings

ATTEMPTS = 3  # at a run, when others commit first
GATE, MODELS = "great_expectations", "dbt.cli.main"  # what the audit and the build take seconds to import


class Steps:
    """Runs steps, says what came of each, and remembers how long it took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str, total: int | None = None) -> Iterator[Callable[[], None]]:
        """Show ``name`` as running; yields a function that advances the bar where there is a ``total``."""
        columns = [SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()]
        if total:
            columns[2:2] = [BarColumn(), MofNCompleteColumn()]
        started = time.perf_counter()
        # Without a terminal there is nobody to watch it spin, and it would leave empty lines
        with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
            task = progress.add_task(name, total=total)
            yield lambda: progress.advance(task)
        self.seconds[name] = time.perf_counter() - started
        err.print(f"{name} [dim]{self.seconds[name]:.1f} s[/]")

    def say(self, message: str) -> None:
        """One line about the step before."""
        err.print(f"  {message}", markup=False)

    def ingest(
        self,
        settings: Settings,
        deliveries: list[Delivery],
        source: str | None = None,
        *,
        cause: Cause = "new_data",
        from_inbox: bool = False,
    ) -> Landing:
        """Land files, and say what became of them."""
        landing = Landing("")
        with self.step("ingest", total=len(deliveries)) as advance:
            for landed in pipeline.ingest(settings, deliveries, source, cause=cause, from_inbox=from_inbox):
                landing = landed
                advance()
        print_landing(landing)
        if not deliveries:
            self.say("the inbox is empty: there is nothing to ingest")
        return landing

    def to_readers(self, settings: Settings, run_id: str) -> None:
        """All that follows landing: what is pending becomes published marts."""
        self.sessionize(settings, run_id, imports=(GATE, MODELS))
        built = self.transform(settings)
        try:
            self.publish(settings, run_id)
        except InputError:
            if built:
                raise
            self.say("no event has come in yet: there is nothing to publish")
        self.print_times()

    def sessionize(self, settings: Settings, run_id: str, *, imports: Sequence[str] = (GATE,)) -> None:
        """Stage, audit, commit; once more on what another run has left, when that was first to commit.

        ``imports`` are modules that later steps need, imported while this process waits for the Spark job.
        """
        stale = retry_if_exception_type(StaleRun)
        for attempt in Retrying(retry=stale, stop=stop_after_attempt(ATTEMPTS), reraise=True):
            if attempt.retry_state.attempt_number > 1:
                self.say("another run has committed meanwhile: this one is staged again, on what that left")
            with attempt:
                self._sessionize(settings, run_id, imports)

    def _sessionize(self, settings: Settings, run_id: str, imports: Sequence[str]) -> None:
        with self.step("stage"):
            has_staged = pipeline.stage(settings, run_id, imports)
        manifest = pipeline.staged(settings, run_id) if has_staged else None
        if manifest is None:
            self.say("nothing is pending, or this run is committed: there is nothing to sessionize")
            return
        print_counts(manifest)
        self.audit(settings, manifest)
        self.commit(settings, manifest)

    def audit(self, settings: Settings, manifest: Manifest) -> None:
        """The quality gate."""
        with self.step("audit"):
            report = pipeline.audit(settings, manifest)
        self.say(f"{report.expectations} expectations hold on {len(report.dates)} dates, {report.sessions:,} sessions")

    def commit(self, settings: Settings, manifest: Manifest) -> None:
        """Make the run visible."""
        with self.step("commit"):
            committed = pipeline.commit(settings, manifest)
        done = "was committed already" if committed.already else "is visible"
        self.say(f"version {committed.version} of the events table {done}")

    def transform(self, settings: Settings, *, full_refresh: bool = False) -> bool:
        """Load and build; False when there was nothing to build."""
        from footfall.warehouse.transform import transform

        with self.step("transform"):
            done = transform(settings, full_refresh=full_refresh)
        if done.build is None:
            self.say("no date has changed: there is nothing to build")
        else:
            self.say(f"{done.build.models} models built, {done.build.tests} tests passed, {len(done.dates)} dates")
        return done.build is not None

    def publish(self, settings: Settings, run_id: str | None) -> None:
        """Swap the marts readers see."""
        from footfall.warehouse.publish import publish

        with self.step("publish"):
            publication = publish(settings, run_id)
        if publication is None:
            self.say("readers see these marts already: there is nothing to publish")
        else:
            self.say(f"readers see version {publication.events_version} of the events")

    def print_times(self) -> None:
        """Seconds of all steps together, and what to run next, under the name that this shell finds."""
        command = "footfall" if shutil.which("footfall") else sys.argv[0]
        seconds = sum(self.seconds.values())
        err.print(
            f'done in {seconds:.1f} s; next: {command} query "select * from agg_daily_metrics"',
            soft_wrap=True,
            markup=False,
        )
