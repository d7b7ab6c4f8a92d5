"""Amazon CloudFront standard log: tab-separated, percent-encoded, columns named by the ``#Fields`` line.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html. Old (12 columns) and
new layouts both work, since every column is taken by the name the file gives it.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from footfall.contract import RejectReason
from footfall.lake.line_index import DateHint
from footfall.sources.base import CLIENT_IP, REJECT_REASON, SOURCE_EVENT_ID, Header, Source
from footfall.sources.http_columns import dash_to_null, is_no_amount, percent_decoded, reject, whole_number

DIRECTIVE = "#Fields:"
REQUIRED = ("date", "time", "c-ip", "cs-method", "cs(Host)", "cs-uri-stem", "sc-status")
# The engines differ on what else is a number (1d, NaN), and on '$' before a line separator
SECONDS = r"\A[0-9]{1,9}(\.[0-9]{1,9})?\z"


def read_header(first_lines: Sequence[str]) -> Header | None:
    """The fields of the ``#Fields`` line among the leading ``#`` lines."""
    leading = []
    for line in first_lines:
        if not line.startswith("#"):
            break
        leading.append(line)
    for line in leading:
        if line.startswith(DIRECTIVE):
            fields = tuple(line.removeprefix(DIRECTIVE).split())
            if set(REQUIRED) <= set(fields):
                return Header(fields, len(leading))
    return None


def _matches(line: str) -> bool:
    columns = line.split("\t")
    return len(columns) >= 12 and len(columns[0]) == 10 and columns[0][4:5] == "-" and columns[1][2:3] == ":"


def _decoded(column: Column) -> Column:
    """Percent-decoded; as logged where the bytes are not UTF-8. '+' is a plus here, not a space."""
    encoded = F.when(column.contains("%"), F.replace(column, F.lit("+"), F.lit("%2B")))
    return F.coalesce(percent_decoded(encoded), column)


def parse(lines: DataFrame, fields: tuple[str, ...]) -> DataFrame:
    """Add the columns of a CloudFront line whose header named ``fields``."""
    position = {name: index for index, name in enumerate(fields)}
    nothing = F.lit(None).cast("string")

    def field(name: str) -> Column:
        return dash_to_null(F.get("values", F.lit(position[name]))) if name in position else nothing

    seconds = field("time-taken")
    query = field("cs-uri-query")
    # Edges add one more level of encoding to the referrer and user agent than to path and query
    frame = lines.withColumn("values", F.split("line", "\t")).withColumns(
        {
            "event_ts": F.concat(field("date"), F.lit("T"), field("time"), F.lit("Z")).try_cast("timestamp"),
            SOURCE_EVENT_ID: field("x-edge-request-id"),
            CLIENT_IP: field("c-ip"),
            "http_method": field("cs-method"),
            "http_status": whole_number(field("sc-status")),
            "bytes_sent": whole_number(field("sc-bytes")),
            "time_taken_ms": F.when(seconds.rlike(SECONDS), seconds).try_cast("double") * 1000,
            "edge_location": field("x-edge-location"),
            "cache_result": field("x-edge-result-type"),
            "page_host": F.lower(F.coalesce(field("x-host-header"), field("cs(Host)"))),
            "page_path": field("cs-uri-stem"),
            "page_url": F.concat(
                field("cs-uri-stem"), F.when(query.isNotNull(), F.concat(F.lit("?"), query)).otherwise("")
            ),
            "referrer_url": _decoded(field("cs(Referer)")),
            "user_agent": _decoded(_decoded(field("cs(User-Agent)"))),
            "_size": field("sc-bytes"),
            "_status": field("sc-status"),
        }
    )
    # 000 is CloudFront's own code: the viewer left before the answer. It is an answer to nobody, not a bad line.
    gone = F.col("_status") == "000"
    status_ok = gone | F.coalesce(F.col("http_status").between(100, 599), F.lit(False))
    return frame.withColumns(
        {
            REJECT_REASON: reject(
                (F.size("values") < len(fields), RejectReason.MALFORMED_LINE),
                (F.col("event_ts").isNull(), RejectReason.BAD_TIMESTAMP),
                (~status_ok, RejectReason.BAD_STATUS),
                (is_no_amount(F.col("_size"), F.col("bytes_sent")), RejectReason.BAD_SIZE),
                (F.col(CLIENT_IP).isNull(), RejectReason.MISSING_VISITOR),
            ),
            "http_status": F.when(~gone, F.col("http_status")),
        }
    ).drop("values", "_size", "_status")


SOURCE = Source(
    name="cloudfront",
    title="CloudFront standard log",
    matches=_matches,
    parse=parse,
    date_hint=DateHint(marker=b"\n", width=10, pattern="%Y-%m-%d"),
    read_header=read_header,
)
