"""Signs on top of a chart that was drawn already."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from console.theme import Look

Cells = list[tuple[str, Style]]

Y_LABEL = 5
"""Cells of the figures at the left, the same in all charts, so that charts above each other line up."""


def cells_of(strip: Strip) -> Cells:
    """A line by its cells; every character of a chart takes one."""
    return [(letter, segment.style or Style()) for segment in strip for letter in segment.text]


def strip_of(cells: Cells) -> Strip:
    """The line of those cells."""
    return Strip([Segment(letter, style) for letter, style in cells]).simplify()


def column(share: float, width: int) -> int:
    """The cell in which a share (0 to 1) of the x axis lies."""
    return Y_LABEL + round(min(max(share, 0.0), 1.0) * (width - Y_LABEL - 1))


def marked(strips: list[Strip], marks: Sequence[tuple[float, str]], look: Look) -> list[Strip]:
    """A thin line from top to bottom at each share of the x axis, behind the curve, with a letter at its top.

    Where two fall into one cell the later one's letter stands. The last line of a chart is its axis.
    """
    if not marks or len(strips) < 2:
        return strips
    found = [cells_of(strip) for strip in strips]
    style = look.warn
    for share, letter in marks:
        place = column(share, len(found[0]))
        for row in found[:-1]:
            if row[place][0] == " ":
                row[place] = (look.glyphs.separator, style)
        found[0][place] = (letter, style + Style(bold=True))
    return [strip_of(cells) for cells in found]
