"""`footfall doctor`: look at this machine and these settings, and say the remedy for everything that is wrong.

Nothing is made, changed or repaired by looking.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from footfall.doctor import lake, machine, variables
from footfall.doctor.finding import Finding, Status, fail, failed
from footfall.errors import EnvironmentProblem, FootfallError
from footfall.settings import Settings

__all__ = ["Finding", "Status", "diagnose", "exit_code"]

Check = Callable[[Settings], Iterable[Finding]]

_CHECKS: Final[Mapping[str, Check]] = {
    "python": machine.python,
    "libraries": machine.libraries,
    "settings": variables.unknown_variables,
    "home": lake.home,
    "zones": lake.zones,
    "keys": lake.keys,
    "credentials": lake.credentials,
    "engine": machine.engine,
    "java": machine.java,
    "dbt project": machine.dbt_project,
    "marts": lake.marts,
    "clock": machine.clock,
    "browser": machine.browser,
}

# an idle laptop needs two seconds, most of it to start the engine; a busy one may need more
DEADLINE_SECONDS: Final = 30.0


def diagnose(settings: Settings, *, deadline_seconds: float = DEADLINE_SECONDS) -> list[Finding]:
    """Findings in a fixed order, at least one a check that applies. Looks at everything at once; never raises."""
    found: dict[str, list[Finding]] = {}
    threads = [
        # daemons: what hangs on a network must not keep the command from ending
        threading.Thread(target=_look, args=(name, check, settings, found), daemon=True)
        for name, check in _CHECKS.items()
    ]
    until = time.monotonic() + deadline_seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    silent = f"no answer within {deadline_seconds:g} seconds"
    return [
        finding
        for name in _CHECKS
        for finding in found.get(name, [fail(name, silent, "Run it again on a quieter machine, or check the network.")])
    ]


def exit_code(findings: Iterable[Finding]) -> int:
    """0, or the exit code of an environment problem if any finding is a failure."""
    return EnvironmentProblem.exit_code if any(finding.status is Status.FAIL for finding in findings) else 0


def _look(name: str, check: Check, settings: Settings, found: dict[str, list[Finding]]) -> None:
    try:
        found[name] = list(check(settings))
    except FootfallError as error:
        found[name] = [failed(name, error)]
    except Exception as error:  # a machine ill in a way nobody foresaw is still a finding
        found[name] = [fail(name, f"{type(error).__name__}: {error}", "Please report this as a bug.")]
