"""Raw lines to contract rows: one parse a line; what does not fit leaves with its reason."""

from __future__ import annotations

from datetime import UTC, datetime

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from footfall.contract import COLUMN_NAMES, EVENT_COLUMNS, RejectReason, Type
from footfall.enrich import masking
from footfall.enrich.user_agents import DEVICE_FIELDS, DEVICE_STRUCT, device_columns
from footfall.enrich.visitors import visitor_ids
from footfall.lake.keys import Keys
from footfall.settings import LimitSettings
from footfall.sources.base import CLIENT_IP, FIRST_PARTY_ID, REJECT_REASON, SOURCE_EVENT_ID, Source
from footfall.sources.http_columns import url_host
from spark.session import SECRET_PREFIX

SPARK_TYPES = {
    Type.STRING: "string",
    Type.INT64: "bigint",
    Type.FLOAT64: "double",
    Type.NUMERIC: "decimal(38,9)",
    Type.BOOL: "boolean",
    Type.TIMESTAMP: "timestamp",
    Type.DATE: "date",
    Type.STRING_ARRAY: "array<string>",
}
# Columns that only sessionize can fill
SESSION_COLUMNS = ("event_id", "session_id", "session_start_ts", "session_event_number", "split_reason")
# Beside the contract: what sessionize needs to give events their identity, and the quarantine zone its rows
IDENTITY, ORDINAL, LINE = "identity", "ordinal", "line"
PARSED_COLUMNS = (
    *(name for name in COLUMN_NAMES if name not in SESSION_COLUMNS),
    IDENTITY,
    ORDINAL,
    REJECT_REASON,
    LINE,
)
UTM_PARAMETERS = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
QUARANTINED_CHARS = 2_000


def parse(lines: DataFrame, source: Source, fields: tuple[str, ...], keys: Keys, limits: LimitSettings) -> DataFrame:
    """``PARSED_COLUMNS`` of the lines of one source.

    ``lines`` has file_sha256, line_number, line, defect, ingest_run_id, ingested_at. A row with a ``reject_reason``
    is a quarantined line: its ``line`` is kept, masked; an event's is dropped.
    """
    parsed = source.parse(lines, fields)
    parsed = _with_missing(parsed, {CLIENT_IP, FIRST_PARTY_ID, SOURCE_EVENT_ID, *COLUMN_NAMES})
    parsed = parsed.withColumns(
        {
            REJECT_REASON: F.coalesce(
                F.col("defect"), F.col(REJECT_REASON), _out_of_range(F.col("event_ts"), limits)
            ),
            "source": F.lit(source.name),
            "user_agent": _mask_emails(F.col("user_agent")),
            "page_url": _mask_emails(F.col("page_url")),
            "page_path": _mask_emails(F.col("page_path")),
            "referrer_url": _mask_emails(F.col("referrer_url")),
            "user_id": _mask_emails(F.col("user_id")),
            IDENTITY: F.coalesce(F.col(SOURCE_EVENT_ID), _line_hash(F.col("line"), keys)),
            ORDINAL: F.when(F.col(SOURCE_EVENT_ID).isNotNull(), F.lit(1)).cast("int"),
        }
    )
    device = F.arrow_udf(device_columns, DEVICE_STRUCT)
    key = keys.visitor
    visitor = F.arrow_udf(lambda ip, agent, host: visitor_ids(key, ip, agent, host), "string")
    parsed = parsed.withColumns(
        {
            "device": device("user_agent"),
            "visitor_id": F.coalesce(F.col(FIRST_PARTY_ID), visitor(CLIENT_IP, "user_agent", "page_host")),
            "event_date": F.to_date("event_ts"),
            "is_page_view": F.col("event_name").isin("page_view", "view_item"),
            "page_host": F.coalesce(F.col("page_host"), url_host(F.col("page_url"))),
            "referrer_host": url_host(F.col("referrer_url")),
            **{name: _utm(F.col("page_url"), name) for name in UTM_PARAMETERS},
            LINE: F.when(F.col(REJECT_REASON).isNotNull(), _mask_line(F.col("line"))),
        }
    ).withColumns({name: F.col("device")[name] for name in DEVICE_FIELDS})
    return parsed.select(*PARSED_COLUMNS)


def _with_missing(frame: DataFrame, names: set[str]) -> DataFrame:
    """Add what a source has not, as typed nulls."""
    types = {column.name: SPARK_TYPES[column.type] for column in EVENT_COLUMNS}
    missing = sorted(names - set(frame.columns))
    return frame.withColumns({name: F.lit(None).cast(types.get(name, "string")) for name in missing})


def _out_of_range(event_ts: Column, limits: LimitSettings) -> Column:
    earliest = F.lit(datetime(limits.min_event_year, 1, 1, tzinfo=UTC))
    latest = F.col("ingested_at") + F.expr(f"interval {limits.max_future_days} days")
    return F.when((event_ts < earliest) | (event_ts > latest), F.lit(RejectReason.TIMESTAMP_OUT_OF_RANGE.value))


def _line_hash(line: Column, keys: Keys) -> Column:
    """Keyed, because the hash of a line whose other fields are known would give its IP address away."""
    return F.substring(F.sha2(F.concat(F.lit(SECRET_PREFIX + keys.event.hex()), line), 256), 1, 32)


def _mask_emails(text: Column) -> Column:
    return F.when(
        text.contains("@") | text.contains("%40"), F.regexp_replace(text, masking.EMAIL, masking.EMAIL_MASK)
    ).otherwise(text)


def _mask_line(line: Column) -> Column:
    head = F.substring(line, 1, QUARANTINED_CHARS)
    for pattern, mask in (
        (masking.EMAIL, masking.EMAIL_MASK),
        (masking.IPV4, masking.IP_MASK),
        (masking.IPV6, masking.IP_MASK),
    ):
        head = F.regexp_replace(head, pattern, mask)
    return head


def _utm(url: Column, name: str) -> Column:
    """Value of a utm parameter, percent-decoded; null when it is absent or empty."""
    raw = F.regexp_extract(url, rf"[?&]{name}=([^&#]*)", 1)
    decoded = F.try_url_decode(raw)
    value = F.when(decoded.isNotNull() & ~decoded.contains("�"), decoded).otherwise(raw)
    return F.when(url.contains(f"{name}=") & (value != ""), value)
