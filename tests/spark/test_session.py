"""Engines do not disturb each other."""

from __future__ import annotations

from footfall.settings import EngineSettings
from spark.session import engine


def test_an_engine_that_ends_leaves_the_others_of_the_process_alone() -> None:
    with engine(EngineSettings(name="sail")) as outer:
        with engine(EngineSettings(name="sail")) as inner:
            assert inner.sql("select 1 as one").collect()[0].one == 1
        assert outer.sql("select 2 as two").collect()[0].two == 2
