"""The warehouse on Google Cloud: events loaded by date, marts moved to readers in one transaction.

Three datasets (settings.gcp): events (one table, partitioned by event_date), build (dbt's, and ``footfall_loads``, the
record of what was loaded) and marts (what readers see, and ``footfall_publications``).

What the tests prove here is the SQL of a publish, run on DuckDB. Load jobs, IAM and the transaction itself need
Google Cloud, which the tests do not have.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
from google.api_core.exceptions import BadRequest, GoogleAPIError, NotFound
from google.auth.exceptions import GoogleAuthError
from google.cloud import bigquery

from footfall.contract import EVENT_COLUMNS, PARTITION_COLUMN, Type
from footfall.errors import EnvironmentProblem, InputError
from footfall.lake import events
from footfall.run_id import new_run_id
from footfall.settings import Settings
from footfall.warehouse import PUBLICATIONS_TABLE, PUBLISHED_MARTS
from footfall.warehouse.publication import Publication

# the column a mart is partitioned by, and how many days before a touched date it changes on, too
_PARTITIONS = {
    "fct_page_views": ("event_date", 0),
    "fct_sessions": ("session_date", 1),
    "agg_daily_metrics": ("metric_date", 1),
}
_LOADS = "footfall_loads"


def load(settings: Settings) -> list[date]:
    """Load the dates that changed since the last publication; return them, and those of loads never published.

    Each date is one load job that truncates its partition, so a load that dies half-way is done again by the next.
    After a change of columns run dbt with --full-refresh once: dbt refuses the build until then.
    """
    zone = settings.zone("events")
    table = events.open_table(zone)
    if table is None:
        return []
    with _client(settings) as client:
        _make_tables(client, settings)
        dates = sorted(_dates_to_load(client, settings, zone, str(table.metadata().id)))
        if not dates:
            return []
        now = datetime.now(UTC)
        # noted before the first job: what follows may die with some dates loaded
        _run(
            client,
            f"insert into {_name(settings.gcp.project, settings.gcp.build_dataset, _LOADS)} "
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


def publish(settings: Settings, run_id: str, now: datetime) -> Publication | None:
    """Move the dates loaded since the last publication to the marts readers see; None when there are none.

    The caller has seen a green dbt build of the last load: unlike on a laptop, BigQuery keeps no record of it.
    """
    gcp = settings.gcp
    with _client(settings) as client:
        loads = _rows(
            client,
            f"select events_version, touched_dates from {_name(gcp.project, gcp.build_dataset, _LOADS)} "
            "order by loaded_at",
        )
        if not loads:
            raise InputError(
                f"Nothing has been loaded into {gcp.project}.{gcp.events_dataset}: run `footfall load` first."
            )
        newest = _newest_publication(client, settings)
        built = [client.get_table(f"{gcp.project}.{gcp.build_dataset}.{mart}") for mart in PUBLISHED_MARTS]
        built_at = max(table.modified for table in built).astimezone(UTC).replace(tzinfo=None)
        publication = Publication(run_id, now.replace(tzinfo=None), loads[-1]["events_version"], built_at)
        if newest and (newest.events_version, newest.built_at) == (publication.events_version, publication.built_at):
            return None
        for mart in PUBLISHED_MARTS:
            _run(
                client,
                f"create table if not exists {_name(gcp.project, gcp.marts_dataset, mart)} "
                f"like {_name(gcp.project, gcp.build_dataset, mart)}",
            )
        since = newest.events_version if newest else -1
        touched = {day for row in loads if row["events_version"] > since for day in row["touched_dates"]}
        script = publish_script(settings, publication, touched if newest else None)
        _run(client, script)
    return publication


def publish_script(settings: Settings, publication: Publication, touched: Iterable[date] | None) -> str:
    """The transaction of a publish: ``touched`` event dates of the facts (None: all of them), the dimensions whole."""
    gcp = settings.gcp
    days = None if touched is None else set(touched)
    statements = ["begin transaction"]
    for mart in PUBLISHED_MARTS:
        target = _name(gcp.project, gcp.marts_dataset, mart)
        where = "true"
        if mart in _PARTITIONS and days is not None:
            column, before = _PARTITIONS[mart]
            moved = sorted({day - timedelta(days=back) for day in days for back in range(before + 1)})
            listed = ", ".join(f"date '{day.isoformat()}'" for day in moved)
            where = f"{column} in ({listed})" if listed else "false"
        statements.append(f"delete from {target} where {where}")
        statements.append(
            f"insert into {target} select * from {_name(gcp.project, gcp.build_dataset, mart)} where {where}"
        )
    statements.append(
        f"insert into {_name(gcp.project, gcp.marts_dataset, PUBLICATIONS_TABLE)} values ('{publication.run_id}', "
        f"timestamp '{publication.published_at}', {publication.events_version}, timestamp '{publication.built_at}')"
    )
    statements.append("commit transaction")
    return ";\n".join(statements) + ";"


def query(settings: Settings, sql: str) -> pa.Table:
    """Run one SELECT on the marts dataset; see :func:`footfall.warehouse.query.query`."""
    dataset = bigquery.DatasetReference(settings.gcp.project, settings.gcp.marts_dataset)
    with _client(settings) as client:
        try:
            plan = client.query(sql, bigquery.QueryJobConfig(default_dataset=dataset, dry_run=True))
            if plan.statement_type != "SELECT":
                raise InputError(
                    f"{plan.statement_type} is not a query: the published marts are read-only. "
                    "Give one SELECT statement."
                )
            return client.query(sql, bigquery.QueryJobConfig(default_dataset=dataset)).to_arrow()
        except (BadRequest, NotFound) as error:
            raise InputError(f"The query failed: {error.message}. Correct the SQL.") from error


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
    _run(
        client,
        f"create table if not exists {_name(gcp.project, gcp.build_dataset, _LOADS)} (load_id string, "
        "table_id string, events_version int64, touched_dates array<date>, loaded_at timestamp);\n"
        f"create table if not exists {_name(gcp.project, gcp.marts_dataset, PUBLICATIONS_TABLE)} "
        "(run_id string, published_at timestamp, events_version int64, built_at timestamp);",
    )


def _dates_to_load(client: bigquery.Client, settings: Settings, zone: str, table_id: str) -> set[date]:
    gcp = settings.gcp
    newest = _newest_publication(client, settings)
    loads = _rows(
        client,
        f"select table_id, events_version, touched_dates from {_name(gcp.project, gcp.build_dataset, _LOADS)}",
    )
    if newest is None or any(row["table_id"] != table_id for row in loads):
        # what an older lake left in the warehouse must be emptied, too
        loaded = _rows(
            client, f"select distinct {PARTITION_COLUMN} as day from {_name(gcp.project, gcp.events_dataset, 'events')}"
        )
        return events.dates_in(events.open_table(zone)) | {row["day"] for row in loaded}
    unpublished = {
        day for row in loads if row["events_version"] > newest.events_version for day in row["touched_dates"]
    }
    return events.dates_changed_since(zone, newest.events_version) | unpublished


def _newest_publication(client: bigquery.Client, settings: Settings) -> Publication | None:
    gcp = settings.gcp
    rows = _rows(
        client,
        "select run_id, published_at, events_version, built_at "
        f"from {_name(gcp.project, gcp.marts_dataset, PUBLICATIONS_TABLE)} order by published_at desc limit 1",
    )
    if not rows:
        return None
    row = rows[0]
    return Publication(
        row["run_id"],
        row["published_at"].astimezone(UTC).replace(tzinfo=None),
        row["events_version"],
        row["built_at"].astimezone(UTC).replace(tzinfo=None),
    )


@contextmanager
def _client(settings: Settings) -> Iterator[bigquery.Client]:
    try:
        client = bigquery.Client(project=settings.gcp.project, location=settings.gcp.region)
        with client:
            yield client
    except GoogleAuthError as error:
        raise EnvironmentProblem(
            f"Google Cloud refuses these credentials ({error}): FOOTFALL_ENV=gcp needs application default "
            "credentials. Run `gcloud auth application-default login`, or set FOOTFALL_ENV=laptop."
        ) from error
    except GoogleAPIError as error:
        raise EnvironmentProblem(
            f"BigQuery refused ({error}): the account needs to run jobs in {settings.gcp.project} and to write the "
            "datasets named by FOOTFALL_GCP__*_DATASET. Correct the names or the access, then run this again."
        ) from error


def _run(client: bigquery.Client, sql: str, **parameters: Any) -> None:
    client.query(
        sql, bigquery.QueryJobConfig(query_parameters=[_parameter(*item) for item in parameters.items()])
    ).result()


def _rows(client: bigquery.Client, sql: str) -> list[Any]:
    return list(client.query(sql).result())


def _parameter(name: str, value: Any) -> bigquery.ScalarQueryParameter | bigquery.ArrayQueryParameter:
    if isinstance(value, list):
        return bigquery.ArrayQueryParameter(name, "DATE", value)
    kinds = {str: "STRING", int: "INT64", datetime: "TIMESTAMP"}
    return bigquery.ScalarQueryParameter(name, kinds[type(value)], value)


def _name(project: str, dataset: str, table: str) -> str:
    return f"`{project}`.`{dataset}`.`{table}`"
