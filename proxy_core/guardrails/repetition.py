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

_RULE = re.compile(r"[\s|\-=_*#.+~:─━═│┃┼└┘┌┐├┤┬┴]+")


def repeated_tail(text: str) -> int:
    """Length of the unit that the end of `text` repeats, 0 when it does not.

    The unit is at most 400 characters long, stands at least six times in a row and over at least 400 characters; the
    last one may be cut. Linear in the length looked at.
    """
    tail = text[-(LONGEST_UNIT * FEWEST_TIMES + SHORTEST_RULE) :]
    if len(tail) < SHORTEST_TAIL:
        return 0
    return _unit(tail)


def _unit(tail: str) -> int:
    backwards = tail[::-1]
    borders = [0] * len(backwards)
    length = 0
    best = 0
    for index in range(1, len(backwards)):
        while length and backwards[index] != backwards[length]:
            length = borders[length - 1]
        if backwards[index] == backwards[length]:
            length += 1
        borders[index] = length
        covered = index + 1
        period = covered - length
        if period <= LONGEST_UNIT and covered >= max(SHORTEST_TAIL, FEWEST_TIMES * period):
            best = period
            break
    if not best:
        return 0
    unit = tail[-best:]
    if _RULE.fullmatch(unit):
        return best if _covers(backwards, best, SHORTEST_RULE) else 0
    return best


def _covers(backwards: str, period: int, needed: int) -> bool:
    if len(backwards) < needed:
        return False
    return all(backwards[index] == backwards[index - period] for index in range(period, needed))
