"""Raw lines to contract rows: one parse a line; what does not fit leaves with its reason."""

from __future__ import annotations

from datetime import UTC, datetime

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.functions import arrow_udf

from footfall.contract import RejectReason
from footfall.enrich import masking
from footfall.enrich.visitors import visitor_ids
from footfall.lake.keys import Keys
from footfall.lake.quarantine import QUARANTINED_CHARS
from footfall.settings import LimitSettings
from footfall.sources.base import CLIENT_IP, FIRST_PARTY_ID, REJECT_REASON, SOURCE_EVENT_ID, Source
from spark.columns import IDENTITY, LINE, ORDINAL, PARSED_TYPES, SOURCE_COLUMNS, with_missing
from spark.session import SECRET_PREFIX

MASKED_COLUMNS = ("user_agent", "page_url", "page_path", "page_title", "referrer_url", "user_id", "source_session_id")


def parse(lines: DataFrame, source: Source, fields: tuple[str, ...], keys: Keys, limits: LimitSettings) -> DataFrame:
    """``PARSED_TYPES`` of the lines of one source, and those of ``SOURCE_COLUMNS`` that it delivers.

    ``lines`` has file, line_number, line, defect and ingested_at. A row with a ``reject_reason`` is a quarantined
    line: its ``line`` is kept, masked; an event's is dropped.
    """
    parsed = source.parse(lines, fields)
    delivered = [name for name in SOURCE_COLUMNS if name in parsed.columns]
    parsed = with_missing(
        parsed, dict.fromkeys((CLIENT_IP, FIRST_PARTY_ID, SOURCE_EVENT_ID, "user_agent", "page_host"), "string")
    )
    rejected = F.coalesce(F.col("defect"), F.col(REJECT_REASON), _out_of_range(F.col("event_ts"), limits))
    key = keys.visitor
    # Spark's stubs want the kind of UDF, of which Spark itself says to leave it out
    visitor = arrow_udf(lambda ip, agent, host: visitor_ids(key, ip, agent, host), "string")  # type: ignore[call-overload]
    # An id that is an e-mail address names a person: it is hashed as an IP address is
    own_id = F.col(FIRST_PARTY_ID)
    is_email = own_id.contains("@") | own_id.contains("%40")
    address = F.coalesce(F.when(is_email, own_id), F.col(CLIENT_IP))
    parsed = parsed.withColumns(
        {
            REJECT_REASON: rejected,
            "visitor_id": F.coalesce(F.when(~is_email, own_id), visitor(address, "user_agent", "page_host")),
            IDENTITY: F.coalesce(F.col(SOURCE_EVENT_ID), _line_hash(F.col("line"), keys)),
            ORDINAL: F.when(F.col(SOURCE_EVENT_ID).isNotNull(), F.lit(1)).cast("int"),
            **{name: mask_emails(F.col(name)) for name in MASKED_COLUMNS if name in delivered},
        }
    )
    is_rejected = F.col(REJECT_REASON).isNotNull()
    return parsed.withColumns(
        {
            # A rejected line has no visitor: its identity keeps it out of every visitor's events, and spreads the lines
            "visitor_id": F.when(is_rejected, F.col(IDENTITY)).otherwise(F.col("visitor_id")),
            LINE: F.when(is_rejected, _mask_line(F.col("line"))),
        }
    ).select(*PARSED_TYPES, *delivered)


def _out_of_range(event_ts: Column, limits: LimitSettings) -> Column:
    earliest = F.lit(datetime(limits.min_event_year, 1, 1, tzinfo=UTC))
    latest = F.col("ingested_at") + F.expr(f"interval {limits.max_future_days} days")
    return F.when((event_ts < earliest) | (event_ts > latest), F.lit(RejectReason.TIMESTAMP_OUT_OF_RANGE.value))


def _line_hash(line: Column, keys: Keys) -> Column:
    """Keyed, because the hash of a line whose other fields are known would give its IP address away."""
    return F.substring(F.sha2(F.concat(F.lit(SECRET_PREFIX + keys.event.hex()), line), 256), 1, 32)


def mask_emails(text: Column) -> Column:
    """The text with e-mail addresses, plain or percent-encoded, and the user of a URL masked."""
    without_user = F.regexp_replace(text, masking.USER_INFO, masking.USER_INFO_MASK)
    masked = F.regexp_replace(without_user, masking.EMAIL, masking.EMAIL_MASK)
    return F.when(text.contains("@") | text.contains("%40"), masked).otherwise(text)


def _mask_line(line: Column) -> Column:
    head = F.substring(line, 1, QUARANTINED_CHARS)
    for pattern, mask in masking.ALL:
        head = F.regexp_replace(head, pattern, mask)
    return head
