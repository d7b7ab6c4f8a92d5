from __future__ import annotations

import yaml

from footfall.contract import EVENT_COLUMNS
from footfall.settings import PROJECT_ROOT


def test_the_source_is_the_event_contract_column_by_column():
    document = yaml.safe_load((PROJECT_ROOT / "dbt/models/staging/_footfall__sources.yml").read_text())
    (table,) = document["sources"][0]["tables"]
    declared = [(column["name"], column["data_type"]) for column in table["columns"]]
    assert declared == [(column.name, column.type.value) for column in EVENT_COLUMNS]
    for column, written in zip(EVENT_COLUMNS, table["columns"], strict=True):
        assert column.description in " ".join(written["description"].split())
