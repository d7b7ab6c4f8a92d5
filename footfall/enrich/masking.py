"""Patterns of what must not pass the raw zone. RE2 and Java agree on all of them: no look-around, no back-references."""

from __future__ import annotations

EMAIL = r"[A-Za-z0-9._%+-]+(?:@|%40)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}"
IPV4 = r"\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b"
# Full and compressed IPv6; a time such as 10:05:03 has two colons in a row of digits only and no '::'
IPV6 = (
    r"\b(?:[0-9A-Fa-f]{1,4}:){3,7}[0-9A-Fa-f]{1,4}\b"
    r"|\b(?:[0-9A-Fa-f]{1,4}:){1,7}:(?:[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){0,6})?"
    r"|::(?:[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){0,6})"
)

EMAIL_MASK = "[email]"
IP_MASK = "[ip]"
