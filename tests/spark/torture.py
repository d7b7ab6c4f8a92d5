"""A file per format in which each field in turn is everything that clients, servers and attackers put into it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests import bad_lines

NUMBERS = [
    "0", "00", "-0", "+5", " 5", "5 ", "1.5", "1e3", "1E3", "1e400", "0x10", "1_000", "1,000", "٣", "५", "9" * 18,
    "9223372036854775807", "9223372036854775808", "-9223372036854775809", "9" * 25, "0.1", ".5", "5.", "0.0000000001",
    "99999999999999999999.999999999", "NaN", "nan", "Infinity", "-inf", "1d", "1f", "5L", "true", "null", "\u00a05",
    "5\u2003", "5\u2028", "5\x0b", "0.0005", "0.3", "1234567.891", "12345678901234567890.5",
]  # fmt: skip
TIMES = [
    "12/May/2024:10:15:30 +0000", "12/May/2024:10:15:30 +0530", "12/May/2024:10:15:30 -0930",
    "12/May/2024:10:15:30 +1400", "12/May/2024:10:15:30 +1800", "12/May/2024:10:15:30 +1801",
    "12/May/2024:10:15:30 -1900", "12/May/2024:10:15:30 +0099", "12/May/2024:10:15:30 +00", "12/May/2024:10:15:30",
    "12/May/2024:10:15:30 Z", "12/May/2024:10:15:30 UTC", "12/May/2024:24:00:00 +0000", "12/May/2024:23:59:60 +0000",
    "12/May/2024:23:59:59.5 +0000", "1/May/2024:10:15:30 +0000", "00/May/2024:10:15:30 +0000",
    "31/Apr/2024:10:15:30 +0000", "29/Feb/2023:10:15:30 +0000", "29/Feb/2024:10:15:30 +0000",
    "12/may/2024:10:15:30 +0000", "12/MAY/2024:10:15:30 +0000", "12/anF/2024:10:15:30 +0000",
    "12/Mai/2024:10:15:30 +0000", "12/05/2024:10:15:30 +0000", "12/May/24:10:15:30 +0000", "12/May/0000:10:15:30 +0000",
    "12/May/0001:10:15:30 +0000", "12/May/9999:10:15:30 +0000", "31/Dec/9999:23:59:59 -0100",
    "12/May/+024:10:15:30 +0000", "12/May/-024:10:15:30 +0000", " 2/May/2024:10:15:30 +0000",
    "1 /May/2024:10:15:30 +0000", "12/May/2024:1 :15:30 +0000", "12/May/2024: 1:15:30 +0000",
    "12/May/2024:10:15: 3 +0000", "\uff11\uff12/May/2024:10:15:30 +0000", "12-May-2024 10.15.30 +0000",
    "12/May/2024T10:15:30 +0000", "12/May/2024:10:15:3x +0000", "12/May/2024:+1:15:30 +0000",
    "12/May/2024:-1:15:30 +0000", "12/May/2024:10:15:30  0000", "12/May/2024:10:15:30 +00:0",
    "12/May/2024:10:15:30 0000", "2024-05-12T10:15:30Z", "now", "epoch", "today",
]  # fmt: skip
DATES = [
    "2024-05-12", "2024-5-12", "2024-05-1", "2024-02-30", "2024-13-01", "20240512", "+2024-05-12", "-2024-05-12",
    "0000-01-01", "0001-01-01", "9999-12-31", "10000-01-01", "12024-05-12", "2024-05-12 ", " 2024-05-12", "2024/05/12",
    "2024-05", "2024", "\uff12\uff10\uff12\uff14-05-12", "now", "epoch",
]  # fmt: skip
CLOCKS = [
    "10:15:30", "1:2:3", "24:00:00", "23:59:60", "10:15", "10", "10:15:30.123456789", "10:15:30,5", "10:15:30 ",
    "10:15:30+02:00", "10:15:30Z", "10:15:30 Europe/Berlin", "-1:00:00", "10:61:00", "",
]  # fmt: skip
URLS = [
    "/", "/a", "/a/", "/A.HTML", "/a.css", "/a.CSS", "/a.css?v=1", "/a.css/b", "/css", "/.css", "/a.tar.gz", "/a?b.png",
    "/a#b.png", "/a.png#b?c", "//a.b/c", "/a//b", "a", "*", "?", "#", "?a", "/?", "/??", "/?a#b", "/#a?b", "/a;b=c",
    "/a b", "/a  b", " /a", "/a ", "/a%20b", "/%zz", "/%", "/%2", "/%FF", "/%C3%A9", "/%F0%9F%8D%95", "/%00", "/%25FF",
    "/caf\u00e9", "/\u0130\u0131\u1e9e", "/e\u0301", "/\ufeff", "/\ufffd", "/\u2028", "/\u00a0", "/\x7f", "/a\tb",
    "/🍕", "/a\\b", "/a\\\\b", "/a\\x16", "/a\\u0041", "/a\\", "http://Shop.Example/a?b#c", "HTTPS://SHOP.EXAMPLE:8443",
    "http://u:p@shop.example:80/a", "http://\u00a0u\u2028:p\t@h.example/", "http://shop.example?x", "http://",
    "http:///a", "http://[2001:DB8::1]:80/a",
    "http://[::1", "http://a@b@c/d", "ftp://a/b", "a-b+c.1://h/p", "1a://h/p", "://h/p",
    "/go/http://elsewhere.example/a", "go?http://elsewhere.example/a", "http://GROSS\u00c9.example/",
    "http://\u0130stanbul.example/", "http://\u03a3\u03a3.example", "http:/a", "android-app://com.example/",
    "about:blank", "mailto:jane@shop.example", "host:443", "host.example:443", "[::1]:443", "/u/jane@shop.example",
    "/u/jane%40shop.example", "/u/jane%2540shop.example", "/?u=jane.doe+x@mail.shop.example&v", "/@jane", "/jane@shop",
    "/j\u00f6rg@shop.example", "/a@b.c/d@e.fg", "http://jane@shop.example/",
    "/?utm_source=a&utm_medium=b&utm_campaign=c&utm_term=d&utm_content=e", "/?utm_source=", "/?utm_source",
    "/?utm_source=&utm_medium=x", "/?UTM_SOURCE=a", "/?xutm_source=a", "/?a;utm_source=b",
    "/?utm_source=a&utm_source=b", "/#utm_source=a", "/?x#?utm_source=a", "/?utm_campaign=a%20b+c",
    "/?utm_campaign=%zz", "/?utm_campaign=%", "/?utm_campaign=%4", "/?utm_campaign=%FF", "/?utm_campaign=%C3%A9",
    "/?utm_campaign=\u00e9%FF", "/?utm_campaign=%EF%BF%BD", "/?utm_campaign=\ufffd", "/?utm_campaign=a%00b",
    "/?utm_campaign=+%2B", "/?utm_campaign=%ED%A0%80", "/?utm_campaign=%C0%80", "/?utm_campaign=jane%40shop.example",
    "/?utm_campaign=jane%2540shop.example", "/?utm_campaign=%6aane@shop.exam%70le", "/?utm_campaign=🍕",
    "/?utm_campaign=%F0%9F", "/?utm_campaign=%-1", "/?utm_campaign=%+1", "/?ip=192.0.2.9", "/?ip=2001:db8::1",
    "/10:05:03", "/1.2.3", "-", "", "--",
]  # fmt: skip
TEXTS = [
    "-", "", " ", "  ", "--", "- ", "jane", "Jane Q. Doe", "jane@shop.example", "a, jane@shop.example; b@c.de",
    "[jane]", "ja]ne", "\u00e9", "e\u0301", "🍕", "\u200f\u05d0", "\u2028", "a\u2028", "a\u0085", "a\x0b", "\ufeff",
    "\ufffd", "\x00", "\x01", "\x02", "\x7f", "a\tb", "a\rb", '"', '\\"', '\\\\"', "\\\\", "\\", "a\\", "\\x01",
    '\\"a\\"', "'", "''", "`", "$1", "\\1", "${a}", "%s", "{0}", "%20", "%2520", "%25", "%", "%zz", "%FF", "%25FF",
    "%C3%A9", "%25C3%25A9", "+", "%2B", "%252B", "a%00b", "NULL", "null", "true", "Mozilla/5.0%2520(X11)", "x" * 3000,
    "192.0.2.9", "2001:db8::1", "::ffff:192.0.2.9", "unix:", "999.1.1.1", "192.0.2.9, 198.51.100.1", "\u0130",
    "\u03a3\u03a3", "\u1e9e",
]  # fmt: skip
REQUESTS = [
    "-", "", " ", "GET", "GET ", "GET  ", "GET /", "GET / ", "GET  /", "GET / HTTP/1.1", "GET  / HTTP/1.1",
    "GET /  HTTP/1.1", "GET HTTP/1.1", "GET / HTTP/1.1 ", "GET / http/1.1", "GET /a HTTP/2.0 b", "get / HTTP/1.1",
    "G / HTTP/1.1", "GE / HTTP/1.1", "PROPFIND / HTTP/1.1", "VERSION-CONTROL / HTTP/1.1",
    "CONNECT host.example:443 HTTP/1.1", "OPTIONS * HTTP/1.0", "PRI * HTTP/2.0", "HEAD / HTTP/1.1", "POST / HTTP/1.1",
    "GET\t/\tHTTP/1.1", "GET\u2028 / HTTP/1.1", "G\u00c9T / HTTP/1.1", "GET / HTTP/", "GET / HTTP/1.1\\r\\n",
    "\\x16\\x03\\x01\\x02\\x00\\x01\\x00", "\\n", "SSH-2.0-Go", "t3 12.1.2", "GET /\\", 'GET /\\" HTTP/1.1',
    "GET /a\\\\ HTTP/1.1", "ABCDEFGHIJKLMNOPQRSTU / HTTP/1.1", " GET / HTTP/1.1", "GET /a?b c d HTTP/1.1",
    "GET - HTTP/1.1", "HTTP/1.1 GET /", "HTTP/1.1",
]  # fmt: skip
STATUSES = [
    "100", "199", "200", "204", "206", "299", "301", "304", "404", "499", "599", "99", "600", "0", "000", "-", "",
    "2OO", "200.0",
]  # fmt: skip
AGENTS = [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) Mobile/15E148", "Googlebot/2.1", "curl/8.5.0",
    "Firefox/1\u00e9",
]  # fmt: skip


LONG = 1_000_000


def _combined() -> Iterator[str]:
    plain = bad_lines.combined
    yield from (plain(time=time) for time in TIMES)
    yield from (plain(request=request) for request in REQUESTS)
    yield from (plain(request=f"GET {url} HTTP/1.1") for url in URLS)
    yield from (plain(status=status) for status in [*STATUSES, *NUMBERS])
    yield from (plain(size=size) for size in NUMBERS)
    yield from (plain(referrer=url) for url in [*URLS, *TEXTS])
    yield from (plain(agent=agent) for agent in [*AGENTS, *TEXTS])
    yield from (plain(user=user) for user in TEXTS)
    yield from (plain(ip=ip) for ip in TEXTS)
    whole = plain(user="jane@shop.example", ip="2001:db8::8a2e:370:7334")
    yield from (whole[:cut] for cut in range(0, len(whole), 3))
    yield from (whole[cut:] for cut in range(0, len(whole), 3))
    yield from TEXTS


def _common() -> Iterator[str]:
    yield from (bad_lines.common(request=request) for request in REQUESTS)
    yield from (bad_lines.common(status=status) for status in STATUSES)
    yield from (bad_lines.common(size=size) for size in NUMBERS)


def _edge(host: str = "-", seconds: str = "0.001", **values: str) -> str:
    return f"{bad_lines.cloudfront(**values)}\t{host}\t{seconds}"


def _cloudfront() -> Iterator[str]:
    yield from (_edge(date=date) for date in DATES)
    yield from (_edge(time=clock) for clock in CLOCKS)
    for field in ("path", "referrer", "query", "host"):
        yield from (_edge(**{field: url}) for url in URLS)
    for field in ("agent", "referrer", "ip", "cs(Host)", "cs-method", "request_id", "x-edge-location", "host"):
        yield from (_edge(**{field: text}) for text in TEXTS)
    for field in ("status", "size", "seconds"):
        yield from (_edge(**{field: number}) for number in [*NUMBERS, *STATUSES])


def _csv() -> Iterator[str]:
    yield from (bad_lines.csv(time=f"{date} 10:15:30 UTC") for date in DATES)
    yield from (bad_lines.csv(time=f"2024-05-12 {clock} UTC") for clock in CLOCKS)
    yield from (bad_lines.csv(price=number) for number in NUMBERS)
    for field in ("kind", "category", "brand", "user"):
        yield from (bad_lines.csv(**{field: text}) for text in TEXTS)
        yield from (bad_lines.csv(**{field: '"' + text + '"'}) for text in TEXTS)


def write_torture(folder: Path) -> list[Path]:
    """Files of nasty lines behind a good one, those of ``bad_lines`` last."""
    header = bad_lines.CLOUDFRONT_HEADER.rstrip() + " x-host-header time-taken\n"
    paths = []
    for name, head, good, lines in (
        ("combined", "", bad_lines.combined(), _combined()),
        ("common", "", bad_lines.common(), _common()),
        ("cloudfront", header, _edge(), _cloudfront()),
        ("ecommerce_csv", bad_lines.CSV_HEADER, bad_lines.csv(), _csv()),
    ):
        path = folder / f"torture-{name}.log"
        bad = [case.line for case in bad_lines.CASES if case.source == name and len(case.line) < LONG]
        path.write_bytes(b"\n".join([(head + good).encode(), *(line.encode() for line in lines), *bad]) + b"\n")
        paths.append(path)
    return paths
