"""One Settings object for the whole of Footfall: environment variables in, typed values with units out.

Every field can be set as ``FOOTFALL_<FIELD>`` (nested: ``FOOTFALL_SESSION__TIMEOUT_MINUTES=45``). Where the laptop
keeps its data is ``FOOTFALL_HOME``.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT_ROOT = Path(__file__).resolve().parents[1]

Zone = Literal["raw", "events", "quarantine", "ledger"]


class SessionSettings(BaseModel):
    """When a new session begins."""

    timeout_minutes: int = Field(
        30,
        ge=1,
        le=240,
        description="A gap longer than this ends a session (30: what Google Analytics and Matomo use).",
    )
    max_hours: int = Field(24, ge=1, le=24, description="A session that has lasted this long ends.")
    split_on_campaign: bool = Field(False, description="Begin a new session when utm_campaign changes.")


class LimitSettings(BaseModel):
    """What a line may be before it is set aside."""

    max_line_bytes: int = Field(1_000_000, ge=1_000, description="Longer lines are quarantined, in bytes.")
    min_event_year: int = Field(1995, description="Earlier timestamps are quarantined.")
    max_future_days: int = Field(2, ge=0, description="Timestamps further ahead of landing are quarantined, in days.")


class EngineSettings(BaseModel):
    """The Spark engine."""

    name: Literal["sail", "spark"] = Field(
        "sail", description="sail: embedded, no Java. spark: Apache Spark, Java 17+."
    )
    partitions: int | None = Field(None, ge=1, description="Shuffle partitions; the number of cores unless set.")
    sort_memory_gb: float = Field(2, gt=0, description="Sorts spill to disk past this, in GiB (engine sail only).")
    driver_memory_gb: int = Field(4, ge=1, description="Heap of the local JVM, in GiB (engine spark only).")


class LakeSettings(BaseModel):
    """Where each zone lives: a folder or gs://bucket[/prefix]. Unset zones live below FOOTFALL_HOME/lake."""

    raw: str | None = None
    events: str | None = None
    quarantine: str | None = None
    ledger: str | None = None


class QualitySettings(BaseModel):
    """Thresholds of the quality gate."""

    max_quarantine_share: float = Field(0.05, ge=0, le=1, description="Largest share of a run's lines set aside.")
    example_rows: int = Field(5, ge=0, description="Failing rows shown for each expectation.")


class PrivacySettings(BaseModel):
    """Secrets; made on first use below FOOTFALL_HOME/secrets on a laptop, from Secret Manager on Google Cloud."""

    visitor_key: SecretStr | None = Field(None, description="Key of the visitor hash.")
    event_key: SecretStr | None = Field(
        None, description="Key of the line hash; must never change in the life of a lake."
    )


class MartSettings(BaseModel):
    """What readers are told of the marts."""

    final_after_hours: int = Field(
        72, ge=0, description="A date's metrics are final this long after its end (UTC), in hours."
    )


class GcpSettings(BaseModel):
    """Google Cloud, read when env is gcp."""

    project: str = Field("local-dev", description="Project id.")
    region: str = Field("europe-west1", description="Region of Dataproc and of the datasets.")
    events_dataset: str = Field("footfall_events", description="BigQuery dataset the events are loaded into.")
    build_dataset: str = Field("footfall_build", description="BigQuery dataset dbt builds in.")
    marts_dataset: str = Field("footfall_marts", description="BigQuery dataset readers see.")
    code_bucket: str = Field("", description="gs:// prefix holding spark/ and the footfall package for Dataproc.")
    spark_service_account: str = Field("", description="Service account Dataproc batches run as.")


class Settings(BaseSettings):
    """Everything that can be set. Build it once, at the edge (CLI, DAG, job), and pass it down."""

    model_config = SettingsConfigDict(env_prefix="FOOTFALL_", env_nested_delimiter="__", extra="ignore")

    env: Literal["laptop", "gcp"] = "laptop"
    home: Path = Field(PROJECT_ROOT / ".footfall", description="Where a laptop's data lives.")
    inbox: str | None = Field(
        None, description="Folder, glob or gs:// prefix the ingest DAG watches; {day} is replaced."
    )
    session: SessionSettings = SessionSettings()
    limits: LimitSettings = LimitSettings()
    engine: EngineSettings = EngineSettings()
    lake: LakeSettings = LakeSettings()
    quality: QualitySettings = QualitySettings()
    privacy: PrivacySettings = PrivacySettings()
    marts: MartSettings = MartSettings()
    gcp: GcpSettings = GcpSettings()

    @field_validator("home", mode="before")
    @classmethod
    def _is_named(cls, home: object) -> object:
        if home == "":  # to pathlib the folder we are in: an unset variable of a script would make a lake there
            raise ValueError("it must name a folder")
        return home

    def zone(self, name: Zone) -> str:
        """URI (gs://...) or absolute folder of a lake zone."""
        configured: str | None = getattr(self.lake, name)
        return configured.rstrip("/") if configured else str(self.home.absolute() / "lake" / name)

    @cached_property
    def warehouse_dir(self) -> Path:
        """Folder of the laptop's warehouse files."""
        return self.home.absolute() / "warehouse"

    @cached_property
    def build_db(self) -> Path:
        """DuckDB file dbt builds in; nobody reads it."""
        return self.warehouse_dir / "build.duckdb"

    @cached_property
    def published_db(self) -> Path:
        """DuckDB file readers open; another one takes its place, in one rename, with each publish."""
        return self.warehouse_dir / "marts.duckdb"

    @cached_property
    def inbox_uri(self) -> str:
        """Where the ingest DAG looks for files."""
        return self.inbox or str(self.home.absolute() / "inbox")

    @cached_property
    def docs_dir(self) -> Path:
        """Folder of the quality gate's context and HTML data docs."""
        return self.home.absolute() / "quality"
