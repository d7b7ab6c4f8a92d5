"""One lake with everything in it, proved and published once; each test spoils a copy of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from footfall.settings import Settings
from footfall.verify import Verification, verification, verify
from footfall.verify.rebuild import Rebuild
from footfall.verify.snapshot import snapshot
from footfall.warehouse.publish import publish
from footfall.warehouse.transform import transform
from tests.bad_lines import CLF_TIME, combined
from tests.home import Home, new_home
from tests.lake.conftest import strict_bucket, strict_emulator  # noqa: F401

MIDNIGHT = datetime(2024, 5, 13, tzinfo=UTC)


def hits(first: datetime, count: int, minutes: int, **values: str) -> list[str]:
    return [
        combined(time=f"{first + timedelta(minutes=minutes * n):{CLF_TIME}}", request=f"GET /{n} HTTP/1.1", **values)
        for n in range(count)
    ]


@dataclass(frozen=True)
class Proved:
    home: Home
    verification: Verification  # of the lake as it is
    rebuilt: Rebuild


@pytest.fixture(scope="session")
def proved(tmp_path_factory: pytest.TempPathFactory) -> Proved:
    """Two runs: a session over midnight that a late file makes longer, copies, bad lines, an empty file."""
    folder = tmp_path_factory.mktemp("proved lake's a=b")
    walker = hits(MIDNIGHT - timedelta(hours=1), 9, 15)
    files = {
        "evening.log": [*walker[:5], *hits(MIDNIGHT - timedelta(hours=9), 4, 1, ip="198.51.100.7"), "no log line"],
        "morning.log": [*walker[3:], *hits(MIDNIGHT + timedelta(days=1), 3, 1, ip="198.51.100.7")],
        "late.log": [*hits(MIDNIGHT - timedelta(minutes=75), 1, 1), combined(status="000")],
        "empty.log": [],
    }
    paths = {name: folder / name for name in files}
    for name, lines in files.items():
        paths[name].write_text("".join(f"{line}\n" for line in lines))
    home = new_home(folder / "home")
    home.take(paths["evening.log"], paths["morning.log"])
    home.take(paths["late.log"], paths["empty.log"])
    transform(home.settings)
    publish(home.settings)
    made: list[Rebuild] = []

    def keep(*arguments: object, **options: object) -> Rebuild:
        made.append(rebuild(*arguments, **options))
        return made[-1]

    rebuild = verification.rebuild
    with pytest.MonkeyPatch.context() as spy:
        spy.setattr(verification, "rebuild", keep)
        said = verify(home.settings, tmp_path_factory.mktemp("scratch"))
    return Proved(home, said, made[0])


@pytest.fixture
def home(proved: Proved, tmp_path: Path) -> Home:
    """A copy of the proved lake, to be spoilt."""
    shutil.copytree(proved.home.settings.home, tmp_path / "spoilt [it's] a=b")
    return new_home(tmp_path / "spoilt [it's] a=b")


@pytest.fixture
def judged(proved: Proved, tmp_path: Path) -> Callable[[Settings], Verification]:
    """Compare a lake with the rebuild of the proved one."""

    def judge(settings: Settings) -> Verification:
        with snapshot(settings, tmp_path) as lake:
            return verification.judge(settings, lake, proved.rebuilt, tmp_path)

    return judge
