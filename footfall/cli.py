"""The ``footfall`` command. Each command parses its arguments, calls one function, and prints what came of it.

Exit codes: 0 done; 1 unexpected state; 2 bad input or usage; 3 the quality gate refused; 4 the machine lacks
something; 5 dbt refused. Results go to standard output, progress and messages to standard error.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer

from footfall import __version__, pipeline
from footfall.cli_history import backfill, replay, unimport, verify
from footfall.environment import settings_now
from footfall.errors import EnvironmentProblem, FootfallError, InputError
from footfall.lake.delivery import find
from footfall.report import Format
from footfall.run_id import new_run_id
from footfall.steps import Steps

app = typer.Typer(
    help="Raw web logs and tracker events to trusted sessions, marts and dashboards.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)

# What a machine answers when it is full or shut: no bug of ours
REFUSALS = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS}

RunId = Annotated[str | None, typer.Option("--run-id", help="Name of the run; made up unless given.")]
Paths = Annotated[list[str], typer.Argument(help="Files, folders, globs or gs:// prefixes.", metavar="PATH...")]
FormatName = Annotated[str | None, typer.Option("--format", help="Log format of the files; found out unless given.")]
OutputFormat = Annotated[str, typer.Option("--format", help="table, csv or json.")]


@app.callback()
def choose_home(
    home: Annotated[Path | None, typer.Option(help="Where this laptop's data lives (FOOTFALL_HOME).")] = None,
    engine: Annotated[str | None, typer.Option(help="Spark engine: sail (embedded) or spark (JVM).")] = None,
) -> None:
    """Options of every command; they become settings, so that the Spark job and dbt see them too."""
    if home is not None:
        os.environ["FOOTFALL_HOME"] = str(home.expanduser().absolute())
    if engine is not None:
        os.environ["FOOTFALL_ENGINE__NAME"] = engine


@app.command()
def ingest(
    paths: Annotated[list[str] | None, typer.Argument(help="Files, folders, globs or gs:// prefixes.")] = None,
    inbox: Annotated[bool, typer.Option("--inbox", help="Take what lies in the inbox (FOOTFALL_INBOX).")] = False,
    day: Annotated[str | None, typer.Option(help="Day that replaces {day} in the inbox's address.")] = None,
    log_format: FormatName = None,
    cause: Annotated[
        Literal["new_data", "backfill"], typer.Option(help="Why they come; a figure they restate says so.")
    ] = "new_data",
) -> None:
    """Land raw files: bytes as delivered, once per content, with a pending ledger record."""
    settings = settings_now()
    if inbox == bool(paths):
        raise InputError("Nothing to ingest: give files, folders or globs, or --inbox (one of the two).")
    deliveries = pipeline.inbox(settings, day) if inbox else find(paths or [])
    landing = Steps().ingest(settings, deliveries, log_format, cause=cause, from_inbox=inbox)
    # An inbox may hold a file that is still being written: the next run takes it
    if landing.refused and (not inbox or not (landing.landed or landing.known)):
        raise typer.Exit(InputError.exit_code)


@app.command()
def stage(run_id: RunId = None) -> None:
    """Run the Spark job on the pending files; nothing becomes visible yet."""
    settings, name = settings_now(), run_id or new_run_id()
    steps = Steps()
    with steps.step("stage"):
        has_staged = pipeline.stage(settings, name)
    if not has_staged:
        steps.say("nothing is pending: there is nothing to stage")
    print(json.dumps({"run_id": name, "staged": has_staged}))


@app.command()
def audit(run_id: Annotated[str, typer.Option("--run-id", help="The staged run.")]) -> None:
    """Judge a staged run by the quality gate; exit code 3 when it is refused."""
    steps, settings = Steps(), settings_now()
    manifest = pipeline.staged(settings, run_id)
    if manifest is None:
        steps.say("nothing was staged: there is nothing to audit")
    else:
        steps.audit(settings, manifest)


@app.command()
def commit(run_id: Annotated[str, typer.Option("--run-id", help="The staged and audited run.")]) -> None:
    """Make a staged run visible in one step, and settle the ledger."""
    steps, settings = Steps(), settings_now()
    manifest = pipeline.staged(settings, run_id)
    if manifest is None:
        steps.say("nothing was staged: there is nothing to commit")
    else:
        steps.commit(settings, manifest)


@app.command()
def sessionize(run_id: RunId = None) -> None:
    """Stage, audit and commit the pending files."""
    Steps().sessionize(settings_now(), run_id or new_run_id())


@app.command()
def load() -> None:
    """Let the warehouse see the changed dates; prints them as JSON."""
    from footfall.warehouse.load import load as load_dates

    steps = Steps()
    with steps.step("load"):
        dates = load_dates(settings_now())
    print(json.dumps({"touched_dates": [day.isoformat() for day in dates]}))


@app.command()
def transform(
    full_refresh: Annotated[bool, typer.Option("--full-refresh", help="Build everything anew.")] = False,
) -> None:
    """Load the changed dates and build the models with dbt."""
    Steps().transform(settings_now(), full_refresh=full_refresh)


@app.command()
def publish(run_id: RunId = None) -> None:
    """Put the marts that were built in front of readers, all in one step."""
    Steps().publish(settings_now(), run_id)


@app.command()
def run(paths: Paths, log_format: FormatName = None) -> None:
    """Everything, without Airflow: ingest, sessionize, transform, publish."""
    settings, steps, run_id = settings_now(), Steps(), new_run_id()
    landing = steps.ingest(settings, find(paths), log_format)
    if landing.refused and not (landing.landed or landing.known):
        raise typer.Exit(InputError.exit_code)
    steps.to_readers(settings, run_id)
    if landing.refused:
        raise typer.Exit(InputError.exit_code)


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="One SELECT on the published marts.")], form: OutputFormat = "table"
) -> None:
    """Ask the published marts; read-only, also while a build runs."""
    from footfall.report import print_rows
    from footfall.warehouse.query import query as ask

    chosen = _format(form)
    print_rows(ask(settings_now(), sql), chosen)


@app.command()
def generate(
    output: Annotated[Path, typer.Option(help="Folder to write to.")],
    days: Annotated[int, typer.Option(min=1, help="Days of traffic.")] = 3,
    visitors: Annotated[int, typer.Option(min=1, help="People behind it.")] = 2_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    start: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day; 2026-10-01 unless set.")
    ] = None,
    lines: Annotated[int | None, typer.Option(min=1, help="Exactly this many lines.")] = None,
) -> None:
    """Make believable logs (combined format, one gzip file a day) from a seed."""
    from footfall.generate import DEFAULT_START
    from footfall.generate import generate as make

    first: date = start.date() if start else DEFAULT_START
    steps = Steps()
    with steps.step(f"generate {days} days"):
        made = make(output, days=days, visitors=visitors, seed=seed, start=first, lines=lines)
    steps.say(
        f"{made.lines:,} lines in {len(made.files)} files below {output} ({made.broken_lines:,} broken on purpose)"
    )


@app.command()
def doctor() -> None:
    """Check this machine and say the remedy for each finding; exit code 4 when a command would fail."""
    from footfall.doctor import diagnose, exit_code
    from footfall.report import print_findings

    findings = diagnose(settings_now())
    print_findings(findings)
    raise typer.Exit(exit_code(findings))


@app.command()
def status(form: OutputFormat = "table") -> None:
    """What has been ingested, what is pending, what is published."""
    from footfall.report import print_status
    from footfall.status import status as look

    chosen = _format(form)
    print_status(look(settings_now()), chosen)


@app.command()
def version() -> None:
    """Print the version."""
    print(__version__)


def _format(name: str) -> Format:
    if name not in list(Format):
        raise InputError(f"{name!r} is no output format; give one of {', '.join(Format)}.")
    return Format(name)


for command in (unimport, replay, backfill, verify):
    app.command()(command)


def main() -> None:
    """Run the command; an error a user can act on is one sentence and its exit code."""
    try:
        app()
    except FootfallError as error:
        _end(error)
    except BrokenPipeError:  # `footfall query ... | head`
        sys.stderr.close()
        sys.exit(0)
    except KeyboardInterrupt:
        print("interrupted; run the command again, it goes on from what is committed", file=sys.stderr)
        sys.exit(130)
    except OSError as error:  # a library's own, such as the quality gate's pages
        if error.errno not in REFUSALS:
            raise
        what = f"{error.filename or 'The disk'}: {error.strerror}"
        _end(EnvironmentProblem(f"{what}. Make room or give this user access, then run this again."))


def _end(error: FootfallError) -> NoReturn:
    from footfall.report import err

    err.print("[red]error:[/] ", end="")
    err.print(str(error), markup=False)
    sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
