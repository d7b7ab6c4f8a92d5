"""NCSA *common*: ``IP ident user [time] "request" status bytes``; no referrer, no user agent.

https://httpd.apache.org/docs/2.4/logs.html#common
"""

from __future__ import annotations

import re

from pyspark.sql import DataFrame

from footfall.sources import clf
from footfall.sources.base import Source

_LINE = re.compile(clf.LINE_START + r"\s*$")


def parse(lines: DataFrame, fields: tuple[str, ...] = ()) -> DataFrame:
    """Add the columns of a common line."""
    return clf.with_common_columns(clf.split_quoted(lines), min_parts=3).drop("quoted")


SOURCE = Source(
    name="common",
    title="NCSA common",
    matches=lambda line: _LINE.match(line) is not None,
    parse=parse,
    date_hint=clf.DATE_HINT,
)
