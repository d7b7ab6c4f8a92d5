"""The warehouse on Google Cloud: a client, what is common to its jobs, and queries of the marts.

Three datasets (settings.gcp): events (one table, partitioned by event_date), build (dbt's, and ``footfall_loads``, the
record of what was loaded) and marts (what readers see, and the records of publish). :mod:`bigquery_load` fills the
first, :mod:`bigquery_publish` the last.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

import pyarrow as pa
from google.api_core.exceptions import BadRequest, GoogleAPIError, NotFound
from google.auth.exceptions import GoogleAuthError
from google.cloud import bigquery

from footfall.errors import EnvironmentProblem, InputError
from footfall.settings import Settings
from footfall.warehouse import PUBLICATIONS_TABLE
from footfall.warehouse.publication import Publication, newest_of

LOADS: Final = "footfall_loads"


def query(settings: Settings, sql: str) -> pa.Table:
    """Run one SELECT on the marts dataset; see :func:`footfall.warehouse.query.query`."""
    dataset = bigquery.DatasetReference(settings.gcp.project, settings.gcp.marts_dataset)
    with open_client(settings) as client:
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


def newest_publication(client: bigquery.Client, settings: Settings) -> Publication | None:
    """The publication readers see, or None before the first."""
    table = qualified(settings.gcp.project, settings.gcp.marts_dataset, PUBLICATIONS_TABLE)
    return newest_of(dict(row) for row in rows(client, f"select * from {table} order by published_at desc limit 1"))


@contextmanager
def open_client(settings: Settings) -> Iterator[bigquery.Client]:
    """A client whose refusals become EnvironmentProblem."""
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


def run(client: bigquery.Client, sql: str, **parameters: Any) -> None:
    """Run a script to its end."""
    client.query(
        sql, bigquery.QueryJobConfig(query_parameters=[_parameter(*item) for item in parameters.items()])
    ).result()


def rows(client: bigquery.Client, sql: str) -> list[Any]:
    """The rows of a query."""
    return list(client.query(sql).result())


def qualified(project: str, dataset: str, table: str) -> str:
    """A table's name in SQL."""
    return f"`{project}`.`{dataset}`.`{table}`"


def _parameter(name: str, value: Any) -> bigquery.ScalarQueryParameter | bigquery.ArrayQueryParameter:
    if isinstance(value, list):
        return bigquery.ArrayQueryParameter(name, "DATE", value)
    kinds = {str: "STRING", int: "INT64", datetime: "TIMESTAMP"}
    return bigquery.ScalarQueryParameter(name, kinds[type(value)], value)
