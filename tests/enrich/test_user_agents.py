"""Browser, system and device of real user agents."""

from __future__ import annotations

import pyarrow as pa
import pytest

from footfall.contract import DEVICE_TYPES
from footfall.enrich.user_agents import DEVICE_FIELDS, describe, device_columns

KIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
AGENTS = [  # (browser, os, device type, user agent)
    ("Chrome", "Windows", "desktop", f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {KIT} Chrome/125.0.0.0 Safari/537.36"),
    (
        "Chrome",
        "Mac OS X",
        "desktop",
        f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {KIT} Chrome/125.0.0.0 Safari/537.36",
    ),
    ("Chrome", "Linux", "desktop", f"Mozilla/5.0 (X11; Linux x86_64) {KIT} Chrome/125.0.0.0 Safari/537.36"),
    (
        "Chrome",
        "Chrome OS",
        "desktop",
        f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {KIT} Chrome/124.0.0.0 Safari/537.36",
    ),
    (
        "Edge",
        "Windows",
        "desktop",
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {KIT} Chrome/125.0.0.0 Safari/537.36 Edg/125.0.2535.51",
    ),
    (
        "Opera",
        "Windows",
        "desktop",
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {KIT} Chrome/124.0.0.0 Safari/537.36 OPR/110.0.0.0",
    ),
    (
        "Firefox",
        "Windows",
        "desktop",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:126.0) Gecko/20100101 Firefox/126.0",
    ),
    ("Firefox", "Ubuntu", "desktop", "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0"),
    (
        "Firefox",
        "Mac OS X",
        "desktop",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 14.5; rv:126.0) Gecko/20100101 Firefox/126.0",
    ),
    ("Firefox", "FreeBSD", "desktop", "Mozilla/5.0 (X11; FreeBSD amd64; rv:126.0) Gecko/20100101 Firefox/126.0"),
    (
        "Safari",
        "Mac OS X",
        "desktop",
        f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Version/17.5 Safari/605.1.15",
    ),
    ("IE", "Windows", "desktop", "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko"),
    ("IE", "Windows", "desktop", "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0)"),
    (
        "Mobile Safari",
        "iOS",
        "mobile",
        f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) {WEBKIT} Version/17.5 Mobile/15E148 Safari/604.1",
    ),
    (
        "Chrome Mobile iOS",
        "iOS",
        "mobile",
        f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) {WEBKIT} CriOS/125.0.6422.80 "
        "Mobile/15E148 Safari/604.1",
    ),
    (
        "Mobile Safari",
        "iOS",
        "tablet",
        f"Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) {WEBKIT} Version/12.1 Mobile/15E148 Safari/604.1",
    ),
    (
        "Chrome Mobile",
        "Android",
        "mobile",
        f"Mozilla/5.0 (Linux; Android 14; Pixel 8) {KIT} Chrome/125.0.0.0 Mobile Safari/537.36",
    ),
    (
        "Chrome Mobile",
        "Android",
        "mobile",
        f"Mozilla/5.0 (Linux; Android 10; K) {KIT} Chrome/125.0.0.0 Mobile Safari/537.36",
    ),
    ("Chrome", "Android", "tablet", f"Mozilla/5.0 (Linux; Android 13; SM-X700) {KIT} Chrome/125.0.0.0 Safari/537.36"),
    (
        "Samsung Internet",
        "Android",
        "mobile",
        f"Mozilla/5.0 (Linux; Android 13; SM-S901B) {KIT} SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36",
    ),
    ("Firefox Mobile", "Android", "mobile", "Mozilla/5.0 (Android 14; Mobile; rv:126.0) Gecko/126.0 Firefox/126.0"),
    ("Firefox Mobile", "Android", "tablet", "Mozilla/5.0 (Android 13; Tablet; rv:126.0) Gecko/126.0 Firefox/126.0"),
    (
        "Amazon Silk",
        "Android",
        "tablet",
        f"Mozilla/5.0 (Linux; Android 9; KFMAWI) {KIT} Silk/120.4.1 like Chrome/120.0.0.0 Safari/537.36",
    ),
    (
        "IE Mobile",
        "Windows Phone",
        "mobile",
        "Mozilla/5.0 (compatible; MSIE 10.0; Windows Phone 8.0; Trident/6.0; IEMobile/10.0; ARM; Touch; "
        "NOKIA; Lumia 920)",
    ),
    (
        "BlackBerry WebKit",
        "BlackBerry OS",
        "mobile",
        "Mozilla/5.0 (BB10; Touch) AppleWebKit/537.10+ (KHTML, like Gecko) Version/10.0.9.2372 Mobile Safari/537.10+",
    ),
    ("Googlebot", "Other", "bot", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
    (
        "Googlebot",
        "Android",
        "bot",
        f"Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) {KIT} Chrome/125.0.0.0 Mobile "
        "Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    ),
    ("bingbot", "Other", "bot", "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"),
    ("YandexBot", "Other", "bot", "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)"),
    (
        "Baiduspider",
        "Other",
        "bot",
        "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
    ),
    ("AhrefsBot", "Other", "bot", "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)"),
    (
        "GPTBot",
        "Other",
        "bot",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
    ),
    ("FacebookBot", "Other", "bot", "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"),
    ("Twitterbot", "Other", "bot", "Twitterbot/1.0"),
    ("curl", "Other", "other", "curl/8.5.0"),
    ("Wget", "Linux", "desktop", "Wget/1.21.4 (linux-gnu)"),
    ("Python Requests", "Other", "other", "python-requests/2.32.3"),
    ("Go-http-client", "Other", "other", "Go-http-client/1.1"),
    ("Other", "Other", "other", "some program of ours"),
    ("Other", "Other", "other", ""),
]


@pytest.mark.parametrize(("browser", "os", "device", "agent"), AGENTS, ids=[row[3][:60] for row in AGENTS])
def test_describes_an_agent(browser: str, os: str, device: str, agent: str) -> None:
    found = dict(zip(DEVICE_FIELDS, describe(agent), strict=True))
    assert (found["browser"], found["os"], found["device_type"]) == (browser, os, device)
    assert device in DEVICE_TYPES


def test_versions_are_major_minor_patch_as_far_as_known() -> None:
    phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) Version/17.5 Mobile/15E148 Safari/604.1"
    assert describe(phone) == ("Mobile Safari", "17.5", "iOS", "17.5.1", "mobile")
    assert describe("some program of ours") == ("Other", None, "Other", None, "other")


def test_columns_follow_the_rows() -> None:
    agents = [None, "curl/8.5.0", "Twitterbot/1.0", None, "curl/8.5.0"]
    found = device_columns(pa.array(agents, pa.string())).to_pylist()
    assert [row["browser"] for row in found] == [None, "curl", "Twitterbot", None, "curl"]
    assert [row["device_type"] for row in found] == [None, "other", "bot", None, "other"]


@pytest.mark.parametrize("agents", [[], [None], [None, None]])
def test_no_agent_is_all_null(agents: list[None]) -> None:
    found = device_columns(pa.array(agents, pa.string())).to_pylist()
    assert found == [dict.fromkeys(DEVICE_FIELDS)] * len(agents)
