"""Patterns of what must not pass the raw zone. RE2 and Java agree on them: no look-around, no back-references."""

from __future__ import annotations

from typing import Final

EMAIL = r"[A-Za-z0-9._%+-]+(?:@|%40)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}"
# Name and password before the host of a URL. Masked first, since with the host they look like an e-mail address
USER_INFO = r"://[^/?#@ ]+@"
IPV4 = r"\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b"
# Eight groups, or fewer around a '::'. Times (10:05:03) and log dates (2024:10:05:03) have fewer and no '::'
IPV6 = (
    r"\b(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}\b"
    r"|\b(?:[0-9A-Fa-f]{1,4}:){1,7}:(?:[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){0,6})?"
    r"|::(?:[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){0,6})"
)

EMAIL_MASK = "[email]"
USER_INFO_MASK = "://[user]@"
IP_MASK = "[ip]"

# For text of any shape: pattern and mask, in the order in which they are put
ALL: Final = ((USER_INFO, USER_INFO_MASK), (EMAIL, EMAIL_MASK), (IPV4, IP_MASK), (IPV6, IP_MASK))
