"""Settings from the environment of this process, and the environment that hands settings on to another."""

from __future__ import annotations

import os
from collections.abc import Iterator

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_settings import SettingsError

from footfall.errors import InputError
from footfall.settings import Settings

_PREFIX = Settings.model_config["env_prefix"]
_DELIMITER = Settings.model_config["env_nested_delimiter"]
assert isinstance(_PREFIX, str)
assert isinstance(_DELIMITER, str)


def environment(settings: Settings) -> dict[str, str]:
    """This process's environment, but every ``FOOTFALL_*`` variable in it says what ``settings`` say.

    ``Settings()`` in a process started with it equals ``settings``, whatever this process's own variables are. It
    holds the keys where the settings do: hand it to a child and to nothing else.
    """
    others = {name: value for name, value in os.environ.items() if not name.upper().startswith(_PREFIX)}
    given = settings.model_copy(update={"home": settings.home.absolute()})
    return others | dict(_variables(given, _PREFIX))


def _variables(model: BaseModel, prefix: str) -> Iterator[tuple[str, str]]:
    for field in type(model).model_fields:
        name, value = f"{prefix}{field}".upper(), getattr(model, field)
        if isinstance(value, BaseModel):
            yield from _variables(value, f"{name}{_DELIMITER}")
        elif isinstance(value, SecretStr):
            yield name, value.get_secret_value()
        elif value is not None:
            yield name, str(value)


def settings_now() -> Settings:
    """The settings of this process's environment. Raises :class:`InputError` naming the first that cannot be used."""
    try:
        return Settings()
    except SettingsError as error:
        raise InputError(f"{error}: set its parts one by one, as in FOOTFALL_SESSION__MAX_HOURS=24.") from None
    except ValidationError as error:
        first = error.errors()[0]
        name = "FOOTFALL_" + "__".join(str(part).upper() for part in first["loc"])
        raise InputError(f"{name} is {first['input']!r}: {first['msg']}. Correct it, or unset it.") from None
