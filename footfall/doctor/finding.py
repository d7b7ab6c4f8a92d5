"""What the doctor reports: one row a thing looked at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from footfall.errors import FootfallError


class Status(StrEnum):
    """ok: nothing to do. warn: works, with a restriction. fail: a command will fail."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at, what was found, and what to do about it ("" when there is nothing to do)."""

    name: str
    status: Status
    detail: str
    remedy: str = ""


def ok(name: str, detail: str) -> Finding:
    """A finding with nothing to do."""
    return Finding(name, Status.OK, detail)


def warn(name: str, detail: str, remedy: str) -> Finding:
    """A finding that restricts what works."""
    return Finding(name, Status.WARN, detail, remedy)


def fail(name: str, detail: str, remedy: str) -> Finding:
    """A finding that makes a command fail."""
    return Finding(name, Status.FAIL, detail, remedy)


def failed(name: str, error: FootfallError) -> Finding:
    """The finding an error makes: what was wrong up to the first full stop, the remedy after it."""
    detail, _, remedy = str(error).partition(". ")
    return fail(name, detail, remedy)
