"""Load events into BigQuery by date: one job for each date, which truncates its partition.

Load jobs and IAM need Google Cloud, which the tests do not have.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any

from google.cloud import bigquery

from footfall.contract import EVENT_COLUMNS, PARTITION_COLUMN, Type
from footfall.lake import events
from footfall.run_id import new_run_id
from footfall.settings import Settings
from footfall.warehouse.bigquery import LOADS, newest_publication, open_client, qualified, rows, run
from footfall.warehouse.bigquery_publish import make_records


def load(settings: Settings) -> list[date]:
    """Load the dates that changed since the last publication; return them, and those of loads never published.

    Each date is one load job that truncates its partition, so a load that dies half-way is done again by the next.
    After a change of columns run dbt with --full-refresh once: dbt refuses the build until then.
    """
    zone = settings.zone("events")
    table = events.open_table(zone)
    if table is None:
        return []
    with open_client(settings) as client:
        _make_tables(client, settings)
        dates = sorted(_dates_to_load(client, settings, zone, str(table.metadata().id)))
        if not dates:
            return []
        now = datetime.now(UTC)
        # noted before the first job: what follows may die with some dates loaded
        run(
            client,
            f"insert into {qualified(settings.gcp.project, settings.gcp.build_dataset, LOADS)} "
            "values (@load_id, @table_id, @version, @dates, @now)",
            load_id=new_run_id(),
            table_id=str(table.metadata().id),
            version=table.version(),
            dates=dates,
            now=now,
        )
        jobs = [_load_date(client, settings, day, events.files_of(table, [day])) for day in dates]
        for job in jobs:
            job.result()
    return dates


def _load_date(client: bigquery.Client, settings: Settings, day: date, files: list[str]) -> Any:
    table = f"{settings.gcp.project}.{settings.gcp.events_dataset}.events"
    if not files:
        parameter = bigquery.ScalarQueryParameter("day", "DATE", day)
        return client.query(
            f"delete from `{table}` where {PARTITION_COLUMN} = @day",
            bigquery.QueryJobConfig(query_parameters=[parameter]),
        )
    # a commit replaces whole dates, so the files of one date lie below one run's folder
    prefix = files[0].split(f"/{PARTITION_COLUMN}=")[0]
    hive = bigquery.HivePartitioningOptions()
    hive.mode = "CUSTOM"
    hive.source_uri_prefix = f"{prefix}/{{{PARTITION_COLUMN}:DATE}}"
    parquet = bigquery.ParquetOptions()  # type: ignore[no-untyped-call]
    parquet.enable_list_inference = True  # else a list arrives as a record of records
    config = bigquery.LoadJobConfig(
        source_format=bigquery.SourceFormat.PARQUET,
        write_disposition=bigquery.WriteDisposition.WRITE_TRUNCATE,
        hive_partitioning=hive,
        parquet_options=parquet,
        schema=_schema(),
    )
    return client.load_table_from_uri(files, f"{table}${day:%Y%m%d}", job_config=config)


def _schema() -> list[bigquery.SchemaField]:
    return [
        bigquery.SchemaField(
            column.name,
            "STRING" if column.type == Type.STRING_ARRAY else column.type.value,
            mode="REPEATED" if column.type == Type.STRING_ARRAY else "NULLABLE",
            description=column.description,
        )
        for column in EVENT_COLUMNS
    ]


def _make_tables(client: bigquery.Client, settings: Settings) -> None:
    gcp = settings.gcp
    table = bigquery.Table(f"{gcp.project}.{gcp.events_dataset}.events", schema=_schema())
    table.time_partitioning = bigquery.TimePartitioning(field=PARTITION_COLUMN)
    table.clustering_fields = ["visitor_id"]
    client.create_table(table, exists_ok=True)
    run(
        client,
        f"create table if not exists {qualified(gcp.project, gcp.build_dataset, LOADS)} (load_id string, "
        "table_id string, events_version int64, touched_dates array<date>, loaded_at timestamp)",
    )
    make_records(client, settings)


def _dates_to_load(client: bigquery.Client, settings: Settings, zone: str, table_id: str) -> set[date]:
    gcp = settings.gcp
    newest = newest_publication(client, settings)
    loads = rows(
        client,
        f"select table_id, events_version, touched_dates from {qualified(gcp.project, gcp.build_dataset, LOADS)}",
    )
    if newest is not None and all(row["table_id"] == table_id for row in loads):
        unpublished = {
            day for row in loads if row["events_version"] > newest.events_version for day in row["touched_dates"]
        }
        with suppress(events.VersionGone):
            return events.dates_changed_since(zone, newest.events_version) | unpublished
    # what an older lake left in the warehouse must be emptied, too
    table = qualified(gcp.project, gcp.events_dataset, "events")
    loaded = rows(client, f"select distinct {PARTITION_COLUMN} as day from {table}")
    return events.dates_in(events.open_table(zone)) | {row["day"] for row in loaded}
