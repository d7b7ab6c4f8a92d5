"""The data docs say what failed where, fetch nothing, and do not grow for ever."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from footfall.errors import QualityError
from footfall.quality import StagedAudit, audit, checkpoints
from footfall.settings import Settings
from tests import builders
from tests.quality.faults import first_of_month, good_day

pytestmark = pytest.mark.xdist_group("great_expectations")


def test_pages_show_the_failed_rule_with_date_and_count_and_fetch_nothing(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    rows = good_day(first_of_month())
    rows[3] |= {"http_status": 0, "page_url": "/secret"}
    staged = StagedAudit(builders.write_staged(settings.zone("events"), "r1", rows), 100, {"bad_size": 3})
    with pytest.raises(QualityError):
        audit(settings, "r1", staged)
    docs = settings.docs_dir / "data_docs"
    pages = {page: page.read_text(encoding="utf-8") for page in docs.rglob("*.html")}
    index = pages.pop(docs / "index.html")
    linked = {link: docs / link for link in re.findall(r'href="([^"]+)"', index)}
    assert set(linked.values()) == set(pages)
    by_suite = {page.relative_to(docs).parts[1]: html for page, html in pages.items()}
    assert set(by_suite) == {"run", "contract", "events", "sessions"}
    assert ">fail</span></td><td>http_status is 100 to 599." in by_suite["events"]
    assert "<td>2024-01-01</td><td>1</td>" in by_suite["events"]
    assert "<td>3.00%</td>" in by_suite["run"]
    assert "fail" not in re.sub("<style>.*</style>", "", by_suite["sessions"], flags=re.DOTALL)
    for html in (index, *pages.values()):
        assert not re.search(r"https?://|<script|/secret", html)


def test_results_of_old_runs_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "KEPT_RUNS", 2)
    settings = Settings(home=tmp_path)
    for number in range(4):
        audit(settings, f"run-{number}", StagedAudit([], 1))
    docs = settings.docs_dir / "data_docs"
    assert {path.name for path in docs.glob("validations/run/*") if any(path.rglob("*.html"))} == {"run-2", "run-3"}
    assert {path.name for path in settings.docs_dir.glob("uncommitted/validations/run/*")} == {"run-2", "run-3"}
    assert "run-1" not in (docs / "index.html").read_text(encoding="utf-8")


def test_an_audit_made_twice_is_shown_twice(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    for _ in range(2):
        audit(settings, "run-1", StagedAudit([], 1))
    index = (settings.docs_dir / "data_docs" / "index.html").read_text(encoding="utf-8")
    assert index.count("<td>run-1</td>") == 2
