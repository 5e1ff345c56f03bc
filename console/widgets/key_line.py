"""The last line: the keys of this screen, which are also buttons."""

from __future__ import annotations

from rich.style import Style
from textual.strip import Strip

from console.format import width
from console.frame import Frame
from console.keymap import Key
from console.widgets.lines import Lines, Span, strip


class KeyLine(Lines):
    """Keys with their words, as many as fit. Minor ones go first; help, quit and the way back never."""

    def __init__(self, *groups: tuple[Key, ...]) -> None:
        super().__init__(id="keys")
        shown = [key for group in groups for key in group if key.label]
        self._keys = sorted(shown, key=lambda key: key.action in LAST)

    def draw(self, frame: Frame) -> list[Strip]:
        """One line."""
        look = frame.look
        keys = list(self._keys)
        going = [key for key in keys if key.action not in LAST and not key.keys.startswith("escape")]
        going.sort(key=lambda key: key.minor)
        ascii_only = look.glyphs.ascii_only
        while going and sum(_cells(key, ascii_only=ascii_only) for key in keys) > self.size.width:
            keys.remove(going.pop())
        spans: list[Span] = []
        for key in keys:
            click = Style(meta={"@click": f"app.simulate_key('{key.keys.partition(',')[0]}')"})
            written = key.spelled(ascii_only=ascii_only)
            spans += [(f" {written}", look.accent + click), (f" {key.label} ", look.muted + click)]
        return [strip(spans)]


LAST = {"help", "quit"}


def _cells(key: Key, *, ascii_only: bool) -> int:
    return width(key.spelled(ascii_only=ascii_only)) + width(key.label) + 3
