"""Do two sets of staged events say the same? Times are worth comparing only then."""

from __future__ import annotations

from pathlib import Path

import duckdb

# keyed with different functions, or of the run and not of the line
NOT_COMPARED = {"visitor_id", "session_id", "file_sha256", "ingest_run_id", "ingested_at", "line_number"}


def disagreements(ours: list[str], theirs: str) -> dict[str, int]:
    """Rows that differ, by column, in ours and in a glob of theirs, all Parquet; rows are matched by ``line_number``.

    Compared are the columns ``theirs`` has; ``lines`` are those that only one side has, ``sessions`` the difference
    in their number. Empty when the two agree.
    """
    with duckdb.connect() as db:
        db.execute("set timezone = 'UTC'")
        db.execute(f"create view ours as select * from read_parquet({ours}) where session_id is not null")
        db.execute(f"create view theirs as select * from read_parquet('{theirs}')")
        columns = [row[0] for row in db.execute("describe theirs").fetchall() if row[0] not in NOT_COMPARED]
        differ = ", ".join(f"count(*) filter (where ours.{c} is distinct from theirs.{c})" for c in columns)
        values = db.execute(f"""
            select
                count(*) filter (where ours.line_number is null or theirs.line_number is null),
                abs(count(distinct ours.session_id) - count(distinct theirs.session_id)), {differ}
            from ours full join theirs on ours.line_number = theirs.line_number
        """).fetchall()[0]
    return {name: n for name, n in zip(("lines", "sessions", *columns), values, strict=True) if n}


def rejected(ours: list[str], theirs: Path) -> dict[str, tuple[int, int]]:
    """Reasons whose number of lines set aside is not the same, with both numbers."""
    with duckdb.connect() as db:
        rows = db.execute(f"""
            with ours as (select event_name as reason, count(*) as n from read_parquet({ours}) group by all),
            theirs as (select reject_reason as reason, count(*) as n from read_parquet('{theirs}') group by all)
            select coalesce(ours.reason, theirs.reason), coalesce(ours.n, 0), coalesce(theirs.n, 0)
            from ours full join theirs using (reason)
            where ours.n is distinct from theirs.n
        """).fetchall()
    return {reason: (a, b) for reason, a, b in rows}
