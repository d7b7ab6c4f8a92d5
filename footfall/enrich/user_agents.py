"""Browser, operating system and device type of user agents, by ua-parser (uap-core's rules, Rust build).

A day of logs has few distinct agents: each is parsed once per process and remembered.
"""

from __future__ import annotations

from functools import lru_cache

import pyarrow as pa
from ua_parser import parse as parse_user_agent

_DESKTOP = {
    "Windows",
    "Mac OS X",
    "Linux",
    "Ubuntu",
    "Debian",
    "Fedora",
    "Red Hat",
    "SUSE",
    "Gentoo",
    "Arch Linux",
    "Chrome OS",
    "FreeBSD",
    "OpenBSD",
    "NetBSD",
    "Solaris",
    "CentOS",
    "Linux Mint",
    "Kubuntu",
}
_MOBILE = {"iOS", "Android", "Windows Phone", "BlackBerry OS", "Symbian OS", "KaiOS", "Firefox OS", "HarmonyOS"}

DEVICE_FIELDS = ("browser", "browser_version", "os", "os_version", "device_type")


@lru_cache(maxsize=200_000)
def describe(user_agent: str) -> tuple[str, str | None, str, str | None, str]:
    """(browser, browser_version, os, os_version, device_type) of one user agent; 'Other' where not recognised."""
    result = parse_user_agent(user_agent).with_defaults()
    browser, os, device = result.user_agent, result.os, result.device
    return (
        browser.family,
        _version(browser.major, browser.minor, browser.patch),
        os.family,
        _version(os.major, os.minor, os.patch),
        _device_type(user_agent, os.family, device.family),
    )


def device_columns(user_agents: pa.Array) -> pa.Array:
    """Struct array of ``DEVICE_FIELDS`` for each user agent; all null where there is none."""
    encoded = user_agents.dictionary_encode()
    rows = [describe(agent) for agent in encoded.dictionary.to_pylist()]
    columns = list(zip(*rows, strict=True)) or [()] * len(DEVICE_FIELDS)
    return pa.StructArray.from_arrays(
        [pa.array(column, pa.string()).take(encoded.indices) for column in columns], list(DEVICE_FIELDS)
    )


def _version(*parts: str | None) -> str | None:
    known = []
    for part in parts:
        if part is None:
            break
        known.append(part)
    return ".".join(known) or None


def _device_type(user_agent: str, os: str, device: str) -> str:
    if device == "Spider":
        return "bot"
    if "iPad" in user_agent or "Tablet" in user_agent or "Kindle" in device:
        return "tablet"
    if os == "Android":
        # Google's rule: a phone says Mobile, a tablet does not
        return "mobile" if "Mobile" in user_agent else "tablet"
    if os in _MOBILE:
        return "mobile"
    if os in _DESKTOP:
        return "desktop"
    return "other"
