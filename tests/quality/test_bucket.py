"""The gate reads staged files from a bucket as it does from a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from footfall.errors import QualityError
from footfall.lake.storage import storage_for
from footfall.quality import StagedAudit, audit
from footfall.settings import LakeSettings, Settings
from tests import builders
from tests.lake.conftest import gcs_bucket, gcs_emulator  # noqa: F401 (fixtures)
from tests.quality.faults import first_of_month, good_day

pytestmark = pytest.mark.xdist_group("great_expectations")


def test_events_staged_in_a_bucket_are_audited(tmp_path: Path, gcs_bucket: str) -> None:  # noqa: F811
    settings = Settings(home=tmp_path / "home", lake=LakeSettings(events=gcs_bucket))
    rows = good_day(first_of_month())
    files = builders.write_staged(tmp_path, "r1", rows)
    bucket = storage_for(gcs_bucket)
    bucket.put_file(tmp_path / files[0].path, files[0].path)
    assert audit(settings, "r1", StagedAudit(files, 5)).events == 5

    rows[3]["bytes_sent"] = -5
    builders.write_staged(tmp_path, "r1", rows)
    bucket.put_file(tmp_path / files[0].path, files[0].path)
    with pytest.raises(QualityError, match="bytes_sent_not_negative failed on 2024-01-01"):
        audit(settings, "r1", StagedAudit(files, 5))
