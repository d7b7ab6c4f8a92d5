"""Prove the state on the disk: rebuild everything from the raw files in a scratch place, and compare.

``verify`` is all of it in one call. Its parts: :mod:`snapshot` (what the lake and its readers hold now),
:mod:`rebuild` (the scratch lake), :mod:`compare` (two tables, group by group) and :mod:`audits` (raw zone, ledger,
quarantine zone). Nothing outside the scratch place is written.
"""

from footfall.verify.finding import Compared, Finding, Verification
from footfall.verify.report import print_verification
from footfall.verify.verification import verify

__all__ = ["Compared", "Finding", "Verification", "print_verification", "verify"]
