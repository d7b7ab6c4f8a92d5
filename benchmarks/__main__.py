"""All benchmarks, one after another: ``python -m benchmarks`` or ``make bench``."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.harness import python, scratch
from footfall.settings import PROJECT_ROOT

SUBJECTS = ("generator", "sessionize", "engines", "memory", "commands", "hot_visitor")
# They share a lake with a history, which takes long to make
ON_A_HISTORY = ("flat_cost", "late_file", "micro_batch")


def main() -> None:
    failed = []
    with scratch(None) as folder:
        for subject in (*SUBJECTS, *ON_A_HISTORY):
            command = python(f"benchmarks.{subject}", *(("--scratch", folder) if subject in ON_A_HISTORY else ()))
            print(f"\n## python -m benchmarks.{subject}\n", flush=True)
            if subprocess.run(command, cwd=PROJECT_ROOT, check=False).returncode:
                failed.append(subject)
    if failed:
        sys.exit(f"Not measured, see above: {', '.join(failed)}")


if __name__ == "__main__":
    main()
