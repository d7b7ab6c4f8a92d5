"""Stage homes on Apache Spark, one a line of standard input, on one JVM: its start costs more than most jobs.

python -m tests.spark.jvm_worker

Reads {"home": ..., "run_id": ..., "session": {...}}, answers {"staged": ...} or {"error": ...}.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyspark.sql import SparkSession

from footfall.settings import EngineSettings
from spark import sessionize_job
from spark.session import engine
from tests.home import new_home


def main() -> None:
    settings = EngineSettings(name="spark", driver_memory_gb=1)
    with engine(settings) as session:

        @contextmanager
        def running(_: EngineSettings) -> Iterator[SparkSession]:
            yield session

        sessionize_job.engine = running
        for line in sys.stdin:
            task = json.loads(line)
            try:
                home = new_home(Path(task["home"]), engine=settings, session=task["session"])
                manifest = sessionize_job.run(home.settings, task["run_id"])
                answer = {"staged": manifest is not None}
            except Exception:
                answer = {"error": traceback.format_exc()}
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
