"""The machine: Python, libraries, engine, Java, clock, and what only the tests need."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import footfall
from footfall.doctor.finding import Finding, fail, ok, warn
from footfall.settings import PROJECT_ROOT, Settings

JAVA_MAJOR: Final = 17

_SHOWN: Final = (
    "pysail", "pyspark", "deltalake", "duckdb", "dbt-core", "dbt-duckdb", "dbt-bigquery", "great-expectations",
    "apache-airflow", "streamlit",
)  # fmt: skip
_REINSTALL: Final = "Install the locked versions with `make install`."

# In text, for this package knows nothing of the Spark side: it starts the engine as the job does
_SAIL_PROBE: Final = """
from footfall.settings import EngineSettings
from spark.session import engine
with engine(EngineSettings()) as session:
    print(session.sql("select 1").collect()[0][0])
"""


def python(settings: Settings) -> Iterator[Finding]:
    """The interpreter, and whether it is one that Footfall is made for."""
    detail = f"Python {platform.python_version()}, footfall {footfall.__version__}, {platform.platform()}"
    distribution = _footfall()
    wanted = distribution.metadata["Requires-Python"] if distribution else None
    if wanted and not SpecifierSet(wanted).contains(platform.python_version(), prereleases=True):
        yield warn("python", detail, f"Footfall is tested on Python {wanted}; make the environment with one of those.")
    else:
        yield ok("python", detail)


def libraries(settings: Settings) -> Iterator[Finding]:
    """The libraries' versions, held against what Footfall asks for."""
    wrong = []
    distribution = _footfall()
    for line in (distribution.requires or []) if distribution else []:
        requirement = Requirement(line)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        installed = _version(requirement.name)
        if installed is None:
            wrong.append(f"{requirement.name} is missing")
        elif not requirement.specifier.contains(installed, prereleases=True):
            wrong.append(f"{requirement.name} is {installed}, not {requirement.specifier}")
    versions = ", ".join(f"{name} {version}" for name in _SHOWN if (version := _version(name)))
    if wrong:
        yield fail("libraries", "; ".join(wrong), _REINSTALL)
    elif distribution is None:
        yield warn("libraries", f"{versions}; footfall itself is not installed, so none is checked", _REINSTALL)
    else:
        yield ok("libraries", versions)


def engine(settings: Settings) -> Iterator[Finding]:
    """Whether the embedded engine answers; in a process of its own, which a crash of native code cannot outlive."""
    if settings.engine.name == "spark":
        yield ok("engine", "spark: Apache Spark on this machine's Java (not started: that takes a while)")
        return
    probe = subprocess.run(
        [sys.executable, "-c", _SAIL_PROBE], capture_output=True, text=True, cwd=PROJECT_ROOT, check=False
    )
    if probe.returncode == 0 and probe.stdout.strip() == "1":
        yield ok("engine", "sail answers `select 1`")
        return
    last = (probe.stderr.strip().splitlines() or [f"exit code {probe.returncode}"])[-1]
    yield fail("engine", f"sail does not start: {last}", f"{_REINSTALL} Or use Apache Spark: --engine spark.")


def java(settings: Settings) -> Iterator[Finding]:
    """The Java that engine spark would use: JAVA_HOME's, else the first on the PATH."""
    needed = settings.engine.name == "spark"
    remedy = f"Install a JDK {JAVA_MAJOR} or later (Debian: `apt install openjdk-17-jre-headless`) and set JAVA_HOME"
    remedy += ", or use the embedded engine (--engine sail)." if needed else ", if you want --engine spark."
    report = fail if needed else warn
    home = os.environ.get("JAVA_HOME")
    command = str(Path(home) / "bin" / "java") if home else "java"
    if not shutil.which(command):
        where = f"JAVA_HOME is {home}, which has no bin/java" if home else "no java on the PATH"
        yield report("java", f"{where}; only engine spark needs it", remedy)
        return
    answer = subprocess.run([command, "-version"], capture_output=True, text=True, check=False)
    said = (answer.stderr or answer.stdout).strip()
    major = java_major(said)
    if major is None:
        first = (said.splitlines() or ["nothing"])[0]
        yield report("java", f"`{command} -version` does not tell a version, it says: {first}", remedy)
    elif major < JAVA_MAJOR:
        yield report("java", f"Java {major} is too old for engine spark", remedy)
    else:
        yield ok("java", f"Java {major}")


def java_major(said: str) -> int | None:
    """Major version in the answer of ``java -version``: 17 for "17.0.15", 8 for "1.8.0_392"; None without one."""
    version = re.search(r'version "(?:1\.)?(\d+)', said)
    return int(version[1]) if version else None


def dbt_project(settings: Settings) -> Iterator[Finding]:
    """Where the models are."""
    project = PROJECT_ROOT / "dbt" / "dbt_project.yml"
    if project.is_file():
        yield ok("dbt project", str(project.parent))
    else:
        yield fail("dbt project", f"{project} is missing", "Run footfall from a clone of the repository.")


def clock(settings: Settings) -> Iterator[Finding]:
    """Whether time goes forward: events ahead of the clock are quarantined, and run ids sort by it."""
    now = datetime.now(UTC)
    newest = max((PROJECT_ROOT / "footfall").rglob("*.py"), key=lambda file: file.stat().st_mtime)
    written = datetime.fromtimestamp(newest.stat().st_mtime, UTC)
    if written > now + timedelta(days=1):
        yield fail(
            "clock",
            f"it is {now:%Y-%m-%d %H:%M} UTC here, but {newest.name} was written {written:%Y-%m-%d %H:%M} UTC",
            "Set the clock (`timedatectl set-ntp true`); events ahead of it would be quarantined.",
        )
    else:
        yield ok("clock", f"{now:%Y-%m-%d %H:%M} UTC")


def browser(settings: Settings) -> Iterator[Finding]:
    """Chromium, which only the dashboard's browser test needs."""
    found = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)
    yield ok("browser", found or "no chromium: the dashboard's browser test is skipped, nothing else needs it")


def _footfall() -> metadata.Distribution | None:
    """What is known of the installed package; None where it runs from a folder without an installation."""
    try:
        return metadata.distribution("footfall")
    except metadata.PackageNotFoundError:
        return None


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
