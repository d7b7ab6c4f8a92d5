"""Die at the n-th effect of an operation, in this process: at what is written, deleted or committed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from pyspark.sql.connect.readwriter import DataFrameWriter

from footfall.lake import events
from footfall.lake.storage_local import FolderStorage
from tests.exactness.history import Kill

EFFECTS: list[tuple[Any, str]] = [
    (FolderStorage, "write"),
    (FolderStorage, "put_file"),
    (FolderStorage, "delete"),
    (FolderStorage, "swap"),
    (events, "commit"),
    (DataFrameWriter, "parquet"),
]


class Killed(BaseException):
    """No code may catch it and go on, as none can that is killed."""


@contextmanager
def dying(kill: Kill | None) -> Iterator[None]:
    """Within, :class:`Killed` is raised at the effect that ``kill`` names; an operation with fewer effects lives."""
    if kill is None:
        yield
        return
    seen = 0

    def mortal(effect: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **named: Any) -> Any:
            nonlocal seen
            seen += 1
            mine = seen == kill.at
            if mine and not kill.after:
                raise Killed
            done = effect(*arguments, **named)
            if mine:
                raise Killed
            return done

        return run

    with ExitStack() as patches:
        for owner, name in EFFECTS:
            patches.enter_context(mock.patch.object(owner, name, mortal(getattr(owner, name))))
        yield
