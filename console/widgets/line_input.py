"""A line to type in that draws nothing that could act on the terminal, whatever was pasted or stood there before."""

from __future__ import annotations

from rich.segment import Segment
from textual.strip import Strip
from textual.widgets import Input


class LineInput(Input):
    """Textual's, but for what it draws. Its value stays as it is."""

    def render_line(self, y: int) -> Strip:
        """One line, with a mark in place of each character that cannot be printed."""
        line = super().render_line(y)
        if all(segment.text.isprintable() for segment in line):
            return line
        marked = [Segment(_marked(text), style) for text, style, _control in line]
        return Strip(marked).adjust_cell_length(self.size.width)


def _marked(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)
