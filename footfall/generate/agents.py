"""User agents: several hundred browsers on desktops, phones and tablets, and the machines that call at any site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["desktop", "mobile", "tablet", "crawler", "scanner", "monitor"]


@dataclass(frozen=True, slots=True)
class Agent:
    """One user agent string and how common it is among agents of its kind (weights need not sum to one)."""

    text: str
    kind: Kind
    weight: float


_WEBKIT: Final = "AppleWebKit/537.36 (KHTML, like Gecko)"
_CHROME_VERSIONS: Final = range(140, 154)
_FIREFOX_VERSIONS: Final = (115, 128, 140, 144, 146, 147, 148, 149, 150, 151)

_DESKTOP_SYSTEMS: Final = (
    ("Windows NT 10.0; Win64; x64", 1.0),
    ("Macintosh; Intel Mac OS X 10_15_7", 0.35),
    ("X11; Linux x86_64", 0.08),
    ("X11; CrOS x86_64 14541.0.0", 0.05),
)
_FIREFOX_SYSTEMS: Final = (
    ("Windows NT 10.0; Win64; x64", 1.0),
    ("Macintosh; Intel Mac OS X 10.15", 0.3),
    ("X11; Ubuntu; Linux x86_64", 0.2),
    ("X11; Linux x86_64", 0.2),
)
_SAFARI: Final = (("17.6", 0.3), ("18.3", 0.4), ("18.6", 0.8), ("26.0", 0.7), ("26.1", 1.0), ("26.4", 1.2))
_IOS: Final = (
    ("16_7_10", "16.6"), ("17_6_1", "17.6"), ("18_3_2", "18.3.1"), ("18_5", "18.5"), ("18_6_2", "18.6"),
    ("18_7", "26.0"), ("18_7", "26.1"), ("18_7", "26.4"),
)  # fmt: skip
_PHONES: Final = (
    "Pixel 7", "Pixel 8", "Pixel 9", "Pixel 10 Pro", "SM-S911B", "SM-S921B", "SM-S928B", "SM-S938B", "SM-A155F",
    "SM-A546B", "SM-A556B", "moto g84 5G", "Redmi Note 13", "2201117TG", "CPH2581", "V2318", "M2101K6G", "XQ-DQ54",
)  # fmt: skip
_ANDROID_TABLETS: Final = ("SM-X200", "SM-X710", "SM-X916B", "SM-T870", "Lenovo TB-X606F", "Pixel Tablet")

_CRAWLERS: Final = (
    ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", 10),
    (("Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) "
      "Chrome/152.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"), 12),
    ("Googlebot-Image/1.0", 3),
    ("AdsBot-Google (+http://www.google.com/adsbot.html)", 2),
    (("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; "
      "+http://www.bing.com/bingbot.htm) Chrome/136.0.0.0 Safari/537.36"), 9),
    ("Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)", 4),
    ("Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)", 2),
    ("DuckDuckBot/1.1; (+http://duckduckgo.com/duckduckbot.html)", 1),
    (("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.1.1 "
      "Safari/605.1.15 (Applebot/0.1; +http://www.apple.com/go/applebot)"), 3),
    ("Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", 7),
    ("Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)", 6),
    ("Mozilla/5.0 (compatible; MJ12bot/v1.4.8; http://mj12bot.com/)", 3),
    ("Mozilla/5.0 (compatible; DotBot/1.2; +https://opensiteexplorer.org/dotbot; help@moz.com)", 2),
    ("Mozilla/5.0 (compatible; PetalBot;+https://webmaster.petalsearch.com/site/petalbot)", 3),
    ("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)", 6),
    (("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; ChatGPT-User/1.0; "
      "+https://openai.com/bot"), 3),
    (("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; OAI-SearchBot/1.0; "
      "+https://openai.com/searchbot)"), 2),
    ("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ClaudeBot/1.0; +claudebot@anthropic.com)", 5),
    (("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; PerplexityBot/1.0; "
      "+https://perplexity.ai/perplexitybot)"), 2),
    ("CCBot/2.0 (https://commoncrawl.org/faq/)", 2),
    (("Mozilla/5.0 (Linux; Android 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Mobile Safari/537.36 "
      "(compatible; Bytespider; spider-feedback@bytedance.com)"), 4),
    ("meta-externalagent/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)", 3),
    ("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", 3),
    ("Twitterbot/1.0", 1),
    ("LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)", 1),
    ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", 1),
    ("Mozilla/5.0 (compatible; Amazonbot/0.1; +https://developer.amazon.com/support/amazonbot)", 4),
    ("Feedly/1.0 (+http://www.feedly.com/fetcher.html; 12 subscribers; like FeedFetcher-Google)", 1),
)  # fmt: skip
_SCANNERS: Final = (
    ("curl/8.5.0", 3),
    ("Wget/1.21.4", 1),
    ("python-requests/2.32.3", 4),
    ("Go-http-client/1.1", 4),
    ("Mozilla/5.0 zgrab/0.x", 3),
    ("Mozilla/5.0 (compatible; CensysInspect/1.1; +https://about.censys.io/)", 2),
    (("Expanse, a Palo Alto Networks company, searches across the global IPv4 space multiple times per day to "
      "identify customers&#39; presences on the Internet."), 1),
    (("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/78.0.3904.108 "
      "Safari/537.36"), 4),
    ("okhttp/4.12.0", 1),
    ("-", 5),
)  # fmt: skip
_MONITORS: Final = (
    ("Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)", 3),
    ("Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)", 1),
)


def _recency(position: int, count: int) -> float:
    """Weight of the position-th oldest of ``count`` versions: most people run one of the newest."""
    return 0.55 ** (count - 1 - position)


def _desktop() -> list[Agent]:
    agents = []
    for i, version in enumerate(_CHROME_VERSIONS):
        share = _recency(i, len(_CHROME_VERSIONS))
        for system, weight in _DESKTOP_SYSTEMS:
            chrome = f"Mozilla/5.0 ({system}) {_WEBKIT} Chrome/{version}.0.0.0 Safari/537.36"
            agents.append(Agent(chrome, "desktop", 6.0 * weight * share))
        windows = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/{version}.0.0.0 Safari/537.36"
        agents.append(Agent(f"{windows} Edg/{version}.0.0.0", "desktop", 1.3 * share))
        agents.append(Agent(f"{windows} OPR/{version - 14}.0.0.0", "desktop", 0.3 * share))
    for i, version in enumerate(_FIREFOX_VERSIONS):
        for system, weight in _FIREFOX_SYSTEMS:
            text = f"Mozilla/5.0 ({system}; rv:{version}.0) Gecko/20100101 Firefox/{version}.0"
            agents.append(Agent(text, "desktop", 1.2 * weight * _recency(i, len(_FIREFOX_VERSIONS))))
    for release, weight in _SAFARI:
        agents.append(Agent(
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            f"Version/{release} Safari/605.1.15", "desktop", 1.5 * weight))  # fmt: skip
    return agents


def _mobile() -> list[Agent]:
    agents = []
    versions = _CHROME_VERSIONS[-6:]
    for i, version in enumerate(versions):
        share = _recency(i, len(versions))
        # Chrome has sent "Android 10; K" for every phone since 2023; older builds and WebViews still name the model
        generic = f"Mozilla/5.0 (Linux; Android 10; K) {_WEBKIT} Chrome/{version}.0.0.0 Mobile Safari/537.36"
        agents.append(Agent(generic, "mobile", 5.0 * share))
        samsung = f"{_WEBKIT} SamsungBrowser/{version - 124}.0 Chrome/{version - 14}.0.0.0 Mobile Safari/537.36"
        agents.append(Agent(f"Mozilla/5.0 (Linux; Android 10; K) {samsung}", "mobile", 0.8 * share))
        for j, phone in enumerate(_PHONES):
            text = (f"Mozilla/5.0 (Linux; Android {13 + j % 4}; {phone}) {_WEBKIT} "
                    f"Chrome/{version}.0.{7000 + 37 * i}.{60 + j} Mobile Safari/537.36")  # fmt: skip
            agents.append(Agent(text, "mobile", 0.12 * share))
    for i, (system, release) in enumerate(_IOS):
        share = _recency(i, len(_IOS))
        iphone = f"Mozilla/5.0 (iPhone; CPU iPhone OS {system} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
        agents.append(Agent(f"{iphone} Version/{release} Mobile/15E148 Safari/604.1", "mobile", 6.0 * share))
        agents.append(
            Agent(f"{iphone} CriOS/{152 - i % 3}.0.7900.{41 + i} Mobile/15E148 Safari/604.1", "mobile", 0.7 * share)
        )
        agents.append(Agent(f"{iphone} FxiOS/{143 + i}.0 Mobile/15E148 Safari/605.1.15", "mobile", 0.15 * share))
        agents.append(Agent(f"{iphone} Mobile/15E148 Instagram 402.0.0.{30 + i}.71 (iPhone15,4; iOS {system}; en_GB; "
                            "scale=3.00; 1179x2556; 760000000)", "mobile", 0.6 * share))  # fmt: skip
        agents.append(Agent(f"{iphone} Mobile/15E148 [FBAN/FBIOS;FBAV/531.0.0.{40 + i}.62;FBDV/iPhone14,5;FBMD/iPhone;"
                            "FBSN/iOS;FBSS/3;FBLC/en_US;FBOP/5]", "mobile", 0.4 * share))  # fmt: skip
    return agents


def _tablet() -> list[Agent]:
    agents = []
    for i, (system, release) in enumerate(_IOS):
        text = (f"Mozilla/5.0 (iPad; CPU OS {system} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
                f"Version/{release} Mobile/15E148 Safari/604.1")  # fmt: skip
        agents.append(Agent(text, "tablet", 2.0 * _recency(i, len(_IOS))))
    for j, tablet in enumerate(_ANDROID_TABLETS):
        for version in _CHROME_VERSIONS[-3:]:
            text = (f"Mozilla/5.0 (Linux; Android {12 + j % 4}; {tablet}) {_WEBKIT} "
                    f"Chrome/{version}.0.0.0 Safari/537.36")  # fmt: skip
            agents.append(Agent(text, "tablet", 0.25))
    return agents


def _machines() -> list[Agent]:
    crawlers = [Agent(text, "crawler", weight) for text, weight in _CRAWLERS]
    scanners = [Agent(text, "scanner", weight) for text, weight in _SCANNERS]
    return crawlers + scanners + [Agent(text, "monitor", weight) for text, weight in _MONITORS]


AGENTS: Final[tuple[Agent, ...]] = (*_desktop(), *_mobile(), *_tablet(), *_machines())
