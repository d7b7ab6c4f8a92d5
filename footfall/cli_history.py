"""Commands that change what the lake has taken in, or prove it: unimport, replay, backfill, verify."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from footfall import pipeline
from footfall.environment import settings_now
from footfall.errors import InputError
from footfall.lake import orders
from footfall.lake.ledger import FileRecord
from footfall.run_id import new_run_id
from footfall.steps import Steps

Files = Annotated[list[str], typer.Argument(help="Paths, or hashes of contents (8 digits or more).", metavar="FILE...")]


def unimport(files: Files) -> None:
    """Take files out of the lake, their bytes as well; what they touched is rebuilt and published."""
    settings, steps = settings_now(), Steps()
    for record in orders.unimport(settings, files):
        steps.say(f"{_shown(record)} {'is out already' if record.taken_out else 'goes'}")
    steps.to_readers(settings, new_run_id())


def replay(
    files: Annotated[
        list[str] | None, typer.Argument(help="Files to read again; those with quarantined lines unless given.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every file of the lake.")] = False,
) -> None:
    """Read files from the raw zone again with the rules as they are now, and publish what that changes."""
    if files and everything:
        raise InputError(f"{files[0]!r} and --all were given: name files, or read all of them (one of the two).")
    settings, steps = settings_now(), Steps()
    found = orders.replay(settings, files or (), everything=everything)
    for record in found:
        steps.say(f"{_shown(record)} is read again: {sum(record.quarantined.values()):,} of its lines are quarantined")
    if not found:
        steps.say("no file has quarantined lines: there is nothing to read again")
    steps.to_readers(settings, new_run_id())


def backfill(
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day (UTC).")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day (UTC), included.")],
    reprocess: Annotated[
        bool, typer.Option("--reprocess", help="Read again what the lake has of these days, with today's rules.")
    ] = False,
) -> None:
    """Take in what the inbox holds for a range of days, all in one Spark job, and publish it."""
    days = _days(first.date(), last.date())
    settings, steps = settings_now(), Steps()
    again = orders.read_dates_again(settings, days) if reprocess else []
    if again:
        steps.say(f"{len(again)} files with lines of these days are read again")
    landing = steps.ingest(settings, pipeline.inbox_of(settings, days), cause="backfill", from_inbox=True)
    steps.to_readers(settings, new_run_id())
    if landing.refused:
        raise typer.Exit(InputError.exit_code)


def verify(
    scratch: Annotated[Path | None, typer.Option(help="Folder for the rebuilt lake; kept for a look.")] = None,
) -> None:
    """Rebuild everything from the raw files in a scratch place and compare; exit code 1 where the two differ."""
    from footfall.verify import print_verification
    from footfall.verify import verify as prove

    steps = Steps()
    with steps.step("rebuild and compare"):
        verification = prove(settings_now(), scratch)
    print_verification(verification)
    raise typer.Exit(0 if verification.holds else 1)


def _days(first: date, last: date) -> list[date]:
    if last < first:
        raise InputError(f"--from {first} is after --to {last}: give the first day of the range, then the last.")
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _shown(record: FileRecord) -> str:
    return f"{record.names[0]} ({record.sha256[: orders.SHOWN]})"
