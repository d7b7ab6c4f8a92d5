"""Start the engine: Sail (embedded, no JVM) or Apache Spark (local JVM, or the cluster the job was submitted to)."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import SparkSession

from footfall.errors import EnvironmentProblem
from footfall.settings import EngineSettings

# A secret enters a plan in this shape, so that Spark's own redaction keeps it out of plans, the UI and event logs
SECRET_PREFIX = "footfall-secret:"


@contextmanager
def engine(settings: EngineSettings) -> Iterator[SparkSession]:
    """A Spark session on the engine of the settings, stopped at the end.

    Raises :class:`~footfall.errors.EnvironmentProblem` when engine spark finds no Java.
    """
    # Sail evaluates by the time zone of the session, and so must Python's own conversions
    os.environ["PYSPARK_PYTHON"] = sys.executable
    with _sail(settings) if settings.name == "sail" else _spark(settings) as session:
        session.conf.set("spark.sql.session.timeZone", "UTC")
        yield session


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _sail(settings: EngineSettings) -> Iterator[SparkSession]:
    os.environ.setdefault("RUST_LOG", "error")
    from pysail.spark import SparkConnectServer

    server = SparkConnectServer(ip="127.0.0.1", port=0)
    server.start(background=True)
    _, port = server.listening_address
    session = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").getOrCreate()
    try:
        yield session
    finally:
        session.stop()
        server.stop()


@contextmanager
def _spark(settings: EngineSettings) -> Iterator[SparkSession]:
    builder = SparkSession.builder.appName("footfall").config(
        "spark.sql.redaction.string.regex", f"{SECRET_PREFIX}[0-9a-f]+"
    )
    submitted = "SPARK_ENV_LOADED" in os.environ
    if not submitted:
        if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
            raise EnvironmentProblem(
                "engine spark needs Java 17 or later and none was found; install a JDK and set JAVA_HOME, "
                "or use the embedded engine (--engine sail), which needs none"
            )
        builder = (
            builder.master(f"local[{cores()}]")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.memory", f"{settings.driver_memory_gb}g")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.sql.shuffle.partitions", str(settings.partitions or 2 * cores()))
            .config("spark.sql.execution.arrow.maxRecordsPerBatch", "32768")
            .config("spark.log.level", "ERROR")
        )
    session = builder.getOrCreate()
    try:
        yield session
    finally:
        session.stop()
