"""What a day costs when there are many before it: seconds and bytes read of every step, beside those of a rebuild.

    python -m benchmarks.flat_cost --scratch DIR [--days 60] [--events 200000] [--skip-rebuild] [--plot FILE.svg]

Day files of one size are fed one a day: ingest, sessionize, transform, publish, each a process. The last five days
stand against days 3 to 7. A rebuild is one ``footfall run`` over the files of the first days, into an empty home.
Started again with the same DIR it goes on where it was; what is measured is not measured again.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.harness import footfall, machine, paired_ratio, run, scratch
from benchmarks.history import STEPS, History, add_record, figures, options, read_records, total
from benchmarks.plot import line_chart

AIM: Final = 1.15
_FIRST_DAY, _WINDOW = 3, 5
# which of the history's lengths are rebuilt: 1, 20 and 60 of 60 days
_REBUILT_SHARES = (0, 1 / 3, 1)

Record = Mapping[str, Any]


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--skip-rebuild", action="store_true", help="only the days, no rebuilds")
    parser.add_argument("--plot", type=Path, help="write the curves to this SVG file")
    arguments = parser.parse_args()
    with scratch(arguments.scratch) as folder:
        measure(arguments, folder)


def measure(arguments: argparse.Namespace, folder: Path) -> None:
    """Feed the days and rebuild in ``folder``, print the tables, write the plot."""
    print(f"{machine()}; {arguments.days} days of {arguments.events:,} lines", file=sys.stderr)
    history = History.below(folder, arguments)
    days = history.fed()
    print(comparison(days, history.floor()))
    rebuilds = read_records(_file(history)) if arguments.skip_rebuild else rebuild(history)
    if rebuilds:
        print(f"\n{rebuild_table(days, rebuilds)}")
    if arguments.plot is not None:
        arguments.plot.parent.mkdir(parents=True, exist_ok=True)
        arguments.plot.write_text(curves(history, days, rebuilds))


def comparison(days: Sequence[Record], floor: Record) -> str:
    """A Markdown table: what each step costs on the first and on the last days, and their paired ratios.

    MB beyond the floor are those that a day of a hundred lines does not read.
    """
    window = max(1, min(_WINDOW, (len(days) - _FIRST_DAY + 1) // 2))
    first, last = days[_FIRST_DAY - 1 :][:window], days[-window:]
    for record in (*first, *last):
        if not record["whole"]:
            print(f"Day {record['day']} was interrupted: its figures are too small.", file=sys.stderr)
    spans = [f"days {span[0]['day']} to {span[-1]['day']}" for span in (first, last)]
    heads = [
        head for unit in ("s", "MB read", "MB beyond the floor") for head in (*(f"{s}, {unit}" for s in spans), "ratio")
    ]
    rows = [f"| step | {' | '.join(heads)} |", "|---|" + "---:|" * len(heads)]
    parts: dict[str, Callable[[Record, str], float]] = {step: _of(step) for step in STEPS}
    for name, part in (parts | {"all": total}).items():
        cells = []
        for figure, scale, less in (
            ("seconds", 1.0, 0.0), ("bytes_read", 1e6, 0.0), ("bytes_read", 1e6, part(floor, "bytes_read")),
        ):  # fmt: skip
            then, now = ([(part(record, figure) - less) / scale for record in span] for span in (first, last))
            ratio = f"{paired_ratio(now, then):.2f}" if min(then) > 0 else "none"
            cells += [f"{statistics.median(then):.2f}", f"{statistics.median(now):.2f}", ratio]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(rows) + f"\n\nMedians of {window} days each; the aim is a ratio of at most {AIM}."


def _of(step: str) -> Callable[[Record, str], float]:
    return lambda record, figure: float(record[step][figure])


def rebuild(history: History) -> list[dict[str, Any]]:
    """Rebuild the first days of the history, for several lengths; returns one record a length."""
    records = read_records(_file(history))
    measured = {record["days"] for record in records}
    home = history.folder / "home-rebuild"
    for length in sorted({max(1, round(history.days * share)) for share in _REBUILT_SHARES} - measured):
        shutil.rmtree(home, ignore_errors=True)
        files = [history.day_file(day) for day in range(1, length + 1)]
        record = {"days": length, **figures(run(footfall("run", *files), {"FOOTFALL_HOME": str(home)}))}
        add_record(_file(history), record)
        records.append(record)
        print(f"  rebuild of {length:3d} days  {record['seconds']:8.1f} s", file=sys.stderr, flush=True)
    shutil.rmtree(home, ignore_errors=True)
    return sorted(records, key=lambda record: record["days"])


def _file(history: History) -> Path:
    return history.folder / "rebuilds.jsonl"


def rebuild_table(days: Sequence[Record], rebuilds: Sequence[Record]) -> str:
    """A Markdown table: what the n-th day cost, and what a rebuild of n days costs."""
    rows = ["| days | that day, s | rebuild, s | that day, MB read | rebuild, MB read |", "|---:|---:|---:|---:|---:|"]
    for record in rebuilds:
        day = days[record["days"] - 1]
        rows.append(
            f"| {record['days']} | {total(day, 'seconds'):.1f} | {record['seconds']:.1f} "
            f"| {total(day, 'bytes_read') / 1e6:,.0f} | {record['bytes_read'] / 1e6:,.0f} |"
        )
    return "\n".join(rows)


def curves(history: History, days: Sequence[Record], rebuilds: Sequence[Record]) -> str:
    """The plot as SVG: seconds for the newest day, by the days that are there."""
    lines = {"only that day": [(float(record["day"]), total(record, "seconds")) for record in days]}
    if rebuilds:
        lines["a rebuild"] = [(float(record["days"]), float(record["seconds"])) for record in rebuilds]
    title = f"Seconds from the newest day's file to published marts, days of {history.events:,} events"
    return line_chart(lines, title=title, x_title="days in the lake")


if __name__ == "__main__":
    main()
