"""The last line: the keys of this screen, which are also buttons."""

from __future__ import annotations

from rich.style import Style
from textual.strip import Strip

from console.format import width
from console.frame import Frame
from console.keymap import Scope
from console.widgets.lines import Lines, Span, strip

LAST = frozenset({"help", "quit", "back", "app.pop_screen"})
"""The way to the help and the ways out: never left out, and the first two stand at the end."""


class KeyLine(Lines):
    """Keys with their words, as many as fit. Minor ones go first; help, quit and the way back never."""

    def __init__(self, *groups: Scope) -> None:
        super().__init__(id="keys")
        shown = [key for group in groups for key in group if key.label]
        self._keys = sorted(shown, key=lambda key: key.action in {"help", "quit"})

    def made_of(self, frame: Frame) -> tuple[object, ...]:
        """The keys, which stay the same for as long as the console runs."""
        return (frame.keys,)

    def draw(self, frame: Frame) -> list[Strip]:
        """One line."""
        look, table = frame.look, frame.keys
        written = {key: table.written(key, ascii_only=look.glyphs.ascii_only) for key in self._keys if table.keys(key)}
        keys = list(written)
        going = [key for key in keys if key.action not in LAST]
        going.sort(key=lambda key: key.minor)
        while going and sum(width(written[key]) + width(key.label) + 3 for key in keys) > self.size.width:
            keys.remove(going.pop())
        spans: list[Span] = []
        for key in keys:
            click = Style(meta={"@click": f"app.simulate_key('{table.keys(key)[0]}')"})
            spans += [(f" {written[key]}", look.accent + click), (f" {key.label} ", look.muted + click)]
        return [strip(spans)]
