"""A list in which one entry is chosen: the sessions, the requests of one, the settings."""

from __future__ import annotations

from rich.style import Style
from textual.events import Click
from textual.message import Message

from console.cursor import Cursor
from console.filters import Filter
from console.format import visible
from console.theme import Look
from console.widgets.lines import Panel, Span
from console.widgets.scrolled import Scrolled


class ChoiceList(Panel, Scrolled, can_focus=True):
    """A panel with a cursor that stays on its entry while entries move. Subclasses say what the `keys` are.

    A click chooses an entry, a double click opens it.
    """

    class Opened(Message):
        """The chosen entry was double-clicked."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._cursor = Cursor()

    @property
    def keys(self) -> list[str]:
        """What tells the entries apart, in the order of the list."""
        raise NotImplementedError

    @property
    def count(self) -> int:
        """How many entries there are."""
        return len(self.keys)

    def entry_at(self, line: int) -> int | None:
        """The number of the entry on a line of this widget; the first line is for the titles of columns."""
        index = self._cursor.top + line - 1
        return index if line > 0 and index < self.count else None

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        self._cursor.move(self.keys, by)
        self.redraw()

    def on_click(self, event: Click) -> None:
        """Choose, or open."""
        offset = event.get_content_offset(self)
        index = self.entry_at(offset.y) if offset is not None else None
        if index is None:
            return
        self.action_move(index - self._cursor.index)
        if event.chain == 2:
            self.post_message(self.Opened())

    def below(self, look: Look, *, chosen: bool) -> Style | None:
        """The style below an entry: the cursor's, which is fainter while keys go elsewhere."""
        if not chosen:
            return None
        return look.selected if self.has_focus else look.resting


def filter_words(chosen: Filter, look: Look) -> list[Span]:
    """A filter in the title of what it filters; nothing where there is none."""
    if not chosen:
        return []
    words = visible(chosen.text, ascii_only=look.glyphs.ascii_only)
    return [(f" {look.glyphs.middle} ", look.muted), (f"/{words}", look.accent)]
