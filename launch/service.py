"""A program in the background that leaves no process behind when it stops."""

from __future__ import annotations

import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

# What a program may take to stop by itself, and then what it left behind.
GRACE_SECONDS = 30
LEFTOVER_SECONDS = 5


@dataclass
class Service:
    """One program in a session of its own, its output in a log file."""

    name: str
    command: list[str]
    environment: dict[str, str]
    url: str
    ready_url: str
    log_path: Path
    stop_signal: signal.Signals
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _children: set[psutil.Process] = field(default_factory=set, init=False)

    def start(self) -> None:
        """Start the program. A session of its own keeps the terminal's Ctrl-C from reaching its parts one by one."""
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("wb") as log:
            self._process = subprocess.Popen(
                self.command,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def exit_code(self) -> int | None:
        """Exit code of a program that has ended; None while it runs or before it starts."""
        return self._process.poll() if self._process else None

    def note_children(self) -> None:
        """Remember the program's processes: one whose parent dies is no longer to be found as its child."""
        if self._process is None:
            return
        try:
            self._children.update(psutil.Process(self._process.pid).children(recursive=True))
        except psutil.NoSuchProcess:
            return

    def stop(self) -> None:
        """Ask the program to stop, wait, then end whatever it left behind."""
        if self._process is None:
            return
        self.note_children()
        if self._process.poll() is None:
            self._process.send_signal(self.stop_signal)
        deadline = time.monotonic() + GRACE_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            self.note_children()
            time.sleep(0.2)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        for signum in (signal.SIGTERM, signal.SIGKILL):
            left = [child for child in self._children if is_alive(child)]
            for child in left:
                _signal(child, signum)
            deadline = time.monotonic() + LEFTOVER_SECONDS
            while any(is_alive(child) for child in left) and time.monotonic() < deadline:
                time.sleep(0.05)


def is_alive(process: psutil.Process) -> bool:
    """Whether it still runs. psutil compares start times: a number that now belongs to somebody else is not ours."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _signal(process: psutil.Process, signum: signal.Signals) -> None:
    try:
        process.send_signal(signum)
    except psutil.NoSuchProcess:
        return
