"""The line in which a search is typed; it searches while it is typed."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.events import Key
from textual.widgets import Input, Label


class SearchBar(Horizontal):
    """Hidden until it is opened. Enter keeps the search, Esc takes it away."""

    DEFAULT_CSS = """
    SearchBar {
        height: 1;
        display: none;
        background: $panel;
        & > Label { padding: 0 0 0 1; color: $accent; }
        & > Input { width: 1fr; }
    }
    SearchBar.-open { display: block; }
    """

    def __init__(self, search: Callable[[str], None], close: Callable[[], object]) -> None:
        super().__init__(id="search")
        self._find = search
        self._close = close

    def compose(self) -> ComposeResult:
        """What is typed."""
        yield Label("search")
        yield Input(placeholder="words on this page; . and , go on", compact=True)

    def open(self, text: str) -> None:
        """Take the keys."""
        line = self.query_one(Input)
        line.value = text
        self.add_class("-open")
        line.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search at once."""
        event.stop()
        if self.has_class("-open"):
            self._find(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep it."""
        event.stop()
        self._end()

    def on_key(self, event: Key) -> None:
        """Esc takes it away."""
        if event.key == "escape":
            event.stop()
            self._find("")
            self._end()

    def _end(self) -> None:
        self.remove_class("-open")
        self._close()
