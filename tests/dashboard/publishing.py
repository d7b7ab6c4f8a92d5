"""Publish marts made by the real models into a laptop's home."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb

from footfall.settings import PROJECT_ROOT, Settings
from tests import builders

MARTS = ("fct_page_views", "fct_sessions", "dim_visitors", "dim_pages", "agg_daily_metrics")


def publish(home: Path, rows: list[dict[str, Any]], run_id: str) -> Settings:
    """Build these events, and only these, into marts and publish them as ``run_id``."""
    settings = Settings(home=home)
    build = home / run_id
    builders.write_staged(build, "events", rows)
    database = build / "build.duckdb"
    with duckdb.connect(database) as connection:
        connection.execute("create schema footfall_events")
        connection.execute(
            f"create view footfall_events.events as select * from read_parquet('{build}/events/*/*.parquet', "
            "hive_partitioning = true, hive_types = {'event_date': date})"
        )
    subprocess.run(
        [
            str(Path(sys.executable).with_name("dbt")), "run", "--quiet", "--target", "laptop",
            "--project-dir", str(PROJECT_ROOT / "dbt"), "--profiles-dir", str(PROJECT_ROOT / "dbt"),
            "--target-path", str(build / "target"), "--log-path", str(build / "logs"),
        ],
        env=os.environ | {"FOOTFALL_BUILD_DB": str(database)},
        check=True,
    )  # fmt: skip
    settings.warehouse_dir.mkdir(parents=True, exist_ok=True)
    fresh = settings.warehouse_dir / "next.duckdb"
    with duckdb.connect(fresh) as connection:
        connection.execute(f"attach '{database}' as build (read_only)")
        for mart in MARTS:
            connection.execute(f"create table {mart} as select * from build.footfall_build.{mart}")
        connection.execute(
            f"create table footfall_publications as select '{run_id}' as run_id, "
            "timestamp '2024-06-01 10:00' as published_at"
        )
    shutil.move(fresh, settings.published_db)
    return settings
