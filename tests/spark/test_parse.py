"""What becomes of a line: inputs and expected columns side by side."""

from __future__ import annotations

import gzip
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from footfall.contract import EVENT_COLUMNS, Type
from footfall.settings import PROJECT_ROOT
from footfall.sources.http_columns import event_name, url_host, url_path
from tests.bad_lines import CLOUDFRONT_HEADER, CSV_HEADER, cloudfront, combined, common, csv
from tests.home import Home, new_home

pytestmark = [pytest.mark.xdist_group("sail"), pytest.mark.usefixtures("shared_engine")]

SHARED = PROJECT_ROOT.parent / "shared" / "data"
AT = datetime(2024, 5, 12, 10, 15, 30, tzinfo=UTC)
FIREFOX = {
    "browser": "Firefox",
    "browser_version": "126.0",
    "os": "Linux",
    "os_version": None,
    "device_type": "desktop",
}
NO_AGENT = dict.fromkeys(["user_agent", *FIREFOX])
SHOP = "https://Shop.Example:8443/deals?q=1#top"

# (file, line, columns of its event)
LINES: list[tuple[str, str, dict[str, Any]]] = [
    (
        "combined",
        combined(
            request="GET /a/b.html?x=1&utm_source=news&utm_campaign=may%20sale HTTP/1.1", referrer=SHOP, user="jane"
        ),
        {
            "event_ts": AT,
            "event_date": "2024-05-12",
            "event_name": "page_view",
            "is_page_view": True,
            "source": "combined",
            "user_id": "jane",
            "page_url": "/a/b.html?x=1&utm_source=news&utm_campaign=may%20sale",
            "page_host": None,
            "page_path": "/a/b.html",
            "referrer_url": SHOP,
            "referrer_host": "shop.example",
            "utm_source": "news",
            "utm_medium": None,
            "utm_campaign": "may sale",
            "http_method": "GET",
            "http_status": 200,
            "bytes_sent": 512,
            "time_taken_ms": None,
            "price": None,
            "properties": None,
            **FIREFOX,
        },
    ),
    ("combined", combined(time="12/May/2024:15:45:30 +0530"), {"event_ts": AT}),
    (
        "combined",
        combined(request="GET /logo.PNG?v=2 HTTP/1.1"),
        {"event_name": "asset_request", "is_page_view": False},
    ),
    ("combined", combined(request="POST /cart HTTP/1.1"), {"event_name": "request", "http_method": "POST"}),
    ("combined", combined(request="HEAD / HTTP/1.1"), {"event_name": "request", "http_method": "HEAD"}),
    ("combined", combined(status="304", size="0"), {"event_name": "page_view", "http_status": 304, "bytes_sent": 0}),
    ("combined", combined(status="204"), {"event_name": "request"}),
    ("combined", combined(status="301"), {"event_name": "request"}),
    ("combined", combined(status="404"), {"event_name": "request"}),
    ("combined", combined(agent="-", referrer="-"), {**NO_AGENT, "referrer_url": None, "referrer_host": None}),
    ("combined", combined(agent='a \\"b\\" \\\\ c'), {"user_agent": 'a "b" \\ c', "browser": "Other"}),
    ("combined", combined(agent="Bot (+mailto:ops@bot.example)"), {"user_agent": "Bot (+mailto:[email])"}),
    ("combined", combined(referrer="https://x.example/?mail=jane%40shop.example"), {"referrer_host": "x.example"}),
    (
        "combined",
        combined(referrer="https://jane:secret@x.example/a?b=c@d"),
        {"referrer_url": "https://[user]@x.example/a?b=c@d", "referrer_host": "x.example"},
    ),
    ("combined", combined(request="GET /u/jane@shop.example/x HTTP/1.1"), {"page_path": "/u/[email]/x"}),
    (
        "combined",
        combined(request="GET /?utm_source=jane%2540shop.example&utm_medium=%6Aane@shop.exam%70le HTTP/1.1"),
        {"utm_source": "[email]", "utm_medium": "[email]ple"},
    ),
    ("combined", combined(request="CONNECT shop.example:443 HTTP/1.1"), {"page_url": "shop.example:443"}),
    ("combined", combined(request="GET https://a.example/x HTTP/1.1"), {"page_host": "a.example", "page_path": "/x"}),
    (
        "common",
        common(request="GET /c HTTP/1.0"),
        {"source": "common", "page_path": "/c", "event_name": "page_view", **NO_AGENT},
    ),
    (
        "cloudfront",
        cloudfront(
            path="/docs/caf%C3%A9",
            query="utm_medium=email",
            referrer="https://a.example/%2520x",
            request_id="R-1",
            agent="Mozilla/5.0%2520(X11;%2520Linux%2520x86_64;%2520rv:126.0)%2520Gecko/20100101%2520Firefox/126.0",
        ),
        {
            "event_id": "R-1",
            "event_ts": AT,
            "source": "cloudfront",
            "page_host": "d1.cloudfront.net",
            "page_path": "/docs/caf%C3%A9",
            "page_url": "/docs/caf%C3%A9?utm_medium=email",
            "referrer_url": "https://a.example/%20x",
            "referrer_host": "a.example",
            "utm_medium": "email",
            "edge_location": "FRA2",
            "cache_result": "Hit",
            "bytes_sent": 512,
            "event_name": "page_view",
            **FIREFOX,
        },
    ),
    ("cloudfront", cloudfront(path="/x.js"), {"event_name": "asset_request", "page_url": "/x.js"}),
    (
        "ecommerce_csv",
        csv(),
        {
            "event_ts": AT,
            "event_name": "view_item",
            "is_page_view": True,
            "source": "ecommerce_csv",
            "visitor_id": "5155",
            "user_id": "5155",
            "source_session_id": "9333dfbd-b87a-4708-9857",
            "product_id": "1004856",
            "product_category": "toys.plush",
            "product_brand": "acme",
            "price": Decimal("12.5"),
            "quantity": None,
            "page_url": None,
            "http_method": None,
            **NO_AGENT,
        },
    ),
    ("ecommerce_csv", csv(kind="cart"), {"event_name": "add_to_cart", "is_page_view": False, "quantity": 1}),
    ("ecommerce_csv", csv(kind="remove_from_cart"), {"event_name": "remove_from_cart"}),
    ("ecommerce_csv", csv(kind="purchase"), {"event_name": "purchase", "quantity": 1, "price": Decimal("12.5")}),
    ("ecommerce_csv", csv(category=""), {"product_category": "2053013555631882655"}),
    ("ecommerce_csv", csv(user="jane@shop.example"), {"user_id": "[email]"}),
]
HEADERS = {"cloudfront": CLOUDFRONT_HEADER, "ecommerce_csv": CSV_HEADER}


