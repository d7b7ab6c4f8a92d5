"""
### Transform: events to published marts

**Purpose.** *load* lets the warehouse see the dates of the events zone that changed since its last load; *marts* builds
and tests the dbt models for those dates; *complete* builds what a dbt that was killed left undone; *publish* puts the
new marts in front of readers in one atomic step, and only when everything before it is green. Without changed dates
*load* and *marts* end as skipped. It runs when *sessionize* hands over `lake/events`, and marks `warehouse/marts`.

**Owner.** Analytics engineering.

**When it fails.** Readers keep the marts of the last good run. A failed model or test: read the dbt error in that
task's log, correct the model or the data, then clear the group *marts* and all that follows.
`docs/runbooks/airflow.md` has the cases.

**Safe to run again?** Yes. Models replace whole dates, and *publish* swaps whole marts.

**Manual run.** Give a partition key or the param `day` (YYYY-MM-DD): it names the hand-over. What is built are the
dates that changed, whatever day they were landed for.
"""

from __future__ import annotations

from airflow.sdk import DAG, PartitionedAssetTimetable

from conventions import DAG_DEFAULTS, LAKE_EVENTS, MACROS, WAREHOUSE_MARTS, WAREHOUSE_POOL
from steps import dbt_vars, footfall, marts

with DAG(
    dag_id="transform",
    doc_md=__doc__,
    description="Load changed dates, build and test the dbt models, publish the marts",
    schedule=PartitionedAssetTimetable(assets=LAKE_EVENTS),
    user_defined_macros=MACROS | {"dbt_vars": dbt_vars},
    tags=["footfall", "warehouse", "dbt"],
    **DAG_DEFAULTS,
) as dag:
    loaded = footfall(
        "load",
        "load",
        skip_without="touched_dates",
        pool=WAREHOUSE_POOL,
        remedy="Clear this task: a load changes nothing that readers see.",
    )
    built = marts(
        "marts",
        load_task_id="load",
        remedy="Read the dbt error in this task's log, correct the model or the data, then clear the group 'marts' and "
        "what follows. Readers keep the marts of the last good run.",
    )
    completed = footfall(
        "complete",
        "transform",
        # A dbt that is killed has told nobody how the nodes fared that it had finished: their tasks end green, and
        # publish would refuse for want of their results. Mostly it finds the build complete and does nothing.
        trigger_rule="none_failed",
        pool=WAREHOUSE_POOL,
        remedy="Read the dbt error in this task's log, correct the model or the data, then clear this task.",
    )
    published = footfall(
        "publish",
        "publish",
        # Also when there is nothing to build: an earlier run may have built all and died before it published.
        trigger_rule="none_failed",
        pool=WAREHOUSE_POOL,
        outlets=[WAREHOUSE_MARTS],
        remedy="Clear this task: the swap is atomic, so readers see the old marts until it succeeds.",
    )

    loaded >> built >> completed >> published
