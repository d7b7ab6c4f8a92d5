"""The id of a run: it sorts by time, and names a folder of the events zone."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime

from footfall.errors import InputError

RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,199}")


def new_run_id() -> str:
    """An id of now that no other run has: ``20240512T101500Z-ab12cd``."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def checked_run_id(run_id: str) -> str:
    """``run_id`` if it can name a folder of the events zone. Raises :class:`InputError` otherwise."""
    if not RUN_ID.fullmatch(run_id):
        raise InputError(
            f"{run_id!r} is no run id: it names a folder, so it begins with a letter or digit and goes on with "
            "letters, digits and . _ : + - alone. Leave it out to have one made."
        )
    return run_id
