"""The base of the console's own widgets: lines of text of which only those that changed are drawn again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import TypeAlias

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.events import Resize
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from console.format import fit, visible, width
from console.frame import Frame

Span: TypeAlias = tuple[str, Style]
NO_LINE = Strip([])
Line: TypeAlias = Sequence[Span]


def strip(line: Iterable[Span], under: Style | None = None) -> Strip:
    """A line as Textual draws it, `under` being the style below all of its spans.

    Widgets make strangers' texts visible where they fit them into columns. What one forgot must not reach the terminal
    either, so nothing that cannot be printed passes here.
    """
    if under is None:
        return Strip([Segment(harmless(text), style) for text, style in line if text])
    return Strip([Segment(harmless(text), style + under) for text, style in line if text])


def harmless(text: str) -> str:
    """`text`, if it can be printed as it is; else with marks for what cannot."""
    return text if text.isprintable() else visible(text)


def spread(left: Line, right: Line, cells: int, ellipsis: str = "…") -> list[Span]:
    """Two parts of a line at its two ends; the left one is cut when both do not fit."""
    room = max(cells - sum(width(text) for text, _ in right), 0)
    return [*cut(left, room, ellipsis), *right]


def cut(line: Line, cells: int, ellipsis: str = "…") -> list[Span]:
    """A line in exactly `cells` cells."""
    spans: list[Span] = []
    left = cells
    for index, (text, style) in enumerate(line):
        used = width(text)
        last = index == len(line) - 1
        if used > left or (used == left and not last and any(more for more, _ in line[index + 1 :])):
            spans.append((fit(text + " " * (left + 1), left, ellipsis=ellipsis), style))
            return spans
        spans.append((text, style))
        left -= used
    if left:
        spans.append((" " * left, Style()))
    return spans


class Lines(Widget):
    """A widget made of lines. Subclasses say in `draw` what they are, and in `made_of` what that depends on.

    Drawing happens on each resize and on each frame in which something of that changed.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = "Lines { height: 1; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._strips: list[Strip] = []
        self._frame: Frame | None = None
        self._below: Style | None = None
        self._drawn: tuple[object, ...] | None = None

    def show(self, frame: Frame) -> None:
        """Show a new picture."""
        self._frame = frame
        size = self.size
        if not self.display or not size.width:
            return
        drawn = (size, frame.look, *self.made_of(frame))
        before, self._drawn = self._drawn, drawn  # the newest of two that are the same, so that old pictures can go
        if drawn != before:
            self._put(self.draw(frame), size.width)

    def made_of(self, frame: Frame) -> tuple[object, ...]:
        """What of a frame the lines are made of, besides the look; all of it where a subclass does not say."""
        return (frame,)

    def draw(self, frame: Frame) -> list[Strip]:
        """The lines of this picture, at most as many and as wide as the widget is."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw the same picture again, because something of the widget's own changed."""
        self._drawn = None
        if self._frame is not None:
            self.show(self._frame)

    def on_resize(self, _event: Resize) -> None:
        """Lines are made for a width."""
        self._strips = []
        self.redraw()

    def render_line(self, y: int) -> Strip:
        """One line, as Textual asks for it."""
        line = self._strips[y] if y < len(self._strips) else NO_LINE
        if self._below is None:
            self._below = self.rich_style  # found by asking all ancestors, which would be dear for each line
        return line.adjust_cell_length(self.size.width).apply_style(self._below)

    def notify_style_update(self) -> None:
        """Textual tells that styles changed, as with another theme."""
        self._below = None
        super().notify_style_update()

    def _put(self, strips: list[Strip], cells: int) -> None:
        before, self._strips = self._strips, strips
        regions = [
            Region(start, y, end - start, 1)
            for y, (old, new) in enumerate(zip_longest(before, strips, fillvalue=NO_LINE))
            for start, end in changed_cells(old, new, cells)
        ]
        if regions:
            self.refresh(*regions)


def changed_cells(old: Strip, new: Strip, width: int) -> list[tuple[int, int]]:
    """The stretch of cells in which two lines differ, as start and end; none when they are the same."""
    if old is new or old == new:
        return []
    before, after = list(old), list(new)
    start = end = 0
    while before and after and before[0] == after[0]:
        start += before.pop(0).cell_length
        after.pop(0)
    if old.cell_length == new.cell_length:
        while before and after and before[-1] == after[-1]:
            end += before.pop().cell_length
            after.pop()
    return [(start, (new.cell_length if end else width) - end)]


class Panel(Lines):
    """Lines in a frame with a title."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._heading: list[Span] = []

    def entitle(self, spans: Line) -> None:
        """Set the title; setting the same again draws nothing. On a mere rule it gets some air around it."""
        framed = self.styles.border_left[0]
        safe = [(harmless(text), style) for text, style in spans]
        look = self._frame.look if self._frame is not None else None
        room = self.size.width - 4
        if look is not None and sum(width(text) for text, _ in safe) > room:
            safe = cut(safe, room, look.glyphs.ellipsis)  # Textual's own sign is no ASCII
        title = safe if framed else [(" ", Style()), *safe, (" ", Style())]
        if title != self._heading:
            self._heading = title
            self.border_title = Text.assemble(*title)
