"""The site that is visited: a small shop with a journal. Every URL it can serve is a row of ``PATHS`` and ``QUERIES``.

A URL is a pair of row numbers (path, query), so that a million requests are a few integer columns.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import numpy as np

ORIGIN: Final = "https://www.harbour-pine.example"

_CATEGORIES: Final = (
    "tents", "sleeping-bags", "backpacks", "stoves", "lanterns", "jackets", "boots", "knitwear", "mugs", "blankets",
    "maps", "gift-cards",
)  # fmt: skip
_MAKES: Final = ("alder", "birch", "cedar", "fjord", "heron", "juniper", "larch", "osprey", "rowan", "skerry")
_KINDS: Final = (
    "tent-2p", "tent-4p", "down-bag", "summer-bag", "day-pack", "trek-pack", "gas-stove", "wood-stove", "lantern",
    "head-torch", "rain-jacket", "fleece", "hiking-boot", "camp-shoe", "wool-hat", "jumper", "enamel-mug", "flask",
    "picnic-blanket", "throw", "trail-map", "compass", "dry-bag", "folding-chair", "hammock", "first-aid-kit",
    "water-filter", "trekking-poles", "cool-box", "multi-tool", "tarp", "sleeping-mat", "gaiters", "gift-card",
)  # fmt: skip
_TOPICS: Final = (
    "first-night-outdoors", "how-to-choose-a-tent", "care-for-wool", "ten-winter-walks", "packing-light",
    "coffee-on-a-stove", "mending-a-jacket", "reading-the-sky", "boots-that-last", "a-week-on-the-coast",
    "with-children", "under-100-euro", "leave-no-trace", "in-the-rain", "by-train",
)  # fmt: skip
_SEARCHES: Final = (
    "tent", "wool+jumper", "gift", "rain+jacket", "boots+size+43", "stove", "sleeping+bag+winter", "k%C3%A4se+fondue",
    "mug", "headlamp", "map+of+norway", "returns", "caf%C3%A9+press", "waterproof", "kids+backpack", "sale",
)  # fmt: skip
_CAMPAIGNS: Final = (
    ("google", "cpc", "autumn_sale"), ("google", "cpc", "brand"), ("google", "cpc", "tents_generic"),
    ("bing", "cpc", "brand"), ("facebook", "paid_social", "autumn_sale"), ("instagram", "paid_social", "new_in"),
    ("instagram", "social", "bio_link"), ("newsletter", "email", "october_letter"), ("newsletter", "email", "welcome"),
    ("newsletter", "email", "abandoned_cart"), ("trailblog", "affiliate", "partner_2026"),
    ("youtube", "video", "howto"),
)  # fmt: skip
_SCANNED: Final = (
    "/wp-login.php", "/.env", "/.git/config", "/xmlrpc.php", "/wp-admin/setup-config.php", "/phpmyadmin/index.php",
    "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php", "/actuator/health", "/cgi-bin/luci",
    "/boaform/admin/formLogin", "/solr/admin/info/system",
    "/admin/.env.backup", "/server-status", "/config.json", "/owa/auth/logon.aspx",
)  # fmt: skip
_SHARED_ASSETS: Final = (
    "/assets/app.4f2a9c1e.css", "/assets/vendor.81b7d003.js", "/assets/app.c03de7a5.js", "/assets/logo.svg",
    "/assets/fonts/inter-regular.woff2", "/assets/fonts/inter-bold.woff2",
)  # fmt: skip

PRODUCTS: Final = len(_MAKES) * len(_KINDS)
IMAGES_PER_PRODUCT: Final = 4
IMAGES_PER_POST: Final = 2


class State(IntEnum):
    """What a visitor asks for next; LEAVE ends the visit."""

    HOME = 0
    CATEGORY = 1
    PRODUCT = 2
    POST = 3
    SEARCH = 4
    ADD = 5
    CART = 6
    CHECKOUT = 7
    PAY = 8
    THANKS = 9
    LOGIN = 10
    SIGN_IN = 11
    ACCOUNT = 12
    ABOUT = 13
    CONTACT = 14
    SEND = 15
    MISSING = 16
    MOVED = 17
    LEAVE = 18


# the first are the most popular, so kinds and makes are mixed: 97 shares no factor with the number of products
_BY_MAKE = [
    f"/product/{make}-{kind}-{1000 + 100 * m + k}" for m, make in enumerate(_MAKES) for k, kind in enumerate(_KINDS)
]
_PRODUCT_PATHS = [_BY_MAKE[(i * 97 + 31) % PRODUCTS] for i in range(PRODUCTS)]
_POST_PATHS = [
    f"/journal/{topic}{suffix}" for suffix in ("", "-part-2", "-2025", "-reader-letters") for topic in _TOPICS
]

# one slice of PATHS a state: the pages it may stand for, most visited first
_PAGES: Final[dict[State, list[str]]] = {
    State.HOME: ["/"],
    State.CATEGORY: [f"/category/{name}" for name in _CATEGORIES],
    State.PRODUCT: _PRODUCT_PATHS,
    State.POST: _POST_PATHS,
    State.SEARCH: ["/search"],
    State.ADD: ["/cart/add"],
    State.CART: ["/cart"],
    State.CHECKOUT: ["/checkout"],
    State.PAY: ["/checkout/pay"],
    State.THANKS: ["/checkout/thank-you"],
    State.LOGIN: ["/account/login"],
    State.SIGN_IN: ["/account/login"],
    State.ACCOUNT: ["/account", "/account/orders", "/account/wishlist"],
    State.ABOUT: ["/about", "/delivery", "/returns", "/privacy", "/jobs"],
    State.CONTACT: ["/contact"],
    State.SEND: ["/contact"],
    State.MISSING: ["/category/tent", "/product/alder-tent-1p-0999", "/journal/2019", "/index.php", "/shop/item?id=7"],
    State.MOVED: ["/shop", "/blog", "/category/tents/", "/sale"],
}
_MACHINE_PATHS: Final = ["/robots.txt", "/sitemap.xml", "/feed.xml", "/health", "/favicon.ico"]
_IMAGES: Final = [
    f"/images/products/{path.rsplit('/', 1)[1]}-{n}.webp"
    for path in _PRODUCT_PATHS
    for n in range(1, IMAGES_PER_PRODUCT + 1)
] + [f"/images/journal/{path.rsplit('/', 1)[1]}-{n}.jpg" for path in _POST_PATHS for n in range(1, IMAGES_PER_POST + 1)]
_STOCK: Final = [f"/api/stock/{path.rsplit('-', 1)[1]}" for path in _PRODUCT_PATHS]

PATHS: Final[list[str]] = ["", *(path for state in State if state is not State.LEAVE for path in _PAGES[state])]
NO_PATH: Final = 0
_sizes = [len(_PAGES[state]) for state in State if state is not State.LEAVE]
FIRST_PAGE: Final = np.concatenate(([1], 1 + np.cumsum(_sizes)[:-1]))
PAGE_COUNT: Final = np.array(_sizes)


def _append(paths: list[str] | tuple[str, ...]) -> int:
    PATHS.extend(paths)
    return len(PATHS) - len(paths)


ROBOTS: Final = _append(_MACHINE_PATHS)
SITEMAP, FEED, HEALTH, FAVICON = ROBOTS + 1, ROBOTS + 2, ROBOTS + 3, ROBOTS + 4
SHARED_ASSETS: Final = _append(_SHARED_ASSETS)
SHARED_ASSET_COUNT: Final = len(_SHARED_ASSETS)
PRODUCT_IMAGES: Final = _append(_IMAGES)
POST_IMAGES: Final = PRODUCT_IMAGES + PRODUCTS * IMAGES_PER_PRODUCT
STOCK: Final = _append(_STOCK)
SCANNED: Final = _append(_SCANNED)
SCANNED_COUNT: Final = len(_SCANNED)

QUERIES: Final[list[str]] = (
    [""]
    + [f"?utm_source={source}&utm_medium={medium}&utm_campaign={name}" for source, medium, name in _CAMPAIGNS]
    + [f"?q={words}" for words in _SEARCHES]
    + [f"?sort={order}&page={page}" for order in ("price", "newest") for page in range(1, 5)]
)
NO_QUERY: Final = 0
FIRST_CAMPAIGN: Final = 1
FIRST_SEARCH: Final = FIRST_CAMPAIGN + len(_CAMPAIGNS)
SEARCH_COUNT: Final = len(_SEARCHES)
FIRST_LISTING: Final = FIRST_SEARCH + SEARCH_COUNT
LISTING_COUNT: Final = 8

# what stands before path and query in the referrer field; an outside referrer is a whole URL with no path of ours
REFERRERS: Final = (
    "-", ORIGIN, "https://www.google.com/", "https://www.bing.com/", "https://duckduckgo.com/", "https://www.ecosia.org/",
    "https://www.facebook.com/", "https://l.instagram.com/", "https://t.co/9dKq2Lr1Xw", "https://www.reddit.com/r/hiking/",
    "https://www.pinterest.com/pin/84725/", "https://www.youtube.com/", "https://chatgpt.com/", "https://www.perplexity.ai/",
    "https://trailblog.example/gear/best-tents?from=sidebar", "https://news.ycombinator.com/item?id=39281734",
    "https://mail.google.com/", "android-app://com.google.android.gm/",
)  # fmt: skip
NO_REFERRER: Final = 0
OWN_SITE: Final = 1


class Source(IntEnum):
    """Where a visit comes from: the columns of the three tables below."""

    DIRECT = 0
    SEARCH = 1
    PAID_SEARCH = 2
    PAID_SOCIAL = 3
    SOCIAL = 4
    EMAIL = 5
    REFERRAL = 6
    ASSISTANT = 7


SOURCE_SHARE: Final = np.array([0.30, 0.32, 0.09, 0.07, 0.07, 0.07, 0.05, 0.03])
# rows of REFERRERS and of the campaigns that a visit of that source can carry (-1: no campaign)
SOURCE_REFERRERS: Final[tuple[tuple[int, ...], ...]] = (
    (0,), (2, 2, 2, 2, 2, 2, 3, 4, 5), (2, 2, 2, 3), (6, 7, 0), (6, 7, 8, 9, 10, 11), (0, 0, 16, 17), (14, 15),
    (12, 12, 13),
)  # fmt: skip
SOURCE_CAMPAIGNS: Final[tuple[tuple[int, ...], ...]] = (
    (-1,), (-1,), (0, 0, 1, 2, 3), (4, 4, 5), (-1, -1, -1, 6, 11), (7, 7, 8, 9), (-1, 10), (-1,),
)  # fmt: skip

_P: Final[dict[State, dict[State, float]]] = {
    State.HOME: {State.CATEGORY: 0.36, State.PRODUCT: 0.12, State.POST: 0.07, State.SEARCH: 0.08, State.LOGIN: 0.04,
                 State.ABOUT: 0.03, State.CONTACT: 0.01, State.MISSING: 0.004, State.MOVED: 0.006},
    State.CATEGORY: {State.PRODUCT: 0.50, State.CATEGORY: 0.20, State.SEARCH: 0.04, State.HOME: 0.03,
                     State.MISSING: 0.004, State.MOVED: 0.004},
    State.PRODUCT: {State.PRODUCT: 0.24, State.CATEGORY: 0.14, State.ADD: 0.11, State.SEARCH: 0.04, State.HOME: 0.03,
                    State.POST: 0.02, State.ABOUT: 0.02},
    State.POST: {State.POST: 0.20, State.PRODUCT: 0.12, State.CATEGORY: 0.07, State.HOME: 0.05, State.MISSING: 0.004},
    State.SEARCH: {State.PRODUCT: 0.55, State.SEARCH: 0.18, State.CATEGORY: 0.07},
    State.ADD: {State.CART: 1.0},
    State.CART: {State.CHECKOUT: 0.42, State.PRODUCT: 0.14, State.CATEGORY: 0.12, State.CART: 0.04},
    State.CHECKOUT: {State.PAY: 0.58, State.LOGIN: 0.08, State.CART: 0.08},
    State.PAY: {State.THANKS: 0.95, State.CHECKOUT: 0.05},
    State.THANKS: {State.HOME: 0.10, State.ACCOUNT: 0.12, State.CATEGORY: 0.06},
    State.LOGIN: {State.SIGN_IN: 0.80},
    State.SIGN_IN: {State.ACCOUNT: 0.93, State.LOGIN: 0.07},
    State.ACCOUNT: {State.ACCOUNT: 0.34, State.HOME: 0.12, State.CATEGORY: 0.16, State.PRODUCT: 0.10},
    State.ABOUT: {State.HOME: 0.12, State.CONTACT: 0.15, State.ABOUT: 0.12, State.CATEGORY: 0.10},
    State.CONTACT: {State.SEND: 0.40, State.HOME: 0.10},
    State.SEND: {State.HOME: 0.20, State.CONTACT: 0.10},
    State.MISSING: {State.HOME: 0.45, State.SEARCH: 0.15},
    State.MOVED: {State.CATEGORY: 0.9, State.HOME: 0.1},
}  # fmt: skip
TRANSITION: Final = np.array([[_P.get(State(i), {}).get(State(j), 0.0) for j in State] for i in State])
TRANSITION[:, State.LEAVE] += 1.0 - TRANSITION.sum(axis=1)
TRANSITION_CDF: Final = np.cumsum(TRANSITION, axis=1)

_L: Final = {
    Source.DIRECT: {State.HOME: 0.6, State.CATEGORY: 0.1, State.PRODUCT: 0.12, State.POST: 0.06, State.LOGIN: 0.08,
                    State.CART: 0.03, State.MISSING: 0.01},
    Source.SEARCH: {State.HOME: 0.18, State.CATEGORY: 0.2, State.PRODUCT: 0.3, State.POST: 0.29, State.ABOUT: 0.01,
                    State.MISSING: 0.01, State.MOVED: 0.01},
    Source.PAID_SEARCH: {State.HOME: 0.2, State.CATEGORY: 0.45, State.PRODUCT: 0.35},
    Source.PAID_SOCIAL: {State.CATEGORY: 0.4, State.PRODUCT: 0.6},
    Source.SOCIAL: {State.HOME: 0.2, State.POST: 0.6, State.PRODUCT: 0.2},
    Source.EMAIL: {State.HOME: 0.1, State.CATEGORY: 0.35, State.PRODUCT: 0.35, State.POST: 0.15, State.CART: 0.05},
    Source.REFERRAL: {State.POST: 0.5, State.PRODUCT: 0.3, State.CATEGORY: 0.15, State.MISSING: 0.05},
    Source.ASSISTANT: {State.PRODUCT: 0.5, State.POST: 0.4, State.CATEGORY: 0.1},
}  # fmt: skip
LANDING_CDF: Final = np.cumsum([[_L[s].get(State(j), 0.0) for j in State] for s in Source], axis=1)

REDIRECTS: Final = (State.ADD, State.PAY, State.SIGN_IN, State.SEND, State.MOVED)
POSTS: Final = (State.ADD, State.PAY, State.SIGN_IN, State.SEND)
STATUS: Final = np.full(len(State), 200)
STATUS[[State.ADD, State.PAY, State.SIGN_IN, State.SEND]] = 303
STATUS[State.MOVED] = 301
STATUS[State.MISSING] = 404
