"""Charts, the only place that knows plotext. It has one global figure, so charts are built on the UI's thread only."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, Literal, TypeAlias

import plotext  # pyright: ignore[reportMissingTypeStubs]
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from console.theme import Look
from console.widgets.overlay import Y_LABEL

plot: Any = plotext
Colour: TypeAlias = Literal["good", "accent", "name", "warn"]

SGR = re.compile(r"\x1b\[([\d;]*)m")
BOXES = str.maketrans("┌┐└┘├┤┬┴┼─│", "+++++|+++-|")
LEAST_CELLS, LEAST_ROWS = Y_LABEL + 8, 3
"""Below that a chart says nothing."""


@dataclass(frozen=True, slots=True)
class Plot:
    """One curve to be drawn: values in equal steps (None: no value there), its top, and the words below its x axis."""

    values: tuple[float | None, ...]
    left: str
    right: str
    top: float
    colour: Colour
    middle: str = ""


def nice_top(value: float, least: float = 1.0) -> float:
    """The next round figure at or above `value`: 1, 2, 4, 5 or 8 times a power of ten."""
    value = max(value, least)
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 4, 5, 8, 10) if step * power >= value * 0.999)


def figure_label(value: float) -> str:
    """A figure on the y axis in at most five cells: `0`, `2.5`, `40`, `1.2k`, `64k`."""
    if value >= 10_000:
        return f"{value / 1000:.0f}k"
    if value >= 1000:
        return f"{value / 1000:.1f}k".replace(".0k", "k")
    return f"{value:.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"


def drawn(plotted: Plot, cells: int, rows: int, look: Look) -> list[Strip]:
    """The curve in `rows` lines of `cells` cells, with a y axis at the left and the two ends of x below."""
    if cells < LEAST_CELLS or rows < LEAST_ROWS:
        return [Strip.blank(cells)] * rows
    figure = plot.figure
    figure.clear()
    figure.theme(_theme(plotted.colour, look))
    plot.terminal.limit(False, False)  # where there is no terminal, as in tests, 80 columns would be the most
    figure.plot_size(cells, rows)
    _axes(figure, plotted, rows)
    points = [(x, value) for x, value in enumerate(plotted.values) if value is not None]
    if points:
        marker = "*" if look.glyphs.ascii_only else "hd"
        signal = figure.signal([x for x, _ in points], [y for _, y in points], marker=marker)
        signal.fillx()
        signal.lines()
        for index, ((before, _), (after, _)) in enumerate(pairwise(points), 1):
            if after > before + 1:
                signal.line(index, False)
        figure.draw(signal)
    text = str(figure.build())
    if look.glyphs.ascii_only:
        text = text.translate(BOXES)
    return [Strip(_segments(line)).crop(0, cells) for line in text.split("\n")[:rows]]


def _segments(line: str) -> list[Segment]:
    """The line's coloured stretches. Only colours that `_theme` gave, and resets, can be in it."""
    segments: list[Segment] = []
    style = Style()
    for index, part in enumerate(SGR.split(line)):
        if index % 2:
            style = _style(part)
        elif part:
            segments.append(Segment(part, style))
    return segments


@lru_cache(64)
def _style(code: str) -> Style:
    numbers = [int(number) for number in code.split(";") if number]
    return Style(color=Color.from_rgb(*numbers[2:5])) if numbers[:2] == [38, 2] else Style()


def _axes(figure: Any, plotted: Plot, rows: int) -> None:
    last = max(len(plotted.values) - 1, 1)  # plotext complains of an axis without length; a single value is at its left
    figure.axes(False, axis="x", side="both")
    figure.axes(False, axis="y", side="both")
    marks = (0.0, plotted.top) if rows < 6 else (0.0, plotted.top / 2, plotted.top)
    figure.ruler("y").lim(0, plotted.top)
    figure.ruler("y").alignment(lim="edge")
    figure.ruler("y").ticks(list(marks), [figure_label(mark).rjust(Y_LABEL) for mark in marks])
    figure.ruler("x").lim(0, last)
    words = {0: plotted.left, last: plotted.right} | ({last / 2: plotted.middle} if plotted.middle else {})
    figure.ruler("x").ticks(list(words), list(words.values()))


def _theme(colour: Colour, look: Look) -> str:
    """Register and name the theme of one colour: no backgrounds, and no colour at all where the look has none."""
    if not look.colours:
        return "colorless"
    name = f"interlock-{colour}"
    curve = look.colours[colour]
    plot.add_theme(name, text=look.colours["muted"], sequence=[curve] * 16)
    return name
