"""Column expressions that web-log formats share: time, request line, status, size, URL parts.

Every function takes and returns Spark columns built of native functions that both engines evaluate alike
(``tests/spark/test_parity.py`` holds them to it).
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from footfall.contract import RejectReason

_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"
# What a page loads for itself: the static extensions of Matomo's import_logs.py, and the text formats that scripts
# and feed readers fetch, which nobody looks at as a page.
STATIC_EXTENSIONS = [
    "gif",
    "jpg",
    "jpeg",
    "png",
    "bmp",
    "ico",
    "svg",
    "svgz",
    "ttf",
    "otf",
    "eot",
    "woff",
    "woff2",
    "class",
    "swf",
    "css",
    "js",
    "mjs",
    "map",
    "xml",
    "webp",
    "avif",
    "txt",
    "json",
    "webmanifest",
    "rss",
    "atom",
]

# https://www.iana.org/assignments/http-methods, with PRI and * left out
METHODS = [
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "CONNECT",
    "OPTIONS",
    "TRACE",
    "PATCH",
    "ACL",
    "BASELINE-CONTROL",
    "BIND",
    "CHECKIN",
    "CHECKOUT",
    "COPY",
    "LABEL",
    "LINK",
    "LOCK",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MKREDIRECTREF",
    "MKWORKSPACE",
    "MOVE",
    "ORDERPATCH",
    "PROPFIND",
    "PROPPATCH",
    "QUERY",
    "REBIND",
    "REPORT",
    "SEARCH",
    "UNBIND",
    "UNCHECKOUT",
    "UNLINK",
    "UNLOCK",
    "UPDATE",
    "UPDATEREDIRECTREF",
    "VERSION-CONTROL",
]


def dash_to_null(column: Column) -> Column:
    """'-' and the empty string mean that there was nothing to log."""
    return F.when((column != "-") & (column != ""), column)


def whole_number(text: Column) -> Column:
    """A bigint written as servers write it, else null: the engines differ on signs, blanks and control characters."""
    number = text.try_cast("bigint")
    return F.when(number.cast("string") == text, number)


def is_no_amount(text: Column, number: Column) -> Column:
    """Whether there is a ``text`` and the ``number`` read from it is none, or below zero."""
    return text.isNotNull() & F.coalesce(number < 0, F.lit(True))


def percent_decoded(text: Column) -> Column:
    """Percent-decoded, ``+`` a space; null where the bytes are not UTF-8, and where the engines differ.

    The JVM decodes bad UTF-8 to U+FFFD, Sail to null; the JVM takes the sign of ``%+1`` for part of a number.
    """
    decoded = F.try_url_decode(text)
    return F.when(~decoded.contains("\ufffd") & ~text.contains("%+"), decoded)


def clf_timestamp(text: Column) -> Column:
    """``17/May/2015:10:05:03 +0530`` to a timestamp; null when it is not one.

    Taken apart by position and cast as ISO 8601: five times faster on the JVM than a date pattern, and the two
    engines agree on what is not a date.
    """
    month = (F.instr(F.lit(_MONTHS), F.substring(text, 4, 3)) + 2) / 3
    return F.concat(
        F.substring(text, 8, 4),
        F.lit("-"),
        F.lpad(F.when(month == F.floor(month), month.cast("int").cast("string")), 2, "0"),
        F.lit("-"),
        F.substring(text, 1, 2),
        F.lit("T"),
        F.substring(text, 13, 8),
        F.substring(text, 22, 3),
        F.lit(":"),
        F.substring(text, 25, 2),
    ).try_cast("timestamp")


def request_line(request: Column) -> tuple[Column, Column]:
    """``GET /a b HTTP/1.1`` to (method, target); both null for '-' and for bytes that are no HTTP request.

    The target is all between the first and the last space: clients send spaces unescaped. HTTP/0.9 has no version.
    """
    parts = F.split(request, " ")
    method = F.get(parts, F.lit(0))
    last = F.element_at(parts, -1)
    end = F.length(request) - F.when(last.startswith("HTTP/"), F.length(last) + 1).otherwise(0)
    between = F.substring(request, F.length(method) + 2, F.greatest(end - F.length(method) - 1, F.lit(0)))
    is_plain = (F.size(parts) == 3) & last.startswith("HTTP/")
    is_http = method.isin(METHODS) & (F.size(parts) >= 2)
    target = F.when(is_plain, F.get(parts, F.lit(1))).otherwise(F.when(~is_plain, between))
    return F.when(is_http, method), F.when(is_http, dash_to_null(target))


def url_path(url: Column) -> Column:
    """Path of a URL or of a request target, without query and fragment."""
    bare = F.substring_index(url, "?", 1)
    bare = F.when(bare.contains("#"), F.substring_index(bare, "#", 1)).otherwise(bare)
    absolute = F.position(F.lit("://"), bare)
    slash = F.position(F.lit("/"), bare, absolute + 3)
    after_host = F.when(slash > 0, F.substring(bare, slash, F.length(bare))).otherwise(F.lit("/"))
    # '://' further in is part of a path such as /go/http://elsewhere
    return F.when(bare.startswith("/"), bare).when(bare.contains("://"), after_host).otherwise(bare)


def url_host(url: Column) -> Column:
    """Host of an absolute URL, lower case, without user info and port; null when the URL has none."""
    authority = F.split_part(url, F.lit("/"), F.lit(3))
    authority = F.substring_index(F.substring_index(authority, "?", 1), "#", 1)
    authority = F.substring_index(authority, "@", -1)
    is_ipv6 = authority.startswith("[")
    host = F.when(is_ipv6, F.concat(F.substring_index(authority, "]", 1), F.lit("]"))).otherwise(
        F.substring_index(authority, ":", 1)
    )
    is_absolute = url.rlike("^[A-Za-z][A-Za-z0-9+.-]*://")
    # Most page URLs are none: a condition of its own keeps the rest to those that are
    return F.when(is_absolute, F.nullif(F.lower(host), F.lit("")))


def reject(*rules: tuple[Column, RejectReason]) -> Column:
    """The reason of the first rule that holds, null when none does. A rule that is null does not hold."""
    reason = F.lit(None).cast("string")
    for broken, why in reversed(rules):
        reason = F.when(broken, F.lit(why.value)).otherwise(reason)
    return reason


def event_name(method: Column, status: Column, path: Column) -> Column:
    """page_view, asset_request or request.

    A page view is a GET that delivered a page (2xx, or 304 from the browser's cache) whose path has no extension of
    ``STATIC_EXTENSIONS``: the rule of Matomo's log import. All else (posts, redirects, errors) is a request.
    """
    delivered = (method == "GET") & (((status >= 200) & (status < 300) & (status != 204)) | (status == 304))
    extension = F.lower(F.substring_index(F.substring_index(path, "/", -1), ".", -1))
    is_static = extension.isin(STATIC_EXTENSIONS) & path.contains(".")
    return (
        F.when(delivered & is_static, F.lit("asset_request")).when(delivered, F.lit("page_view")).otherwise("request")
    )
