"""The event contract: every column of the events zone, in order, in one place.

The Spark schema, the Delta table, dbt's source, the quality suite and ``docs/data-contract.md`` are made from
``EVENT_COLUMNS`` or tested against it. One row is one thing that happened (an HTTP hit, a tracker event).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Type(StrEnum):
    """Column types under their BigQuery names."""

    STRING = "STRING"
    INT64 = "INT64"
    FLOAT64 = "FLOAT64"
    NUMERIC = "NUMERIC"
    BOOL = "BOOL"
    TIMESTAMP = "TIMESTAMP"
    DATE = "DATE"
    STRING_ARRAY = "ARRAY<STRING>"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, type, meaning, and unit where a number needs one."""

    name: str
    type: Type
    description: str
    required: bool = False
    unit: str | None = None


_S, _I, _F, _T = Type.STRING, Type.INT64, Type.FLOAT64, Type.TIMESTAMP

EVENT_COLUMNS: Final[tuple[Column, ...]] = (
    Column(
        "event_id",
        _S,
        "Identity of the event: the source's own id, else a keyed hash of the line, with the "
        "ordinal among identical lines of the same file appended from the second on.",
        required=True,
    ),
    Column("event_ts", _T, "When it happened, UTC.", required=True, unit="microseconds"),
    Column("event_date", Type.DATE, "UTC date of event_ts; the partition key.", required=True),
    Column(
        "event_name",
        _S,
        "What happened: page_view, asset_request, request, view_item, add_to_cart, "
        "remove_from_cart, purchase, click, ...",
        required=True,
    ),
    Column(
        "is_page_view",
        Type.BOOL,
        "True when a page (or product page) was delivered: the unit of fct_page_views.",
        required=True,
    ),
    Column("source", _S, "Log format the line came in (see footfall/sources).", required=True),
    Column(
        "visitor_id",
        _S,
        "Who: a first-party id where the source has one, else HMAC-SHA-256 (first 32 hex "
        "digits) of IP address (or of an id that is an e-mail address), user agent and host.",
        required=True,
    ),
    Column("user_id", _S, "The source's own user id, where it has one, e-mails masked."),
    Column("source_session_id", _S, "The source's own session id, kept beside ours."),
    Column("session_id", _S, "Session: a function of visitor_id and session_start_ts alone.", required=True),
    Column("session_start_ts", _T, "event_ts of the session's first event.", required=True, unit="microseconds"),
    Column("session_event_number", _I, "Position of the event in its session, from 1.", required=True),
    Column(
        "split_reason",
        _S,
        "Why the session began: inactivity (no event of the visitor in the 30 "
        "minutes before, a first visit included), max_duration, campaign.",
        required=True,
    ),
    Column(
        "page_url",
        _S,
        "Requested URL as logged (path and query where the log has no host), e-mails and user info masked.",
    ),
    Column("page_host", _S, "Host of the page, lower case, where the source has one."),
    Column("page_path", _S, "Path of the page without query and fragment."),
    Column("page_title", _S, "Title of the page (tracker events)."),
    Column("referrer_url", _S, "Referring URL as logged, e-mails and user info masked; null when the source had none."),
    Column("referrer_host", _S, "Host of the referrer, lower case."),
    Column("utm_source", _S, "utm_source of the page URL."),
    Column("utm_medium", _S, "utm_medium of the page URL."),
    Column("utm_campaign", _S, "utm_campaign of the page URL."),
    Column("utm_term", _S, "utm_term of the page URL."),
    Column("utm_content", _S, "utm_content of the page URL."),
    Column("channel", _S, "Channel group of the hit. Null until channel enrichment is built."),
    Column("http_method", _S, "HTTP request method."),
    Column("http_status", _I, "HTTP response status, 100 to 599."),
    Column("bytes_sent", _I, "Size of the response.", unit="bytes"),
    Column("time_taken_ms", _F, "Time the server took.", unit="milliseconds"),
    Column("edge_location", _S, "Edge location that served the hit (CloudFront)."),
    Column("cache_result", _S, "Cache outcome (CloudFront x-edge-result-type: Hit, Miss, Error, ...)."),
    Column("user_agent", _S, "User agent as sent, e-mails masked; kept so that rules can be re-applied to history."),
    Column("browser", _S, "Browser family (ua-parser); 'Other' when not recognised, null without a user agent."),
    Column("browser_version", _S, "Browser version as major[.minor[.patch]]."),
    Column("os", _S, "Operating system family (ua-parser); 'Other' when not recognised."),
    Column("os_version", _S, "Operating system version as major[.minor[.patch]]."),
    Column("device_type", _S, "desktop, mobile, tablet, bot or other; null without a user agent."),
    Column("geo_country", _S, "ISO 3166-1 alpha-2 country. Null until geography is built."),
    Column("geo_region", _S, "Region. Null until geography is built."),
    Column("geo_city", _S, "City. Null until geography is built."),
    Column("geo_latitude", _F, "Latitude. Null until geography is built.", unit="degrees"),
    Column("geo_longitude", _F, "Longitude. Null until geography is built.", unit="degrees"),
    Column("traffic_class", _S, "Who made the hit. Null until the bot ledger is built."),
    Column("bot_reasons", Type.STRING_ARRAY, "Why it counts as a machine. Null until the bot ledger is built."),
    Column("engagement_ms", _I, "Time engaged, as sent by the tracker.", unit="milliseconds"),
    Column("product_id", _S, "Product the event is about."),
    Column("product_category", _S, "Category of the product."),
    Column("product_brand", _S, "Brand of the product."),
    Column("price", Type.NUMERIC, "Unit price.", unit="currency"),
    Column("quantity", _I, "How many."),
    Column("currency", _S, "ISO 4217 currency code."),
    Column("order_id", _S, "Order the purchase belongs to."),
    Column("properties", _S, "Anything else the source sent, as a JSON object."),
    Column("file_sha256", _S, "SHA-256 of the raw file the line came from.", required=True),
    Column("line_number", _I, "Line in that file, from 1, header lines counted.", required=True),
    Column("ingest_run_id", _S, "Run that landed the file.", required=True),
    Column("ingested_at", _T, "When the file was landed, UTC.", required=True, unit="microseconds"),
)

COLUMN_NAMES: Final[tuple[str, ...]] = tuple(column.name for column in EVENT_COLUMNS)
PARTITION_COLUMN: Final = "event_date"

SPLIT_REASONS: Final[tuple[str, ...]] = ("inactivity", "max_duration", "campaign")
DEVICE_TYPES: Final[tuple[str, ...]] = ("desktop", "mobile", "tablet", "bot", "other")


class RejectReason(StrEnum):
    """Why a line is in the quarantine zone. ``docs/data-contract.md`` lists what to do about each."""

    MALFORMED_LINE = "malformed_line"
    INVALID_ENCODING = "invalid_encoding"
    LINE_TOO_LONG = "line_too_long"
    BAD_TIMESTAMP = "bad_timestamp"
    TIMESTAMP_OUT_OF_RANGE = "timestamp_out_of_range"
    BAD_STATUS = "bad_status"
    BAD_SIZE = "bad_size"
    BAD_NUMBER = "bad_number"
    MISSING_VISITOR = "missing_visitor"
