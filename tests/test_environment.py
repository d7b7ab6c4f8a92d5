"""A process that is started for some settings has those settings, whatever is set around it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from footfall.environment import environment
from footfall.settings import EngineSettings, LakeSettings, LimitSettings, PrivacySettings, SessionSettings, Settings

SURROUNDINGS = {
    "FOOTFALL_LAKE__EVENTS": "/elsewhere",
    "FOOTFALL_PRIVACY": '{"visitor_key": "00"}',
    "footfall_session__max_hours": "3",
}


@pytest.mark.parametrize(
    "settings",
    [
        Settings(home=Path("relative home")),
        Settings(
            home=Path("/a b=c"),
            inbox="gs://in/{day}",
            session=SessionSettings(timeout_minutes=45, split_on_campaign=True),
            limits=LimitSettings(max_future_days=0),
            engine=EngineSettings(name="spark", partitions=3, sort_memory_gb=0.5),
            lake=LakeSettings(raw="gs://lake/raw"),
            privacy=PrivacySettings(visitor_key=SecretStr("0a" * 32), event_key=SecretStr("b1" * 32)),
        ),
    ],
)
def test_the_child_has_the_parents_settings(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SURROUNDINGS.items():
        monkeypatch.setenv(name, value)
    whole = settings.model_copy(update={"home": settings.home.absolute()})
    with monkeypatch.context() as child:
        child.setattr(os, "environ", environment(settings))
        assert Settings() == whole


def test_what_is_no_setting_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOMETHING_ELSE", "1")
    assert environment(Settings())["SOMETHING_ELSE"] == "1"
