"""Estimates the tokens of a text, in linear time and without leaving C for the text itself.

The weights are a fit over four byte-pair vocabularies (Qwen 2.5, Qwen 3.5, OpenAI o200k and cl100k) on code, prose,
JSON, diffs and shell output, and on manuals in nine languages: half of the texts come out within 6 to 8 % of the true
count, 95 of 100 within 19 to 25 %.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

WORD, LETTER, HUMP, DIGIT, MARK, LINE = 0.8, 0.085, 1.3, 1.1, 0.43, 0.95
"""A word and each of its letters, a capital after a small letter, a digit, a mark, a line end. Blanks are free."""

OTHER_SCRIPTS = {b"x": 0.35, b"t": 0.6, b"s": 1.3, b"j": 0.65, b"h": 0.6, b"k": 0.75, b"e": 2.0}
"""A character of: Latin with accents, Greek, Cyrillic, Arabic (two bytes of UTF-8); Indic, Thai, Georgian; signs and
typography; kana; Han; Hangul; emoji and rare signs (four bytes)."""

_HAN = (b"j", b"h")

PROSE, CODE = 0.2, 0.4
"""Marks and digits for each word, in tokens: up to the first all words count as prose, from the second on as code."""


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


class Mix(NamedTuple):
    """Tokens, estimated and not calibrated, by kind of text: vocabularies differ most in which kinds they know.

    `prose` and `code`: words of the Latin script, in sentences or between many marks; `marks`: punctuation and line
    ends; `digits`; `han`: Han and kana; `wide`: all other scripts; `fixed`: what the template and media cost.
    """

    prose: float
    code: float
    marks: float
    digits: float
    han: float
    wide: float
    fixed: float

    @property
    def total(self) -> float:
        """Tokens altogether."""
        return sum(self)

    def minus(self, other: Mix) -> Mix:
        """What this has more than the other; figures may be negative."""
        return Mix(*(mine - theirs for mine, theirs in zip(self, other, strict=True)))


NOTHING = Mix(*[0.0] * len(Mix._fields))


@lru_cache(64)
def fixed(tokens: float) -> Mix:
    """Tokens that depend on no text."""
    return NOTHING._replace(fixed=float(tokens))


def joined(mixes: Iterable[Mix]) -> Mix:
    """All of them together."""
    given = tuple(mixes)
    if len(given) == 1:
        return given[0]
    # one zero for all saves memory
    return Mix._make([sum(column) or 0.0 for column in zip(*given, strict=True)]) if given else NOTHING


def mix_of(text: str) -> Mix:
    """The estimate of a text by kind of text.

    Letters are looked at as bits of long integers, one bit in each byte: shifting and counting those bits finds
    neighbours several times faster than searching the bytes for pairs.
    """
    if not text:
        return NOTHING
    data = text.encode("utf-8", "replace")
    small = int.from_bytes(data.translate(_SMALL), "little")
    capital = int.from_bytes(data.translate(_CAPITAL), "little")
    letters = small | capital
    letter_count = letters.bit_count()
    words = letter_count - (letters & letters << 8).bit_count()
    humps = (capital & small << 8).bit_count()
    rest = data.translate(_CLASSES, _LETTERS + _FOLLOWING)
    latin = WORD * words + LETTER * letter_count + HUMP * humps
    marks = MARK * rest.count(b".") + LINE * rest.count(b"\n")
    digits = DIGIT * rest.count(b"0")
    han = wide = 0.0
    if not text.isascii():
        beyond = rest.translate(None, b"0.\n ")
        han = sum(OTHER_SCRIPTS[name] * beyond.count(name) for name in _HAN)
        wide = sum(weight * beyond.count(name) for name, weight in OTHER_SCRIPTS.items()) - han
    code = latin * min(max((marks + digits - PROSE * latin) / ((CODE - PROSE) * latin), 0.0), 1.0) if latin else 0.0
    return Mix(*map(_stepped, (latin - code, code, marks, digits, han, wide, 0.0)))


def _stepped(tokens: float) -> float:
    """A multiple of a power of two, so that sums are exact: a beginning and its end are together what the whole is."""
    return round(tokens * 2**24) / 2**24


def estimate_text(text: str) -> float:
    """Tokens of a text."""
    return mix_of(text).total
