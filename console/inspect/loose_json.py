"""Reads JSON of which the recorder kept only the beginning and the end."""

from __future__ import annotations

import re
from typing import Any, cast

import orjson

from proxy_core.record_making import LEFT_OUT
from proxy_core.translate.types import JsonObject

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],]')
_GAP = re.compile(re.escape(LEFT_OUT).replace(r"\{count:,\}", r"[\d,]+"))
_CLOSING = {"{": "}", "[": "]"}


def read_object(text: str) -> tuple[JsonObject | None, str]:
    """The JSON object of a text that may be cut, as far as it goes, and the raw rest that could not be read.

    None when it is no JSON object at all.
    """
    try:
        parsed: object = orjson.loads(text)
        rest = ""
    except orjson.JSONDecodeError:
        gap = _GAP.search(text)
        head = text[: gap.start()] if gap else text
        parsed, end = _begun(head)
        rest = text[end:]
    return (cast("JsonObject", parsed), rest) if isinstance(parsed, dict) else (None, text)


def _begun(text: str) -> tuple[Any, int]:
    """What a text that breaks off says up to its last whole part, and where that ends."""
    stack: list[str] = []
    end, closers = 0, ""
    for found in _TOKEN.finditer(text):
        piece = found[0]
        if piece in _CLOSING:
            stack.append(_CLOSING[piece])
            continue
        if piece in "]}":
            if not stack or stack.pop() != piece:
                break
            end, closers = found.end(), "".join(reversed(stack))
        elif piece == ",":
            end, closers = found.start(), "".join(reversed(stack))
    try:
        return orjson.loads(text[:end] + closers), end
    except orjson.JSONDecodeError:
        return None, 0
