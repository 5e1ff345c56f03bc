"""How the prompts of one session grew, request by request, below the size of the window."""

from __future__ import annotations

from textual.strip import Strip

from console.event_text import tokens
from console.frame import Frame
from console.widgets.chart import Plot, drawn, nice_top
from console.widgets.lines import Panel


class ContextChart(Panel):
    """Prompt tokens of the last main requests; the top is the context window when it is known."""

    def __init__(self, key: str) -> None:
        super().__init__(id="context")
        self._key = key
        self._made_of: tuple[object, ...] = ()
        self._made: list[Strip] = []

    def concern(self, key: str) -> None:
        """Show another session."""
        self._key = key
        self.redraw()

    def draw(self, frame: Frame) -> list[Strip]:
        """The chart, made anew only when there is a new prompt."""
        view = next((view for view in frame.snapshot.sessions if view.key == self._key), None)
        history = view.history if view is not None else ()
        window = view.window if view is not None else 0
        look = frame.look
        self.entitle([("context", look.strong), (f" {look.glyphs.middle} last {len(history)} requests", look.muted)])
        width, height = self.size
        made_of = (width, height, id(look), history, window)
        if made_of != self._made_of:
            self._made_of = made_of
            first, last = (tokens(history[0]), tokens(history[-1])) if history else ("", "")
            values = tuple(float(value) for value in history)
            top = float(window) if window else nice_top(max(values, default=0.0))
            self._made = drawn(Plot(values, first, last, top, "name"), width, height, look)
        return self._made
