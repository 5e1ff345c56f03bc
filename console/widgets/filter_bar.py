"""The line in which a filter is typed; it acts while it is typed."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.events import Key
from textual.widgets import Input, Label

from console.filters import NO_FILTER, Filter, parse


class FilterBar(Horizontal):
    """Hidden until it is opened for a panel. Enter keeps the filter, Esc takes it away."""

    DEFAULT_CSS = """
    FilterBar {
        height: 1;
        display: none;
        background: $panel;
        & > Label { padding: 0 0 0 1; color: $accent; }
        & > Input { width: 1fr; }
        & > #problem { color: $error; padding: 0 1; }
    }
    FilterBar.-open { display: block; }
    """

    def __init__(self) -> None:
        super().__init__(id="filter")
        self._apply: Callable[[Filter], None] = lambda _chosen: None
        self._close: Callable[[], object] = lambda: None

    def compose(self) -> ComposeResult:
        """What it filters, what is typed, and what of it could not be read."""
        yield Label("", id="what", markup=False)
        yield Input(placeholder="loop|retry  !idle  s:a3f9  ctx>80", compact=True)
        yield Label("", id="problem", markup=False)

    def open(self, what: str, text: str, apply: Callable[[Filter], None], close: Callable[[], object]) -> None:
        """Take the keys. `apply` gets each filter as it is typed, `close` is called at the end."""
        self._apply, self._close = apply, close
        self.query_one("#what", Label).update(f"filter {what}")
        line = self.query_one(Input)
        line.value = text
        self.add_class("-open")
        self.screen.set_focus(line)  # at once: what is typed next belongs to it

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter at once."""
        event.stop()
        if self.has_class("-open"):
            chosen = parse(event.value)
            self.query_one("#problem", Label).update(chosen.problem)
            self._apply(chosen)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep it."""
        event.stop()
        self._end()

    def on_key(self, event: Key) -> None:
        """Esc takes the filter away."""
        if event.key == "escape":
            event.stop()
            self._apply(NO_FILTER)
            self._end()

    def _end(self) -> None:
        self.remove_class("-open")
        self._close()
