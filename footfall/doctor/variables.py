"""FOOTFALL_* variables that no setting knows: a typing error in one would otherwise be silence."""

from __future__ import annotations

import os
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from pydantic import BaseModel

from footfall.doctor.finding import Finding, ok, warn
from footfall.settings import Settings

PREFIX: Final = "FOOTFALL_"

# read by dbt's profile and by the DAGs, which cannot import the settings
READ_ELSEWHERE: Final = frozenset(
    {
        "FOOTFALL_BUILD_DB",
        "FOOTFALL_DBT_EXECUTION",
        "FOOTFALL_DBT_MANIFEST",
        "FOOTFALL_DBT_PROJECT",
        "FOOTFALL_DBT_TARGET",
    }
)


def known_variables() -> set[str]:
    """Every variable that a setting, dbt or a DAG reads."""
    return set(_names(Settings, PREFIX)) | READ_ELSEWHERE


def unknown_variables(settings: Settings) -> Iterator[Finding]:
    """A warning for each FOOTFALL_* variable nobody reads, by name alone: its value may be a secret."""
    known = known_variables()
    present = sorted(name for name in os.environ if name.upper().startswith(PREFIX))
    unknown = [name for name in present if name.upper() not in known]
    if not unknown:
        yield ok("settings", f"env {settings.env}; set: {', '.join(present) or 'nothing, all defaults'}")
    for name in unknown:
        nearest = get_close_matches(name.upper(), sorted(known), n=1)
        remedy = f"Did you mean {nearest[0]}?" if nearest else "Unset it."
        yield warn("settings", f"{name} is set, but no setting has that name", remedy)


def _names(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield f"{prefix}{name}".upper()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _names(field.annotation, f"{prefix}{name}__")
