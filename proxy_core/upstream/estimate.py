"""Estimates the tokens of a prompt from its text alone, in linear time and without leaving C for the text itself.

The weights are a fit over four byte-pair vocabularies (Qwen 2.5, Qwen 3.5, OpenAI o200k and cl100k) on code, prose,
JSON, diffs and shell output, and on manuals in nine languages: half of the texts come out within 6 to 8 % of the true
count, 95 of 100 within 19 to 25 %.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import orjson

from proxy_core.translate.types import JsonObject

MESSAGE_TOKENS = 5
"""The marks that a chat template puts around a message."""

CALL_TOKENS = 12
"""The tags, keys and braces around a tool call."""

TOOLS_TOKENS = 100
"""What templates say before the first tool."""

TURN_TOKENS = 4
"""The head of the answer that the template begins."""

MEDIA_TOKENS = 1000
"""An image or a sound, of whatever size: servers scale them, and base64 is never read as text."""

WORD, LETTER, HUMP, DIGIT, MARK, LINE = 0.8, 0.085, 1.3, 1.1, 0.43, 0.95
"""A word and each of its letters, a capital after a small letter, a digit, a mark, a line end. Blanks are free."""

OTHER_SCRIPTS = {b"x": 0.35, b"t": 0.6, b"s": 1.3, b"j": 0.65, b"h": 0.6, b"k": 0.75, b"e": 2.0}
"""A character of: Latin with accents, Greek, Cyrillic, Arabic (two bytes of UTF-8); Indic, Thai, Georgian; signs and
typography; kana; Han; Hangul; emoji and rare signs (four bytes)."""


def _class_of(byte: int) -> bytes:
    """What a byte counts as: a blank, a digit, a line end, a mark, or the first byte of a character beyond ASCII."""
    char = chr(byte)
    if byte >= 0x80:
        for first_above, name in ((0xE0, b"x"), (0xE2, b"t"), (0xE3, b"s"), (0xE4, b"j"), (0xEA, b"h"), (0xF0, b"k")):
            if byte < first_above:
                return name
        return b"e"
    if char.isdigit():
        return b"0"
    return b"\n" if char == "\n" else b" " if char.isspace() or byte < 0x20 else b"."


_CLASSES = b"".join(map(_class_of, range(256)))
_SMALL = bytes(97 <= byte <= 122 for byte in range(256))
_CAPITAL = bytes(65 <= byte <= 90 for byte in range(256))
_LETTERS = bytes(byte for byte in range(256) if _SMALL[byte] or _CAPITAL[byte])
_FOLLOWING = bytes(range(0x80, 0xC0))
"""The bytes of a UTF-8 character after its first; without them each character is one byte."""


def estimate(body: JsonObject) -> int:
    """Tokens of a Chat Completions body as a prompt: messages, tools and what a template puts around them."""
    texts: list[str] = []
    tokens = TURN_TOKENS
    for message in _objects(body.get("messages")):
        tokens += MESSAGE_TOKENS + _message(message, texts)
    if tools := body.get("tools"):
        tokens += TOOLS_TOKENS
        texts.append(orjson.dumps(tools).decode())
    return tokens + round(estimate_text(" ".join(texts)))


def estimate_text(text: str) -> float:
    """Tokens of a text.

    Letters are looked at as bits of long integers, one bit in each byte: shifting and counting those bits finds
    neighbours several times faster than searching the bytes for pairs.
    """
    data = text.encode("utf-8", "replace")
    small = int.from_bytes(data.translate(_SMALL), "little")
    capital = int.from_bytes(data.translate(_CAPITAL), "little")
    letters = small | capital
    letter_count = letters.bit_count()
    words = letter_count - (letters & letters << 8).bit_count()
    humps = (capital & small << 8).bit_count()
    rest = data.translate(_CLASSES, _LETTERS + _FOLLOWING)
    tokens = WORD * words + LETTER * letter_count + HUMP * humps
    tokens += DIGIT * rest.count(b"0") + MARK * rest.count(b".") + LINE * rest.count(b"\n")
    if not text.isascii():
        beyond = rest.translate(None, b"0.\n ")
        tokens += sum(weight * beyond.count(name) for name, weight in OTHER_SCRIPTS.items())
    return tokens


def _message(message: JsonObject, texts: list[str]) -> int:
    """Add the texts of a message to `texts`; the tokens of what is no text."""
    tokens = 0
    content: object = message.get("content")
    if isinstance(content, str):
        texts.append(content)
    else:
        for part in _objects(content):
            text: object = part.get("text")
            if isinstance(text, str):
                texts.append(text)
            else:
                tokens += MEDIA_TOKENS
    texts += [message[name] for name in ("reasoning_content", "reasoning") if isinstance(message.get(name), str)]
    for call in _objects(message.get("tool_calls")):
        tokens += CALL_TOKENS
        function = cast("JsonObject", call.get("function") or {})
        texts += [str(function.get("name", "")), str(function.get("arguments", ""))]
    return tokens


def _objects(value: object) -> Iterator[JsonObject]:
    if isinstance(value, list):
        yield from (item for item in cast("list[Any]", value) if isinstance(item, dict))
