"""What dbt puts into a template's context, as far as this project uses it, for SQLFluff's jinja templater.

SQLFluff's own dbt templater lists the datasets of the target before it renders anything, so with BigQuery's dialect
it needs BigQuery. Here the project's own macros render, dispatched to BigQuery's variants, in milliseconds a file.
``ref``, ``source``, ``config``, ``return`` and a true ``is_incremental`` come from SQLFluff (``apply_dbt_builtins``).
"""

from __future__ import annotations

import datetime as _datetime
import re as _re
from collections.abc import Callable as _Callable
from pathlib import Path as _Path
from types import SimpleNamespace as _Namespace
from typing import Any as _Any

import yaml as _yaml
from jinja2 import TemplateRuntimeError as _TemplateError
from jinja2 import pass_context as _pass_context
from jinja2.runtime import Context as _Context

_PROJECT = _Path(__file__).resolve().parents[3] / "dbt" / "dbt_project.yml"
_VARIABLES = _yaml.safe_load(_PROJECT.read_text(encoding="utf-8"))["vars"]
# renders the incremental branches, where the dialects' dates differ most
_VARIABLES |= {"touched_dates": ["2024-02-29"], "assume_incremental": True}


def var(name: str, default: _Any = None) -> _Any:
    """A variable of the project, as ``dbt_project.yml`` sets it."""
    return _VARIABLES.get(name, default)


@_pass_context
def _dispatch(context: _Context, name: str, macro_namespace: str | None = None) -> _Callable[..., _Any]:
    """BigQuery's variant of a macro, else the default one; a template error when it has neither."""
    for prefix in ("bigquery", "default"):
        macro = context.resolve_or_missing(f"{prefix}__{name}")
        if callable(macro):
            return macro
    raise _TemplateError(f"adapter.dispatch('{name}'): no macro bigquery__{name} or default__{name} below dbt/macros")


def env_var(name: str, default: str | None = None) -> str | None:
    """What a template renders with where the variable is not set."""
    return default


def _raise_compiler_error(message: str) -> None:
    raise _TemplateError(message)


adapter = _Namespace(dispatch=_dispatch)
exceptions = _Namespace(raise_compiler_error=_raise_compiler_error)
modules = _Namespace(re=_re, datetime=_datetime)
target = _Namespace(type="bigquery", name="offline")
flags = _Namespace(FULL_REFRESH=False)
model = _Namespace(config=_Namespace(materialized="incremental"))  # only such a model asks is_incremental()
