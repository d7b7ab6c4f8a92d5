"""Lines that real servers, clients and broken disks leave in logs, each with what must become of it.

A case becomes a file of its own: the line, then a good line of the same format by which the format is found.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from footfall.contract import RejectReason as Why

NOW = datetime.now(UTC)
CLF_TIME = "%d/%b/%Y:%H:%M:%S +0000"
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0"


def combined(
    *,
    ip: str = "203.0.113.9",
    user: str = "-",
    time: str = "12/May/2024:10:15:30 +0000",
    request: str = "GET /a HTTP/1.1",
    status: str = "200",
    size: str = "512",
    referrer: str = "-",
    agent: str = AGENT,
) -> str:
    return f'{ip} - {user} [{time}] "{request}" {status} {size} "{referrer}" "{agent}"'


def common(request: str = "GET /a HTTP/1.0", status: str = "200", size: str = "512") -> str:
    return f'203.0.113.9 - - [12/May/2024:10:15:30 +0000] "{request}" {status} {size}'


CLOUDFRONT_FIELDS = (
    "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) "
    "cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id"
)
CLOUDFRONT_HEADER = f"#Version: 1.0\n#Fields: {CLOUDFRONT_FIELDS}\n"


def cloudfront(**values: str) -> str:
    fields = {
        "date": "2024-05-12", "time": "10:15:30", "x-edge-location": "FRA2", "sc-bytes": "512",
        "c-ip": "203.0.113.9", "cs-method": "GET", "cs(Host)": "d1.cloudfront.net", "cs-uri-stem": "/a",
        "sc-status": "200", "cs(Referer)": "-", "cs(User-Agent)": "Mozilla/5.0%2520(X11)", "cs-uri-query": "-",
        "cs(Cookie)": "-", "x-edge-result-type": "Hit", "x-edge-request-id": "-",
    }  # fmt: skip
    names = {"status": "sc-status", "size": "sc-bytes", "ip": "c-ip", "path": "cs-uri-stem", "query": "cs-uri-query"}
    names |= {"agent": "cs(User-Agent)", "referrer": "cs(Referer)", "request_id": "x-edge-request-id"}
    fields |= {names.get(name, name): value for name, value in values.items()}
    return "\t".join(fields[name] for name in CLOUDFRONT_FIELDS.split())


CSV_HEADER = "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n"


def csv(
    *,
    time: str = "2024-05-12 10:15:30 UTC",
    kind: str = "view",
    category: str = "toys.plush",
    brand: str = "acme",
    price: str = "12.50",
    user: str = "5155",
) -> str:
    return f"{time},{kind},1004856,2053013555631882655,{category},{brand},{price},{user},9333dfbd-b87a-4708-9857"


@dataclass(frozen=True, eq=False)
class Case:
    name: str
    line: bytes
    expected: Why | dict[str, Any]  # why it is quarantined, or columns of the event it becomes
    source: str = field(default="combined", kw_only=True)


def _case(name: str, line: str | bytes, expected: Why | dict[str, Any], **values: Any) -> Case:
    return Case(name, line.encode() if isinstance(line, str) else line, expected, **values)


def _at(*parts: int) -> dict[str, Any]:
    return {"event_ts": datetime(*parts, tzinfo=UTC)}


_TOMORROW = (NOW + timedelta(days=1)).replace(microsecond=0)

COMBINED = (
    _case("cut in half", combined()[:60], Why.MALFORMED_LINE),
    _case("cut in the user agent", combined()[:-20], Why.MALFORMED_LINE),
    _case("cut before the user agent", combined().rpartition(' "')[0], Why.MALFORMED_LINE),
    _case("the tail of a line", combined()[60:], Why.MALFORMED_LINE),
    _case("empty line", "", Why.MALFORMED_LINE),
    _case("spaces", "   ", Why.MALFORMED_LINE),
    _case("words", "hello world", Why.MALFORMED_LINE),
    _case("carriage return alone", "\r", Why.MALFORMED_LINE),
    _case("10 MB", combined(request="GET /" + "x" * 10_000_000 + " HTTP/1.1"), Why.LINE_TOO_LONG),
    _case("10 MB and not UTF-8", b"\xff" * 10_000_000, Why.LINE_TOO_LONG),
    _case("not UTF-8", combined(request="GET /caf\u00e9 HTTP/1.1").encode("latin-1"), Why.INVALID_ENCODING),
    _case("half a surrogate pair", combined().encode() + b"\xed\xa0\x80", Why.INVALID_ENCODING),
    _case("1970", combined(time="01/Jan/1970:00:00:00 +0000"), Why.TIMESTAMP_OUT_OF_RANGE),
    _case("year 1", combined(time="01/Jan/0001:00:00:00 +0000"), Why.TIMESTAMP_OUT_OF_RANGE),
    _case("year 9999", combined(time="31/Dec/9999:23:59:59 -0100"), Why.TIMESTAMP_OUT_OF_RANGE),
    _case("next year", combined(time=f"{NOW + timedelta(days=365):{CLF_TIME}}"), Why.TIMESTAMP_OUT_OF_RANGE),
    _case("a clock that is a day ahead", combined(time=f"{_TOMORROW:{CLF_TIME}}"), {"event_ts": _TOMORROW}),
    _case("offset of Nepal", combined(time="12/May/2024:01:15:30 +0545"), _at(2024, 5, 11, 19, 30, 30)),
    _case("offset of the Marquesas", combined(time="12/May/2024:20:15:30 -0930"), _at(2024, 5, 13, 5, 45, 30)),
    _case("offset of Kiritimati", combined(time="12/May/2024:10:15:30 +1400"), _at(2024, 5, 11, 20, 15, 30)),
    _case("offset of no place", combined(time="12/May/2024:10:15:30 +9900"), Why.BAD_TIMESTAMP),
    _case("no offset", combined(time="12/May/2024:10:15:30"), Why.BAD_TIMESTAMP),
    _case("no such month", combined(time="12/Foo/2024:10:15:30 +0000"), Why.BAD_TIMESTAMP),
    _case("no such day", combined(time="31/Feb/2024:10:15:30 +0000"), Why.BAD_TIMESTAMP),
    _case("no such hour", combined(time="12/May/2024:25:15:30 +0000"), Why.BAD_TIMESTAMP),
    _case("no time", combined(time=""), Why.BAD_TIMESTAMP),
    _case("no bracket", combined().replace("[", "").replace("]", ""), Why.MALFORMED_LINE),
    _case("negative size", combined(size="-512"), Why.BAD_SIZE),
    _case("size beyond 64 bits", combined(size="9" * 30), Why.BAD_SIZE),
    _case("size in words", combined(size="big"), Why.BAD_SIZE),
    _case("no size", combined(size="-"), {"bytes_sent": None, "http_status": 200}),
    _case("status 000", combined(status="000"), Why.BAD_STATUS),
    _case("status 99", combined(status="99"), Why.BAD_STATUS),
    _case("status 600", combined(status="600"), Why.BAD_STATUS),
    _case("status with a letter", combined(status="2OO"), Why.BAD_STATUS),
    _case("status -", combined(status="-"), Why.BAD_STATUS),
    _case("status 599", combined(status="599"), {"http_status": 599, "event_name": "request"}),
    _case("IPv6", combined(ip="2001:db8::8a2e:370:7334"), {"page_path": "/a", "is_page_view": True}),
    _case("IPv6 of a bad line", combined(ip="2001:db8::8a2e:370:7334", status="000"), Why.BAD_STATUS),
    _case("- everywhere", '- - - [-] "-" - - "-" "-"', Why.BAD_TIMESTAMP),
    _case("- everywhere but the time", combined(ip="-", request="-", status="-", size="-", agent="-"), Why.BAD_STATUS),
    _case("no address", combined(ip="-"), Why.MISSING_VISITOR),
    _case(
        "- for all that may be -",
        combined(request="-", status="408", size="-", agent="-"),
        {
            "http_method": None,
            "page_url": None,
            "page_path": None,
            "user_agent": None,
            "browser": None,
            "device_type": None,
            "referrer_url": None,
            "event_name": "request",
            "is_page_view": False,
        },
    ),
    _case("no request at all", combined(request="", status="400"), {"http_method": None, "page_url": None}),
    _case(
        "quotes in the URL",
        combined(request='GET /say?q=\\"hi\\" HTTP/1.1'),
        {"page_url": '/say?q="hi"', "page_path": "/say", "http_method": "GET"},
    ),
    _case("a quote nobody escaped", combined(request='GET /say?q="hi HTTP/1.1'), Why.BAD_STATUS),
    _case("backslash at the end", combined(request="GET /a\\\\ HTTP/1.1"), {"page_url": "/a\\"}),
    _case(
        "spaces in the URL", combined(request="GET /a b  c HTTP/1.1"), {"page_url": "/a b  c", "page_path": "/a b  c"}
    ),
    _case("tabs in the URL", combined(request="GET /a\tb HTTP/1.1"), {"page_url": "/a\tb"}),
    _case(
        "emoji in the URL", combined(request="GET /🍕?to=🏠 HTTP/1.1"), {"page_url": "/🍕?to=🏠", "page_path": "/🍕"}
    ),
    _case("encoded emoji", combined(request="GET /%F0%9F%8D%95 HTTP/1.1"), {"page_path": "/%F0%9F%8D%95"}),
    _case("HTTP/0.9", combined(request="GET /old"), {"page_url": "/old", "http_method": "GET"}),
    _case("TLS on the HTTP port", combined(request="\\x16\\x03\\x01", status="400"), {"http_method": None}),
    _case(
        "absolute request",
        combined(request="GET http://shop.test/a?b HTTP/1.1"),
        {"page_host": "shop.test", "page_path": "/a"},
    ),
    _case("user name with spaces", combined(user="Jane Q. Doe"), {"user_id": "Jane Q. Doe"}),
    _case("bracket in the user name", combined(user="[jane]"), Why.BAD_TIMESTAMP),
    _case("e-mail as user name", combined(user="jane@shop.test"), {"user_id": "[email]"}),
    _case("e-mail in the URL", combined(request="GET /?u=jane%40shop.test HTTP/1.1"), {"page_url": "/?u=[email]"}),
    _case("e-mail in a bad line", combined(user="jane@shop.test", size="-1"), Why.BAD_SIZE),
    _case("NUL bytes", "\0" * 64, Why.MALFORMED_LINE),
    _case("NUL bytes after a power cut, then a line", "\0" * 64 + combined(), {"page_path": "/a"}),
    _case(
        "separators of other alphabets",
        combined(agent="a\u2028b\x0bc\x0cd\x1ce\x85f"),
        {"user_agent": "a\u2028b\x0bc\x0cd\x1ce\x85f"},
    ),
    _case("carriage return inside", combined(agent="a\rb"), {"user_agent": "a\rb"}),
    _case("control characters", combined(agent="\x07\x1b[31m"), {"user_agent": "\x07\x1b[31m"}),
    _case("byte order mark", b"\xef\xbb\xbf" + combined().encode(), {"page_path": "/a"}),
    _case("fields of nginx's main format", combined() + ' "198.51.100.7"', {"user_agent": AGENT}),
    _case("dashes in the date", combined(time="12-May-2024 10:15:30 +0000"), _at(2024, 5, 12, 10, 15, 30)),
    _case("leap second", combined(time="30/Jun/2015:23:59:60 +0000"), Why.BAD_TIMESTAMP),
)

COMMON = (
    _case("cut in half", common()[:40], Why.MALFORMED_LINE, source="common"),
    _case("status 000", common(status="000"), Why.BAD_STATUS, source="common"),
    _case("negative size", common(size="-5"), Why.BAD_SIZE, source="common"),
    _case("no agent, no referrer", common(), {"user_agent": None, "referrer_url": None}, source="common"),
)

CLOUDFRONT = (
    _case("cut in half", cloudfront()[:50], Why.MALFORMED_LINE, source="cloudfront"),
    _case("cut by one column", cloudfront().rpartition("\t")[0], Why.MALFORMED_LINE, source="cloudfront"),
    _case("empty line", "", Why.MALFORMED_LINE, source="cloudfront"),
    _case(
        "the viewer left: 000",
        cloudfront(status="000"),
        {"http_status": None, "event_name": "request"},
        source="cloudfront",
    ),
    _case("status 1000", cloudfront(status="1000"), Why.BAD_STATUS, source="cloudfront"),
    _case("negative size", cloudfront(size="-1"), Why.BAD_SIZE, source="cloudfront"),
    _case("1970", cloudfront(date="1970-01-01"), Why.TIMESTAMP_OUT_OF_RANGE, source="cloudfront"),
    _case("no such day", cloudfront(date="2024-02-31"), Why.BAD_TIMESTAMP, source="cloudfront"),
    _case("IPv6", cloudfront(ip="2001:db8::1"), {"page_path": "/a"}, source="cloudfront"),
    _case("- everywhere", "\t".join("-" * 15), Why.BAD_TIMESTAMP, source="cloudfront"),
    _case("no address", cloudfront(ip="-"), Why.MISSING_VISITOR, source="cloudfront"),
    _case("bad percent-encoding", cloudfront(agent="50%ZZ%"), {"user_agent": "50%ZZ%"}, source="cloudfront"),
    _case("percent-encoded, but not UTF-8", cloudfront(agent="%E9"), {"user_agent": "%E9"}, source="cloudfront"),
    _case("encoded twice", cloudfront(agent="a%2520b+c"), {"user_agent": "a b+c"}, source="cloudfront"),
    _case(
        "query",
        cloudfront(query="q=%2522x%2522"),
        {"page_url": "/a?q=%2522x%2522", "page_path": "/a"},
        source="cloudfront",
    ),
    _case(
        "id of the edge", cloudfront(request_id="SOX4xwn4XV6Q4=="), {"event_id": "SOX4xwn4XV6Q4=="}, source="cloudfront"
    ),
)

CSV = (
    _case("cut in half", csv()[:50], Why.MALFORMED_LINE, source="ecommerce_csv"),
    _case("one field too many", csv() + ",", Why.MALFORMED_LINE, source="ecommerce_csv"),
    _case("empty line", "", Why.MALFORMED_LINE, source="ecommerce_csv"),
    _case("the header again", CSV_HEADER.strip(), Why.BAD_TIMESTAMP, source="ecommerce_csv"),
    _case("no such event", csv(kind="wish"), Why.MALFORMED_LINE, source="ecommerce_csv"),
    _case("1970", csv(time="1970-01-01 00:00:00 UTC"), Why.TIMESTAMP_OUT_OF_RANGE, source="ecommerce_csv"),
    _case("not UTC", csv(time="2024-05-12 10:15:30 CET"), Why.BAD_TIMESTAMP, source="ecommerce_csv"),
    _case("negative price", csv(price="-1.00"), Why.BAD_NUMBER, source="ecommerce_csv"),
    _case("price with an exponent", csv(price="1e3"), Why.BAD_NUMBER, source="ecommerce_csv"),
    _case("price NaN", csv(price="NaN"), Why.BAD_NUMBER, source="ecommerce_csv"),
    _case("no price", csv(price=""), {"price": None, "event_name": "view_item"}, source="ecommerce_csv"),
    _case("no user", csv(user=""), Why.MISSING_VISITOR, source="ecommerce_csv"),
    _case("comma in quotes", csv(brand='"Acme, Inc."'), {"product_brand": "Acme, Inc."}, source="ecommerce_csv"),
    _case("quotes in quotes", csv(brand='"6"" nails"'), {"product_brand": '6" nails'}, source="ecommerce_csv"),
    _case(
        "time in quotes", csv(time='"2024-05-14 10:15:30 UTC"'), _at(2024, 5, 14, 10, 15, 30), source="ecommerce_csv"
    ),
    _case("a quote that never ends", csv(brand='"Acme'), Why.MALFORMED_LINE, source="ecommerce_csv"),
    _case(
        "carriage return beside quotes", csv(brand='"a"', category="b\rc"), Why.MALFORMED_LINE, source="ecommerce_csv"
    ),
    _case(
        "a field of 200 kB in quotes", csv(brand='"' + "x" * 200_000 + '"'), Why.MALFORMED_LINE, source="ecommerce_csv"
    ),
    _case("emoji", csv(brand="🧸"), {"product_brand": "🧸"}, source="ecommerce_csv"),
)

CASES = (*COMBINED, *COMMON, *CLOUDFRONT, *CSV)


def file_of(case: Case, number: int) -> tuple[bytes, int]:
    """The bytes of a case's file, and the number of the case's line in it. ``number`` sets its good line apart."""
    path = f"/good-{number}"
    header, good = {
        "combined": ("", combined(request=f"GET {path} HTTP/1.1", ip="198.51.100.1")),
        "common": ("", common(request=f"GET {path} HTTP/1.0")),
        "cloudfront": (CLOUDFRONT_HEADER, cloudfront(path=path, ip="198.51.100.1")),
        "ecommerce_csv": (CSV_HEADER, csv(brand=f"good-{number}", user="1")),
    }[case.source]
    return header.encode() + case.line + b"\n" + good.encode() + b"\n", header.count("\n") + 1
