"""A reply that repeats itself: its tail is one short unit, over and over.

Measured on 1,659 real replies (none flagged) and 18 made ones (all flagged).
"""

from __future__ import annotations

import re

LONGEST_UNIT = 400
FEWEST_TIMES = 6
SHORTEST_TAIL = 400
SHORTEST_RULE = 1500
"""Lines of dashes and table rules are legitimate for longer."""

CHECK_EVERY = 512
"""Characters between two checks of a growing text."""

TAIL = LONGEST_UNIT * FEWEST_TIMES + SHORTEST_RULE
"""Characters at the end of a text that decide."""

WHOLE = 2048
"""A piece longer than this comes from a server that sends what it had finished: to cut it would save nothing."""

_PROBE = 16
_RULE = re.compile(r"[\s|\-=_*#.+~:─━═│┃┼└┘┌┐├┤┬┴]+")


def repeated_tail(text: str) -> int:
    """Length of the unit that the end of `text` repeats, 0 when it does not.

    The unit is at most 400 characters long, stands at least six times in a row and over at least 400 characters; the
    first one may be cut. A text that does not repeat costs one search: the last characters stand nowhere else.
    """
    if len(text) < SHORTEST_TAIL:
        return 0
    probe = text[-_PROBE:]
    here = len(text) - _PROBE
    floor = max(here - LONGEST_UNIT, 0)
    before = text.rfind(probe, floor, len(text) - 1)
    while before >= 0:
        unit = here - before
        if _stands(text, unit, max(FEWEST_TIMES * unit, SHORTEST_TAIL)):
            rule = _RULE.fullmatch(text[-unit:])
            return unit if not rule or _stands(text, unit, SHORTEST_RULE) else 0
        before = text.rfind(probe, floor, before + _PROBE - 1)
    return 0


def _stands(text: str, unit: int, length: int) -> bool:
    """Whether the last `length` characters are the unit again and again."""
    return len(text) >= length and text[-length:-unit] == text[len(text) - length + unit :]


class TailWatch:
    """Watches a growing text, or several one after another, for repetition."""

    def __init__(self) -> None:
        self.unit = ""
        self._tail = ""
        self._pieces: list[str] = []
        self._length = 0

    def begin(self) -> None:
        """Another text begins."""
        self._tail, self._pieces, self._length = "", [], 0

    def add(self, piece: str) -> bool:
        """Take what was written; whether the text now repeats itself, and then `unit` is what it repeats."""
        size = len(piece)
        self._length += size
        self._pieces.append(piece)
        if self._length < CHECK_EVERY:
            return False
        if size > WHOLE:
            self.begin()
            return False
        self._tail = (self._tail + "".join(self._pieces))[-TAIL:]
        self._pieces, self._length = [], 0
        unit = repeated_tail(self._tail)
        if unit:
            self.unit = self._tail[-unit:]
        return unit > 0
