"""Visitor ids for sources without a first-party id: a keyed hash that cannot be turned back into an address."""

from __future__ import annotations

import hmac

import pyarrow as pa
import pyarrow.compute as pc

ID_LENGTH = 32  # hex digits: 128 of HMAC-SHA-256's 256 bits, so that no two visitors ever share an id by chance


def visitor_ids(key: bytes, client_ip: pa.Array, user_agent: pa.Array, host: pa.Array) -> pa.Array:
    """HMAC-SHA-256 of address, user agent and host, as hex; null where there is no address."""
    text = [column.cast(pa.large_string()).fill_null("") for column in (client_ip, user_agent, host)]
    encoded = pc.binary_join_element_wise(*text, pa.scalar("\x1f", pa.large_string())).dictionary_encode()
    ids = [hmac.digest(key, value.encode(), "sha256").hex()[:ID_LENGTH] for value in encoded.dictionary.to_pylist()]
    joined = pa.array(ids, pa.string()).take(encoded.indices)
    return pc.if_else(client_ip.is_valid(), joined, pa.scalar(None, pa.string()))
