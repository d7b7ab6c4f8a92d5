"""
### Ingest: land new files in the raw zone

**Purpose.** Lists the inbox (`FOOTFALL_INBOX`; `{day}` in it is replaced by the day of the run), copies every file
whose content is new into the raw zone under its content hash, and records it in the file ledger as pending.
It runs at 01:00 UTC for the day before and hands `lake/raw` over to *sessionize* under that day.

**Owner.** Data engineering.

**When it fails.** The task's last log line names the file and the rule it broke. Correct or remove the file and clear
the task; files that were landed before the failure stay landed. `docs/runbooks/airflow.md` has the cases.

**Safe to run again?** Yes. A file whose content is already in the ledger is skipped, under whatever name it comes.

**Manual run.** Give a partition key or the param `day` (YYYY-MM-DD). Backfill:
`airflow backfill create --dag-id ingest --from-date 2024-05-01 --to-date 2024-05-07`.
"""

from __future__ import annotations

from airflow.sdk import DAG, CronPartitionTimetable

from conventions import DAG_DEFAULTS, DAY_FORMAT, LAKE_RAW, MACROS
from steps import DAY, footfall

# POSIX counts west of Greenwich as positive.
ONE_HOUR_WEST = "Etc/GMT+1"

with DAG(
    dag_id="ingest",
    doc_md=__doc__,
    description="Land new files of the inbox in the raw zone",
    # The offset makes the partition the day that has ended, not the one that has just begun. Midnight an hour west of
    # UTC is 01:00 UTC, an hour for the last logs to come: a backfill's dates are midnights of the timetable, and with
    # "0 1 * * *" in UTC the last day would begin after them and be left out.
    schedule=CronPartitionTimetable("0 0 * * *", timezone=ONE_HOUR_WEST, run_offset=-1, key_format=DAY_FORMAT),
    user_defined_macros=MACROS,
    tags=["footfall", "lake"],
    **DAG_DEFAULTS,
) as dag:
    footfall(
        "ingest",
        "ingest",
        "--inbox",
        "--day",
        DAY,
        "--cause",
        "{{ 'backfill' if dag_run.run_type == 'backfill' else 'new_data' }}",
        outlets=[LAKE_RAW],
        remedy="Correct or remove the file the last log line names, then clear this task. Nothing is landed twice.",
    )
