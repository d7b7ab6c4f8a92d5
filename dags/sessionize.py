"""
### Sessionize: pending files to events, behind a quality gate

**Purpose.** Parses every pending file, enriches and sessionizes it with Spark, and replaces the touched dates of the
events zone. Three steps, the write-audit-publish pattern: *stage* writes files nobody can see yet, *audit* runs the
Great Expectations suites over them, *commit* makes them visible in one atomic Delta commit. It runs when *ingest*
hands over `lake/raw`, and hands `lake/events` over to *transform* under the same day.

**Owner.** Data engineering.

**When it fails.** In *stage*: the log (on Google Cloud the Dataproc batch's driver log) names the cause; clear the
task. In *audit*: the gate found bad events; the log names the expectation, the date and example rows, and nothing
downstream has changed. In *commit*: clear the task. `docs/runbooks/airflow.md` has the cases.

**Safe to run again?** Yes. Every step is a transaction on the run's own id: it does its work once, and says so when
there is nothing left to do. Without pending files *stage* and what follows end as skipped. Clear *stage* and all that
follows to begin a failed run anew.

**Manual run.** Give a partition key or the param `day` (YYYY-MM-DD): it names the hand-over. What is processed are the
files pending in the ledger, whatever day they were landed for.
"""

from __future__ import annotations

from airflow.sdk import DAG, PartitionedAssetTimetable

from conventions import DAG_DEFAULTS, LAKE_EVENTS, LAKE_RAW, MACROS
from steps import RUN_ID, footfall, stage

with DAG(
    dag_id="sessionize",
    doc_md=__doc__,
    description="Parse, enrich and sessionize pending files; audit; commit to the events zone",
    schedule=PartitionedAssetTimetable(assets=LAKE_RAW),
    user_defined_macros=MACROS,
    tags=["footfall", "lake", "spark"],
    **DAG_DEFAULTS,
) as dag:
    staged = stage(
        "stage", remedy="Read the cause in the log, then clear this task. Nothing is visible to readers yet."
    )
    audited = footfall(
        "audit",
        "audit",
        "--run-id",
        RUN_ID,
        remedy="The quality gate refused the staged events and nothing was committed. The log names the expectation, "
        "the date and example rows. Correct the files (or the threshold, with a reason), then clear 'stage' and what "
        "follows.",
    )
    committed = footfall(
        "commit",
        "commit",
        "--run-id",
        RUN_ID,
        outlets=[LAKE_EVENTS],
        remedy="Clear this task: the commit is atomic, so the old version of the table stands until it succeeds.",
    )

    staged >> audited >> committed
