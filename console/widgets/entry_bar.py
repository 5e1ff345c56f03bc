"""The line in which words are typed for what is above it: they act while they are typed."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.events import Key
from textual.widget import Widget
from textual.widgets import Input, Label

from console.widgets.line_input import LineInput


class EntryBar(Horizontal):
    """Hidden until it is opened. Enter keeps what was typed, Esc takes it away."""

    DEFAULT_CSS = """
    EntryBar {
        height: 1;
        display: none;
        background: $panel;
        & > Label { padding: 0 0 0 1; color: $accent; }
        & > Input { width: 1fr; }
        & > #problem { color: $error; padding: 0 1; }
    }
    EntryBar.-open { display: block; }
    """

    def __init__(self, example: str, *, id: str) -> None:  # noqa: A002 - Textual's name
        """`example` stands there until something is typed."""
        super().__init__(id=id)
        self._example = example
        self._apply: Callable[[str], str] = lambda _text: ""
        self._back: Widget | None = None

    def compose(self) -> ComposeResult:
        """What it is for, what is typed, and what of it could not be read."""
        yield Label("", id="what", markup=False)
        yield LineInput(placeholder=self._example, compact=True)
        yield Label("", id="problem", markup=False)

    def open(self, what: str, text: str, apply: Callable[[str], str], back: Widget) -> None:
        """Take the keys. `apply` gets each text as it is typed and says what is wrong with it, "" when nothing is.

        `back` gets the keys at the end.
        """
        self._apply, self._back = apply, back
        self.query_one("#what", Label).update(what)
        line = self.query_one(Input)
        line.value = text
        self.add_class("-open")
        self.screen.set_focus(line)  # at once: what is typed next belongs to it

    def on_input_changed(self, event: Input.Changed) -> None:
        """Act at once."""
        event.stop()
        if self.has_class("-open"):
            self.query_one("#problem", Label).update(self._apply(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep it."""
        event.stop()
        self._end()

    def on_key(self, event: Key) -> None:
        """Esc takes it away."""
        if event.key == "escape":
            event.stop()
            self._apply("")
            self._end()

    def _end(self) -> None:
        self.screen.set_focus(self._back)  # at once, too: no key may fall between the two
        self.remove_class("-open")
