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


_SAIL_SETTINGS = {
    "RUST_LOG": "error",
    # Sorts spill to disk past sort_memory_gb, instead of growing with the input
    "SAIL_RUNTIME__MEMORY_POOL__TYPE": "fair",
    # Freed memory is kept for a while: handing each batch's pages back and zeroing new ones took a sixth of the time
    "MIMALLOC_PURGE_DELAY": "10000",
}


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


def _collector() -> str:
    """The throughput collector (half the time of the default on two cores), unless somebody chose one: two clash."""
    chosen = os.environ.get("JAVA_TOOL_OPTIONS", "") + os.environ.get("JDK_JAVA_OPTIONS", "")
    return "" if "GC" in chosen else "-XX:+UseParallelGC"


@contextmanager
def _sail(settings: EngineSettings) -> Iterator[SparkSession]:
    for name, value in _SAIL_SETTINGS.items():
        os.environ.setdefault(name, value)
    os.environ.setdefault("SAIL_RUNTIME__MEMORY_POOL__FAIR__MAX_SIZE", str(int(settings.sort_memory_gb * 2**30)))
    if settings.partitions:
        os.environ.setdefault("SAIL_EXECUTION__DEFAULT_PARALLELISM", str(settings.partitions))
    from pysail.spark import SparkConnectServer

    server = SparkConnectServer(ip="127.0.0.1", port=0)
    server.start(background=True)
    _, port = server.listening_address
    # create(), for getOrCreate() would hand out the session of another engine in this process, and stop() would end it
    session = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").create()
    try:
        yield session
    finally:
        session.stop()
        server.stop()


@contextmanager
def _spark(settings: EngineSettings) -> Iterator[SparkSession]:
    builder = (
        SparkSession.builder.appName("footfall")
        .config("spark.sql.redaction.string.regex", f"{SECRET_PREFIX}[0-9a-f]+")
        # Spark's default is INT96, which readers take for a time without a zone
        .config("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
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
            .config("spark.sql.shuffle.partitions", str(settings.partitions or cores()))
            .config("spark.sql.execution.arrow.maxRecordsPerBatch", "32768")
            # Few, known partitions: there is nothing for it to adapt, and its extra stages took a third of the time
            .config("spark.sql.adaptive.enabled", "false")
            # The parse is one huge generated method, which the JVM would otherwise interpret
            .config("spark.driver.extraJavaOptions", f"-XX:-DontCompileHugeMethods {_collector()}")
            .config("spark.ui.showConsoleProgress", "false")
            .config("spark.log.level", "ERROR")
        )
    session = builder.getOrCreate()
    try:
        yield session
    finally:
        session.stop()
