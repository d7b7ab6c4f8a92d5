"""Publish on BigQuery: touched partitions move from dbt's dataset to the readers' in one transaction.

What the tests prove here is the SQL of a publish, run on DuckDB and type-checked by Google's analyzer. IAM and the
transaction itself need Google Cloud, which the tests do not have.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Final

from google.cloud import bigquery

from footfall.errors import InputError
from footfall.settings import Settings
from footfall.sql import string_literal
from footfall.warehouse import (
    METRICS,
    PUBLICATIONS_TABLE,
    PUBLISHED_TABLES,
    PUBLISHED_VIEWS,
    RESTATEMENTS_TABLE,
)
from footfall.warehouse.bigquery import LOADS, newest_publication, open_client, qualified, rows, run
from footfall.warehouse.load import project_sha256
from footfall.warehouse.publication import PUBLICATION_COLUMNS, Publication, time_of_publication
from footfall.warehouse.restatements import Comparison, comparison

_NUMBERS: Final = ("INTEGER", "INT64", "FLOAT", "FLOAT64", "NUMERIC", "BIGNUMERIC")


def publish(settings: Settings, run_id: str, now: datetime) -> Publication | None:
    """Move the dates loaded since the last publication to the marts readers see; None when there are none.

    The caller has seen a green dbt build of the last load: unlike on a laptop, BigQuery keeps no record of it.
    """
    gcp = settings.gcp
    with open_client(settings) as client:
        loads = rows(
            client,
            "select table_id, events_version, touched_dates "
            f"from {qualified(gcp.project, gcp.build_dataset, LOADS)} order by loaded_at",
        )
        if not loads:
            raise InputError(
                f"Nothing has been loaded into {gcp.project}.{gcp.events_dataset}: run `footfall load` first."
            )
        make_records(client, settings)
        newest = newest_publication(client, settings)
        built = [client.get_table(f"{gcp.project}.{gcp.build_dataset}.{table.name}") for table in PUBLISHED_TABLES]
        publication = Publication(
            run_id,
            time_of_publication(now, newest),
            loads[-1]["events_version"],
            max(table.modified for table in built).astimezone(UTC).replace(tzinfo=None),
            loads[-1]["table_id"],
            project_sha256(),
            # dbt replaces a table that it builds anew, and writes partitions of one that it keeps
            max(table.created for table in built).astimezone(UTC).isoformat(),
        )
        if newest is not None and newest.shows(publication):
            return None
        _make_tables_and_views(client, settings)
        touched, compared = None, None
        if newest is not None:
            if newest.differs_by_dates(publication):
                since = newest.events_version
                touched = {day for row in loads if row["events_version"] > since for day in row["touched_dates"]}
            compared = comparison(settings, newest, publication, touched)
        run(client, publish_script(settings, publication, touched, compared, _metrics(client, settings)))
    return publication


def publish_script(
    settings: Settings,
    publication: Publication,
    touched: Iterable[date] | None,
    compared: Comparison | None,
    metrics: Iterable[str],
) -> str:
    """The transaction of a publish: the partitions that ``touched`` event dates alter (None: all of them).

    ``compared`` adds what was restated of ``metrics``; None in a first publish.
    """
    gcp = settings.gcp
    dates = None if touched is None else set(touched)
    statements = ["begin transaction"]
    restated = compared and compared.insert_sql(
        qualified(gcp.project, gcp.marts_dataset, RESTATEMENTS_TABLE),
        qualified(gcp.project, gcp.marts_dataset, METRICS.name),
        qualified(gcp.project, gcp.build_dataset, METRICS.name),
        metrics,
        "float64",
    )
    if restated:  # first: it compares with what is about to go
        statements.append(restated)
    for table in PUBLISHED_TABLES:
        target, where = qualified(gcp.project, gcp.marts_dataset, table.name), table.touched(dates)
        statements.append(f"delete from {target} where {where}")
        statements.append(
            f"insert into {target} select * from {qualified(gcp.project, gcp.build_dataset, table.name)} where {where}"
        )
    statements.append(
        f"insert into {qualified(gcp.project, gcp.marts_dataset, PUBLICATIONS_TABLE)} "
        f"({', '.join(PUBLICATION_COLUMNS)}) values ({', '.join(_literals(publication))})"
    )
    statements.append("commit transaction")
    return ";\n".join(statements) + ";"


def make_records(client: bigquery.Client, settings: Settings) -> None:
    """Create the tables of what publish records, where they are missing."""
    marts = settings.gcp.project, settings.gcp.marts_dataset
    run(
        client,
        f"create table if not exists {qualified(*marts, PUBLICATIONS_TABLE)} (run_id string, published_at timestamp, "
        "events_version int64, built_at timestamp, table_id string, project_sha256 string, rebuild_id string);\n"
        f"create table if not exists {qualified(*marts, RESTATEMENTS_TABLE)} (metric string, metric_date date, "
        "old_value float64, new_value float64, cause string, run_id string, restated_at timestamp, was_final bool);",
    )


def view_statement(settings: Settings, view: str, query: str) -> str:
    """The statement that gives readers a view of dbt's over their own tables; ``query`` is its SQL over dbt's."""
    gcp = settings.gcp
    built, published = (f"`{gcp.project}`.`{dataset}`." for dataset in (gcp.build_dataset, gcp.marts_dataset))
    return f"create or replace view {published}`{view}` as {query.replace(built, published)}"


def _make_tables_and_views(client: bigquery.Client, settings: Settings) -> None:
    """Give the marts dataset dbt's tables, empty where they are new, and its views.

    Before the transaction, which takes no DDL. Readers lose nothing by it: a view is replaced in one step and holds no
    rows, so they read the published version through it until the transaction commits. After the transaction it would
    not be safe: a publish killed between the two would be taken for done, and leave the views of the one before.
    """
    gcp = settings.gcp
    for table in PUBLISHED_TABLES:
        run(
            client,
            f"create table if not exists {qualified(gcp.project, gcp.marts_dataset, table.name)} "
            f"like {qualified(gcp.project, gcp.build_dataset, table.name)}",
        )
    for view in PUBLISHED_VIEWS:
        built = client.get_table(f"{gcp.project}.{gcp.build_dataset}.{view}")
        run(client, view_statement(settings, view, built.view_query))


def _metrics(client: bigquery.Client, settings: Settings) -> list[str]:
    gcp = settings.gcp
    published, built = (
        client.get_table(f"{gcp.project}.{dataset}.{METRICS.name}").schema
        for dataset in (gcp.marts_dataset, gcp.build_dataset)
    )
    known = {column.name for column in published}
    return [column.name for column in built if column.field_type in _NUMBERS and column.name in known]


def _literals(publication: Publication) -> list[str]:
    values = (getattr(publication, name) for name in PUBLICATION_COLUMNS)
    return [_literal(value) for value in values]


def _literal(value: object) -> str:
    if value is None or isinstance(value, int):
        return "null" if value is None else str(value)
    return f"timestamp '{value}'" if isinstance(value, datetime) else string_literal(value)
