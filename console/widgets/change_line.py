"""What the last change of the chosen setting did, in one line."""

from __future__ import annotations

from collections.abc import Callable

from textual.strip import Strip

from console.changes import effect, last_of, letter
from console.format import clock, visible
from console.frame import Frame
from console.widgets.lines import Lines, cut, strip
from proxy_core.declaration import Setting


class ChangeLine(Lines):
    """Empty while the setting was not changed."""

    def __init__(self, chosen: Callable[[], Setting | None]) -> None:
        super().__init__(id="changed")
        self._chosen = chosen

    def draw(self, frame: Frame) -> list[Strip]:
        """When, from what to what, and the medians around it."""
        look, spec = frame.look, self._chosen()
        change = last_of(frame.snapshot.changes, spec.name) if spec is not None else None
        if change is None:
            return []
        told = effect(change) or "nothing came since"
        words = f"{clock(change.at)[:5]} {change.before} → {change.after}: {told}"
        spans = [(f" {letter(change)} ", look.warn), (visible(words, ascii_only=look.glyphs.ascii_only), look.muted)]
        return [strip(cut(spans, self.size.width, look.glyphs.ellipsis))]
