"""What a run staged, and how it differs from what another engine staged of the same files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from tests.home import Home

SHOWN = 5
PLACE = ["file_sha256", "line_number"]


def staged_rows(home: Home, run_id: str) -> pa.Table:
    """Every row a run staged, bad and repeated ones with ``event_date`` 'rejected', in the order of file and line."""
    files = f"{home.settings.zone('events')}/{run_id}/**/*.parquet"
    with duckdb.connect() as connection:
        query = "from read_parquet($files, hive_partitioning = true, hive_types_autocast = false) order by {}"
        return connection.execute(query.format(", ".join(PLACE)), {"files": files}).to_arrow_table()


def lines_of(paths: list[Path], home: Home) -> dict[tuple[str, int], str]:
    """The lines of plain files by (file hash, line number), to show in a difference."""
    landed = [waiting.record for waiting in home.ledger.pending()]
    records = {name: record.sha256 for record in landed for name in record.names}
    return {
        (records[str(path)], number): line.decode("utf-8", "backslashreplace")
        for path in paths
        for number, line in enumerate(path.read_bytes().split(b"\n"), 1)
    }


def differences(ours: pa.Table, theirs: pa.Table, lines: Mapping[tuple[str, int], str] | None = None) -> str:
    """Where two stagings differ, column by column with examples; empty when they are the same."""
    places = [list(zip(*table.select(PLACE).to_pydict().values(), strict=True)) for table in (ours, theirs)]
    if places[0] != places[1]:
        missing, extra = (sorted(set(places[a]) - set(places[b]))[:SHOWN] for a, b in ((1, 0), (0, 1)))
        return f"{len(places[0])} rows and {len(places[1])}; only right {missing}, only left {extra}"
    found = []
    types = [dict(zip(table.schema.names, table.schema.types, strict=True)) for table in (ours, theirs)]
    if types[0] != types[1]:
        found.append(f"types: {types[0].items() - types[1].items()} | {types[1].items() - types[0].items()}")
    for name in ours.schema.names:
        one, other = ours[name], theirs[name].cast(ours[name].type)
        if pa.types.is_list(one.type):
            pairs = zip(one.to_pylist(), other.to_pylist(), strict=True)
            differing = [at for at, (left, right) in enumerate(pairs) if left != right]
        else:
            same = pc.fill_null(pc.equal(one, other), False)
            both_null = pc.and_(one.is_null(), other.is_null())
            differing = pc.indices_nonzero(pc.invert(pc.or_(same, both_null))).to_pylist()
        if differing:
            found.append(f"{name}: {len(differing)} rows differ")
        for at in differing[:SHOWN]:
            line = (lines or {}).get(places[0][at], f"{places[0][at]}")
            found.append(f"    {one[at].as_py()!r} | {other[at].as_py()!r}   in {line[:300]!r}")
    return os.linesep.join(found)
