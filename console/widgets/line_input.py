"""A line to type in that draws nothing that could act on the terminal, whatever was pasted or stood there before."""

from __future__ import annotations

from collections import deque
from functools import cached_property
from typing import ClassVar

from rich.segment import Segment
from textual.events import Key
from textual.strip import Strip
from textual.widgets import Input


class LineInput(Input):
    """Textual's, but for what it draws. Its value stays as it is.

    Keys that follow at once the one that opened a line were sent to what had the focus before, and come to the app
    without having passed by here.
    """

    HEARD: ClassVar[int] = 64
    """More keys than that are never on their way from here to the app."""

    @cached_property
    def _heard(self) -> deque[Key]:
        return deque(maxlen=self.HEARD)

    def heard(self, event: Key) -> bool:
        """Whether a key passed by here."""
        return any(event is one for one in self._heard)

    def on_key(self, event: Key) -> None:
        """Remember it."""
        self._heard.append(event)

    def render_line(self, y: int) -> Strip:
        """One line, with a mark in place of each character that cannot be printed."""
        line = super().render_line(y)
        if all(segment.text.isprintable() for segment in line):
            return line
        marked = [Segment(_marked(text), style) for text, style, _control in line]
        return Strip(marked).adjust_cell_length(self.size.width)


def _marked(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)
