"""All benchmarks, one after another: ``python -m benchmarks`` or ``make bench``."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.harness import ROOT, python

SUBJECTS = ("generator", "sessionize", "engines", "memory", "commands")


def main() -> None:
    failed = []
    for subject in SUBJECTS:
        command = python(f"benchmarks.{subject}")
        print(f"\n## python -m benchmarks.{subject}\n", flush=True)
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            failed.append(subject)
    if failed:
        sys.exit(f"Not measured, see above: {', '.join(failed)}")


if __name__ == "__main__":
    main()
