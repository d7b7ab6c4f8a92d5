"""Apache and nginx *combined*: ``IP ident user [time] "request" status bytes "referrer" "user agent"``.

https://httpd.apache.org/docs/2.4/logs.html#combined. Fields after the user agent (nginx's stock *main* format appends
X-Forwarded-For) are left in the raw zone.
"""

from __future__ import annotations

import re

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from footfall.sources import clf
from footfall.sources.base import Source
from footfall.sources.http_columns import dash_to_null

_LINE = re.compile(clf.LINE_START + r' "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*"')


def parse(lines: DataFrame, fields: tuple[str, ...] = ()) -> DataFrame:
    """Add the columns of a combined line."""
    quoted = clf.split_quoted(lines)
    return (
        clf.with_common_columns(quoted, min_parts=7)
        .withColumns(
            {
                "referrer_url": dash_to_null(clf.unescaped(F.get("quoted", F.lit(3)))),
                "user_agent": dash_to_null(clf.unescaped(F.get("quoted", F.lit(5)))),
            }
        )
        .drop("quoted")
    )


SOURCE = Source(
    name="combined",
    title="Apache/nginx combined",
    matches=lambda line: _LINE.match(line) is not None,
    parse=parse,
    date_hint=clf.DATE_HINT,
)
