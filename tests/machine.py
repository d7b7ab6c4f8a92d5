"""Machines that refuse: command prefixes that put a child process on a full disk, or take root's powers from it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def ordinary_user() -> list[str]:
    """Prefix of a command for which file permissions hold, which they do not for root; skips where it cannot be had."""
    if os.geteuid() != 0:
        return []
    prefix = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all"]
    if not _works([*prefix, "true"]):
        pytest.skip("root ignores file permissions, and setpriv (util-linux) is not here to drop that power")
    return prefix


def on_small_disk(folder: Path, kilobytes: int) -> list[str]:
    """Prefix of a command that sees a disk of this size at ``folder``; skips where none can be mounted."""
    mount = f'mount -t tmpfs -o size={kilobytes}k tmpfs "$0" && exec "$@"'
    prefix = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, str(folder)]
    if not _works([*prefix, "true"]):
        pytest.skip("no small disk to fill: this machine does not let the tests mount one (unshare --user --mount)")
    return prefix


def _works(command: list[str]) -> bool:
    return shutil.which(command[0]) is not None and subprocess.run(command, capture_output=True).returncode == 0
