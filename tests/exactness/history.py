"""A history: files, and what is done with them. Concrete, so that one that broke the rule can be read and kept."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass

from footfall.settings import SessionSettings

CLOUDFRONT_HEADER = (
    "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status "
    "cs(Referer) cs(User-Agent) cs-uri-query x-edge-result-type x-edge-request-id\n"
)
CSV_HEADER = "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n"
HEADERS = {"combined": "", "cloudfront": CLOUDFRONT_HEADER, "ecommerce_csv": CSV_HEADER}


@dataclass(frozen=True)
class File:
    """A raw file: its format and its lines, without the header."""

    source: str
    lines: tuple[str, ...]
    zipped: bool = False

    @property
    def header_lines(self) -> int:
        return HEADERS[self.source].count("\n")

    @property
    def data(self) -> bytes:
        plain = (HEADERS[self.source] + "".join(f"{line}\n" for line in self.lines)).encode()
        return gzip.compress(plain, mtime=0) if self.zipped else plain

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class Kill:
    """Die at the n-th thing (from 1) that an operation writes, deletes or commits: just before it, or just after."""

    at: int
    after: bool = False


@dataclass(frozen=True)
class Deliver:
    """Ingest files, in this order. Known ones may come again."""

    names: tuple[str, ...]
    kill: Kill | None = None


@dataclass(frozen=True)
class TakeOut:
    """Un-import a file; nothing where it is not in."""

    name: str
    kill: Kill | None = None


@dataclass(frozen=True)
class Replay:
    """Have files read again, those of them that are in; without names those with quarantined lines."""

    names: tuple[str, ...] = ()
    kill: Kill | None = None


@dataclass(frozen=True)
class Run:
    """Stage and commit what is pending; ``again``: under the id of the last run that was killed."""

    kill: Kill | None = None
    again: bool = False


@dataclass(frozen=True)
class Commit:
    """Commit what the last killed run staged, if it came so far. Refused if another run has committed since."""


@dataclass(frozen=True)
class Overtaken:
    """Two runs at once: one stages and, before it can commit, another stages and commits the same files."""


@dataclass(frozen=True)
class Build:
    """Load, build the marts by dbt, publish; or only the first ``models`` models, as if killed then."""

    models: int | None = None


Operation = Deliver | TakeOut | Replay | Run | Commit | Overtaken | Build


@dataclass(frozen=True)
class History:
    """What is done, in this order. At the end all that is pending is run, and the marts are built and published."""

    files: dict[str, File]
    operations: tuple[Operation, ...]
    timeout_minutes: int = 30
    split_on_campaign: bool = False

    @property
    def session(self) -> SessionSettings:
        return SessionSettings(timeout_minutes=self.timeout_minutes, split_on_campaign=self.split_on_campaign)
