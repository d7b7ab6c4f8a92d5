"""A ``footfall`` command as a process to kill: with all that it started, without it, or only that."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time

import psutil

from footfall.environment import environment
from footfall.pipeline import SPARK_JOB
from footfall.settings import PROJECT_ROOT, Settings
from tests.kills.traces import AT_THE_START, Traces
from tests.processes import outliving

PATIENCE = 240.0  # seconds; a busy machine is slow
POLL = 0.002


class Command:
    """A running command; ``orphans`` are its processes that outlived it."""

    def __init__(self, settings: Settings, *arguments: object) -> None:
        self.arguments = [str(argument) for argument in arguments]
        self.traces = Traces(settings)
        self.orphans: list[psutil.Process] = []
        settings.home.mkdir(parents=True, exist_ok=True)
        # a file, for a pipe would fill up, and its reader's end would be gone with this process
        self._output = settings.home.parent / f"said-{time.monotonic_ns()}.txt"
        self._started = time.monotonic()
        with self._output.open("w") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "footfall.cli", *self.arguments],
                cwd=PROJECT_ROOT,
                env=environment(settings),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def seconds(self) -> float:
        """Since its start."""
        return time.monotonic() - self._started

    @property
    def said(self) -> str:
        return self._output.read_text()

    def end(self) -> int:
        """Its exit code, when it has ended by itself."""
        code = self._process.wait(PATIENCE)
        assert "Traceback" not in self.said, f"footfall {' '.join(self.arguments)}:\n{self.said}"
        return code

    def succeed(self) -> None:
        code = self.end()
        assert code == 0, f"footfall {' '.join(self.arguments)} ended with {code}:\n{self.said}"

    def wait_for(self, trace: str) -> None:
        """Until it has left this trace, or a later one: the command before may have left this one already."""
        deadline = time.monotonic() + PATIENCE
        while not self.traces.has_reached(trace):
            assert self._process.poll() is None, f"it ended before it was {trace}:\n{self.said}"
            assert time.monotonic() < deadline, f"it was not {trace} in {PATIENCE} s:\n{self.said}"
            time.sleep(POLL)

    def live(self, seconds: float) -> bool:
        """Whether it is still running ``seconds`` after its start."""
        try:
            self._process.wait(max(0.0, self._started + seconds - time.monotonic()))
        except subprocess.TimeoutExpired:
            return True
        return False

    def kill(self) -> str:
        """Kill it and all that it started, in one stroke; returns the step it was in."""
        os.killpg(self._process.pid, signal.SIGSTOP)  # it takes longer to look for them than many a step
        family, step = self._family(), self._step()
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        assert not outliving(family)
        return step

    def kill_parent(self) -> str:
        """Kill it, and let what it started live on as orphans."""
        self.orphans, step = self._family()[1:], self._step()
        self._process.kill()
        self._process.wait()
        return step

    def kill_spark(self) -> str:
        """Kill its Spark job alone, if that has not just ended."""
        step = self._step()
        for job in self.spark_jobs():
            with contextlib.suppress(psutil.NoSuchProcess):
                job.kill()
        return step

    def spark_jobs(self) -> list[psutil.Process]:
        """Its Spark job, if it runs."""
        found = []
        for process in self._family()[1:]:
            try:
                if SPARK_JOB in process.cmdline():
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.ZombieProcess):
                continue
        return found

    def bury(self) -> None:
        """Let orphans come to their end."""
        assert not outliving(self.orphans, PATIENCE)

    def _step(self) -> str:
        # of files that were pending before, its Spark job leaves no trace for a while
        step = self.traces.step()
        return "spark" if step in (AT_THE_START, "ingest") and self.spark_jobs() else step

    def _family(self) -> list[psutil.Process]:
        try:
            process = psutil.Process(self._process.pid)
            return [process, *process.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


def footfall(settings: Settings, *arguments: object) -> Command:
    """Run a command to its end, which must be a good one."""
    command = Command(settings, *arguments)
    command.succeed()
    return command
