"""An inbox with a folder for each day, and what the lake and the marts hold when all of it has been processed."""

from __future__ import annotations

import subprocess
from datetime import date
from pathlib import Path
from typing import Any

from footfall.generate import generate
from footfall.settings import Settings
from footfall.warehouse import PUBLISHED_MARTS
from footfall.warehouse.query import query
from tests.home import KEYS, Home

FIRST_DAY = date(2026, 10, 1)

# The same in every home, so that homes can be compared
KEY_SETTINGS = {
    "FOOTFALL_PRIVACY__VISITOR_KEY": KEYS.visitor_key.get_secret_value(),
    "FOOTFALL_PRIVACY__EVENT_KEY": KEYS.event_key.get_secret_value(),
}


def fill(inbox: Path, *, days: int, visitors: int) -> str:
    """Put a day's log into each day's folder, from FIRST_DAY on; returns the FOOTFALL_INBOX to set."""
    made = generate(inbox / "all", days=days, visitors=visitors, seed=5, start=FIRST_DAY)
    for file in made.files:
        day = inbox / file.name.removeprefix("access-").removesuffix(".log.gz")
        day.mkdir()
        file.rename(day / file.name)
    (inbox / "all").rmdir()
    return str(inbox / "{day}")


def processed_at_once(home: Path, environment: dict[str, str]) -> dict[str, Any]:
    """What one ``footfall run`` over the environment's inbox makes in a home of its own."""
    inbox = str(Path(environment["FOOTFALL_INBOX"]).parent)
    environment = {**environment, "FOOTFALL_HOME": str(home)}
    done = subprocess.run(["footfall", "run", inbox], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return tables(home)


def tables(home: Path) -> dict[str, Any]:
    """Every row of the events zone and of each published mart, in one order."""
    settings = Settings(home=home)
    marts = {mart: query(settings, f"select * from {mart} order by all").to_pylist() for mart in PUBLISHED_MARTS}
    return {"events": Home(settings).table(), **marts}
