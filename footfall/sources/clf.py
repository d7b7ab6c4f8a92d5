"""The fields that *common* and *combined* lines begin with: client, user, time, request, status, size."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from footfall.contract import RejectReason
from footfall.lake.line_index import DateHint
from footfall.sources.base import CLIENT_IP, REJECT_REASON
from footfall.sources.http_columns import clf_timestamp, dash_to_null, is_no_amount, reject, request_line, whole_number

LINE_START = r'^\S+ .* \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "(?:[^"\\]|\\.)*" (?:\d{3}|-) (?:-?\d+|-)'

DATE_HINT = DateHint(marker=b"[", width=11, pattern="%d/%b/%Y", offset_at=21)

# Stand-ins for \\ and \" while a line is cut at its quotes; control characters that servers always escape.
_BACKSLASH, _QUOTE = "\x02", "\x01"


def split_quoted(lines: DataFrame) -> DataFrame:
    """Add ``quoted``: the line cut at its unescaped double quotes (array of string)."""
    hidden = F.replace(F.replace("line", F.lit("\\\\"), F.lit(_BACKSLASH)), F.lit('\\"'), F.lit(_QUOTE))
    line = F.when(F.col("line").contains("\\"), hidden).otherwise(F.col("line"))
    return lines.withColumn("quoted", F.split(line, '"'))


def unescaped(field: Column) -> Column:
    r"""Put back the quotes and backslashes that :func:`split_quoted` hid. ``\xHH`` escapes stay as logged."""
    shown = F.replace(F.replace(field, F.lit(_QUOTE), F.lit('"')), F.lit(_BACKSLASH), F.lit("\\"))
    return F.when(field.contains(_QUOTE) | field.contains(_BACKSLASH), shown).otherwise(field)


def _user(head: Column, bracket: Column) -> Column:
    """The third field, up to the bracket: a user name may hold spaces. Almost all lines have none at all."""
    client, ident = F.split_part(head, F.lit(" "), F.lit(1)), F.split_part(head, F.lit(" "), F.lit(2))
    start = F.length(client) + F.length(ident) + 3
    name = F.trim(F.substring(head, start, F.greatest(bracket - start, F.lit(0))))
    return F.when(~head.contains(" - - ["), dash_to_null(name))


def with_common_columns(lines: DataFrame, *, min_parts: int) -> DataFrame:
    """Add client, user, time, request, status and size from ``quoted``, and why a line is none of it."""
    head, request, tail = (F.get("quoted", F.lit(index)) for index in (0, 1, 2))
    bracket = F.instr(head, "[")
    numbers = F.trim(tail)
    status, size = F.split_part(numbers, F.lit(" "), F.lit(1)), F.split_part(numbers, F.lit(" "), F.lit(2))
    method, target = request_line(unescaped(request))
    frame = lines.withColumns(
        {
            "event_ts": clf_timestamp(F.substring(head, bracket + 1, F.lit(26))),
            CLIENT_IP: dash_to_null(F.substring_index(head, " ", 1)),
            "user_id": _user(head, bracket),
            "http_method": method,
            "page_url": target,
            "http_status": whole_number(status),
            "bytes_sent": whole_number(size),
            "_size": dash_to_null(size),
        }
    )
    return frame.withColumn(
        REJECT_REASON,
        reject(
            (F.size("quoted") < min_parts, RejectReason.MALFORMED_LINE),
            (bracket == 0, RejectReason.MALFORMED_LINE),
            (F.col("event_ts").isNull(), RejectReason.BAD_TIMESTAMP),
            (~F.coalesce(F.col("http_status").between(100, 599), F.lit(False)), RejectReason.BAD_STATUS),
            (is_no_amount(F.col("_size"), F.col("bytes_sent")), RejectReason.BAD_SIZE),
            (F.col(CLIENT_IP).isNull(), RejectReason.MISSING_VISITOR),
        ),
    ).drop("_size")
