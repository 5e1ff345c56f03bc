"""The last changes of settings: the letters that mark them in the charts, and what they did."""

from __future__ import annotations

from textual.strip import Strip

from console.changes import brief_effect, effect, letter
from console.columns import SHORT
from console.controls import word_of
from console.format import clock, visible
from console.frame import Frame
from console.theme import Look
from console.widgets.lines import Panel, Span, cut, strip
from proxy_core.snapshot import ChangeView

WITH_EFFECT = 70
"""From this width on the medians stand beside the change."""

WITH_WORDS = 110
"""From this width on the medians are written out."""


class ChangesPanel(Panel):
    """A line for each change, the newest first."""

    def made_of(self, frame: Frame) -> tuple[object, ...]:
        """The changes and what they did."""
        return (frame.snapshot.changes,)

    def draw(self, frame: Frame) -> list[Strip]:
        """As many as there is room for."""
        look, changes = frame.look, frame.snapshot.changes
        self.entitle([("changes of settings", look.strong), (f" {len(changes)}", look.muted)])
        width, height = self.size
        if not changes:
            return [strip(cut([(" none yet; a letter in the charts marks each", look.muted)], width))]
        lines = [line for change in reversed(changes[-height:]) for line in _lines(change, look, width)]
        return [strip(cut(line, width, look.glyphs.ellipsis)) for line in lines[:height]]


def _lines(change: ChangeView, look: Look, width: int) -> list[list[Span]]:
    """One line, or where that is too narrow one for each figure."""
    ascii_only = look.glyphs.ascii_only
    where = f" in {change.session[:SHORT]}" if change.session else ""
    step = f"{word_of(change.name)} {change.before} → {change.after}{where}"
    few = brief_effect(change)
    time = clock(change.at) if width >= WITH_WORDS else clock(change.at)[:5]
    line: list[Span] = [
        (f" {letter(change)}", look.warn),
        (f" {time} ", look.faint),
        (visible(step, ascii_only=ascii_only), look.text),
    ]
    if width < WITH_EFFECT:
        return [line, *([(f"   {visible(part, ascii_only=ascii_only)}", look.muted)] for part in few)]
    told = effect(change) if width >= WITH_WORDS else ", ".join(few)
    return [[*line, (visible(f" · {told}" if told else "", ascii_only=ascii_only), look.muted)]]
