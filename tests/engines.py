"""Engines that all tests of a process share: the jobs of most tests take less time than an engine's start."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from tests.home import Home

JAVA_AT_LEAST = 17


@pytest.fixture(scope="session")
def sail() -> Iterator[SparkSession]:
    """A session of the embedded engine."""
    from footfall.settings import EngineSettings
    from spark.session import engine

    with engine(EngineSettings(name="sail")) as session:
        yield session


@pytest.fixture
def shared_engine(sail: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs run in this process use the shared session."""
    from spark import sessionize_job

    @contextmanager
    def running(settings: Any) -> Iterator[SparkSession]:
        yield sail

    monkeypatch.setattr(sessionize_job, "engine", running)


@pytest.fixture(scope="session")
def jvm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Home, str], bool]]:
    """Stages a home on Apache Spark; says whether there was anything to stage."""
    from footfall.settings import PROJECT_ROOT

    java = f"{os.environ['JAVA_HOME']}/bin/java" if "JAVA_HOME" in os.environ else shutil.which("java")
    if java is None:
        pytest.skip("no Java on this machine: the engines are not compared; install a JDK of version 17 or later")
    said = subprocess.run([java, "-version"], capture_output=True, text=True).stderr
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < JAVA_AT_LEAST:
        pytest.skip(f"Apache Spark needs Java {JAVA_AT_LEAST} or later: the engines are not compared; found {said!r}")
    log = tmp_path_factory.mktemp("jvm") / "stderr"
    # What the embedded engine leaves in the environment of this process would have PySpark look for a remote engine
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SPARK_", "PYSPARK_"))}
    # Short jobs: optimising their code would take longer than running it
    environment["JAVA_TOOL_OPTIONS"] = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
    with log.open("w") as errors:
        worker = subprocess.Popen(
            [sys.executable, "-m", "tests.spark.jvm_worker"],
            cwd=PROJECT_ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
        )  # fmt: skip

        def stage(home: Home, run_id: str) -> bool:
            assert worker.stdin is not None
            assert worker.stdout is not None
            answer = ""
            with contextlib.suppress(BrokenPipeError):
                session = home.settings.session.model_dump()
                task = {"home": str(home.settings.home), "run_id": run_id, "session": session}
                worker.stdin.write(json.dumps(task) + "\n")
                worker.stdin.flush()
                answer = worker.stdout.readline()
            if not answer:
                pytest.fail(f"Apache Spark did not start or died:\n{log.read_text()[-3000:]}")
            said = json.loads(answer)
            assert "error" not in said, said["error"]
            return bool(said["staged"])

        yield stage
        worker.terminate()
        worker.communicate()
