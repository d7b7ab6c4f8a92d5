"""Visitor ids: keyed, the same for the same three values, null without an address."""

from __future__ import annotations

import itertools

import pyarrow as pa

from footfall.enrich.visitors import visitor_ids

KEY = bytes(range(32))


def ids(*rows: tuple[str | None, str | None, str | None], key: bytes = KEY) -> list[str | None]:
    return visitor_ids(key, *(pa.array(column, pa.string()) for column in zip(*rows, strict=True))).to_pylist()


def test_is_hmac_sha256_of_address_agent_and_host() -> None:
    # printf '192.0.2.1\\x1fFirefox\\x1fshop.example' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0001..1f
    assert ids(("192.0.2.1", "Firefox", "shop.example")) == ["b3c1c59c910e4191a7aaf8b63cb21374"]


def test_null_only_without_an_address() -> None:
    found = ids(
        (None, "Firefox", "h"), ("192.0.2.1", None, "h"), ("192.0.2.1", "Firefox", None), ("192.0.2.1", None, None)
    )
    assert found[0] is None
    assert len(set(found)) == 4
    assert ids((None, None, None)) == [None]


def test_differs_where_any_value_or_the_key_differs() -> None:
    rows = list(itertools.product(["192.0.2.1", "192.0.2.11"], ["a", "1a", ""], ["h", "ah", ""]))
    # a missing value and an empty one are the same visitor; every other row is one of its own
    assert len(set(ids(*rows))) == len(rows)
    assert not set(ids(*rows)) & set(ids(*rows, key=bytes(32)))


def test_keeps_the_order_of_the_rows() -> None:
    rows = [(f"192.0.2.{n % 3}", "a", "h") for n in range(10)]
    found = ids(*rows)
    assert found == [ids(row)[0] for row in rows]
