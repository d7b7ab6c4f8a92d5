"""The quality gate between staging and committing events (Great Expectations)."""

from footfall.quality.gate import AuditReport, audit
from footfall.quality.staged import StagedAudit

__all__ = ["AuditReport", "StagedAudit", "audit"]