@pytest.fixture(scope="module")
def home_of(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return new_home(tmp_path_factory.mktemp("parse"))


@pytest.fixture
def parsed(home_of: Home, tmp_path: Path, shared_engine: None) -> dict[tuple[str, int], dict[str, Any]]:
    """The event of each (source, position among the lines of its file)."""
    if not home_of.counts():
        for source in dict.fromkeys(source for source, _, _ in LINES):
            lines = [line for of, line, _ in LINES if of == source]
            (tmp_path / source).write_text(HEADERS.get(source, "") + "\n".join(lines) + "\n")
        home_of.take(*sorted(tmp_path.iterdir()))
    return {
        (row["source"], row["line_number"] - HEADERS.get(row["source"], "").count("\n")): row for row in home_of.rows()
    }


@pytest.mark.parametrize("at", range(len(LINES)), ids=[f"{source}: {line[:90]}" for source, line, _ in LINES])
def test_columns_of_a_line(at: int, parsed: dict[tuple[str, int], dict[str, Any]]) -> None:
    source, _, expected = LINES[at]
    row = parsed[source, sum(of == source for of, _, _ in LINES[: at + 1])]
    assert {name: row[name] for name in expected} == expected


def test_an_e_mail_given_as_visitor_id_is_hashed(parsed: dict[tuple[str, int], dict[str, Any]]) -> None:
    (row,) = [row for (source, _), row in parsed.items() if source == "ecommerce_csv" and row["user_id"] == "[email]"]
    assert re.fullmatch("[0-9a-f]{32}", row["visitor_id"])


URLS = [  # (url or request target, path, host)
    ("/", "/", None),
    ("/a/b?c=d#e", "/a/b", None),
    ("/a#b?c", "/a", None),
    ("?a", "", None),
    ("*", "*", None),
    ("shop.example:443", "shop.example:443", None),
    ("/go/http://elsewhere.example/x", "/go/http://elsewhere.example/x", None),
    ("/go?to=http://elsewhere.example/x", "/go", None),
    ("http://Shop.Example/A/b?c", "/A/b", "shop.example"),
    ("https://shop.example", "/", "shop.example"),
    ("https://shop.example?q", "/", "shop.example"),
    ("https://shop.example:8443/x", "/x", "shop.example"),
    ("https://user:secret@shop.example:80/x", "/x", "shop.example"),
    ("http://[2001:DB8::1]:80/x", "/x", "[2001:db8::1]"),
    ("android-app://com.example.app/", "/", "com.example.app"),
    ("http://", "/", None),
    ("//cdn.example/x", "//cdn.example/x", None),
    ("about:blank", "about:blank", None),
    (None, None, None),
]


def test_path_and_host_of_urls(sail: SparkSession) -> None:
    frame = sail.createDataFrame([(url,) for url, _, _ in URLS], "url string")
    found = frame.select("url", url_path(F.col("url")), url_host(F.col("url"))).collect()
    assert sorted(map(tuple, found), key=repr) == sorted(URLS, key=repr)


NAMES = [  # (method, status, path, event name)
    ("GET", 200, "/", "page_view"),
    ("GET", 200, "/about", "page_view"),
    ("GET", 206, "/report.pdf", "page_view"),
    ("GET", 304, "/index.html", "page_view"),
    ("GET", 200, "/v1.2/notes", "page_view"),
    ("GET", 200, "/app.css", "asset_request"),
    ("GET", 304, "/img/A.JPEG", "asset_request"),
    ("GET", 200, "/css", "page_view"),
    ("GET", 204, "/beacon", "request"),
    ("GET", 302, "/login", "request"),
    ("GET", 404, "/app.css", "request"),
    ("GET", 500, "/", "request"),
    ("POST", 200, "/form", "request"),
    ("HEAD", 200, "/", "request"),
    (None, 400, None, "request"),
    ("GET", None, "/", "request"),
]


def test_what_a_request_is_called(sail: SparkSession) -> None:
    frame = sail.createDataFrame([row[:3] for row in NAMES], "method string, status bigint, path string")
    named = frame.withColumn("name", event_name(F.col("method"), F.col("status"), F.col("path"))).collect()
    assert sorted(map(tuple, named), key=repr) == sorted(NAMES, key=repr)


def test_no_identity_of_real_visitors_passes_the_raw_zone(tmp_path: Path) -> None:
    if not SHARED.is_dir():
        pytest.skip(f"no real logs at {SHARED}")
    files = [*SHARED.glob("nginx-2024/*.gz"), *SHARED.glob("apache*.gz"), *SHARED.glob("ecommerce*.gz")]
    home = new_home(tmp_path)
    home.take(*files)
    lines = [line for file in files for line in gzip.decompress(file.read_bytes()).split(b"\n")]
    addresses = {line.split(b" ", 1)[0].decode() for line in lines if b" " in line[:40]}
    addresses = {
        address for address in addresses if re.fullmatch(r"[0-9.]{7,15}|[0-9a-f:]*:[0-9a-f:]+:[0-9a-f:]*", address)
    }
    assert len(addresses) > 1000
    dotted = re.compile(r"(?<![0-9.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9.])")
    mail = re.compile(r"[\w.+-]+(?:@|%40)[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}", re.IGNORECASE)
    texts = [column.name for column in EVENT_COLUMNS if column.type is Type.STRING]
    leaks: dict[tuple[str, str], str] = {}
    rows = [(name, row[name]) for row in home.rows() for name in texts if row[name]]
    rows += [("quarantined line", row["line"]) for row in home.quarantined()]
    for name, text in dict.fromkeys(rows):
        for found in [*(a for a in dotted.findall(text) if a in addresses), *mail.findall(text)]:
            leaks[name, found] = text
        if ":" in text:
            leaks |= {
                (name, word): text for word in re.split(r"[^0-9a-f:]+", text) if word in addresses and ":" in word
            }
    assert not leaks
