"""What fills the context window of a session: one bar in stacked parts, and what each part is."""

from __future__ import annotations

from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip

from console.event_text import tokens
from console.format import percent, width
from console.frame import Frame
from console.theme import Look
from console.widgets.lines import Lines, Span, cut, strip
from proxy_core.snapshot import SessionView

LETTERS = {
    "tools": "T",
    "system": "S",
    "files": "F",
    "results": "R",
    "calls": "C",
    "chat": "H",
    "thinking": "K",
}
"""By these a part is known where there is no colour or no block; every other part is "O"."""


class WindowFill(Lines):
    """A bar as wide as the window and a legend, biggest part first; what does not fit of the legend is left out."""

    def __init__(self, key: str) -> None:
        super().__init__(id="fill")
        self._key = key

    def concern(self, key: str) -> None:
        """Show another session."""
        self._key = key
        self.redraw()

    def draw(self, frame: Frame) -> list[Strip]:
        """The bar and the legend."""
        look, cells = frame.look, self.size.width
        view = next((view for view in frame.snapshot.sessions if view.key == self._key), None)
        if view is None or not view.fill:
            return []
        bar: list[Span] = [(" ", look.text)]
        for name, length in shares(view, cells - 2):
            bar.append(_stretch(name, length, look))
        legend: list[Span] = []
        for name, count in (part for part in view.fill if part[1]):
            text = f" {name} {tokens(count)}"
            if sum(width(part) for part, _ in legend) + width(text) + 3 > cells:
                break
            legend += [(f" {_mark(name, look)}", _style(name, look)), (text, look.muted)]
        free = view.window - sum(count for _, count in view.fill)
        if view.window and free > 0:
            legend.append((f"  free {tokens(free)}, {percent(free / view.window)}", look.text))
        return [strip(cut(line, cells, look.glyphs.ellipsis)) for line in (bar, legend)]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - Textual's
        """A line each."""
        return 2


def shares(view: SessionView, cells: int) -> list[tuple[str, int]]:
    """Cells of each part and of what is free (""); they add up to `cells`, and no part is rounded away twice."""
    whole = max(view.window, sum(count for _, count in view.fill), 1)
    found: list[tuple[str, int]] = []
    done = used = 0
    for name, count in view.fill:
        done += count
        end = round(done / whole * cells)
        found.append((name, end - used))
        used = end
    return [*found, ("", cells - used)]


def _stretch(name: str, length: int, look: Look) -> Span:
    if not name:
        return look.glyphs.track * length, look.faint
    letter = LETTERS.get(name, "O")
    return (look.glyphs.full if _has_blocks(look) else letter) * length, _style(name, look)


def _mark(name: str, look: Look) -> str:
    return look.glyphs.stop if _has_blocks(look) else LETTERS.get(name, "O")


def _has_blocks(look: Look) -> bool:
    return bool(look.colours) and not look.glyphs.ascii_only


def _style(name: str, look: Look) -> Style:
    styles = {
        "tools": look.name,
        "system": look.muted,
        "files": look.accent,
        "results": look.good,
        "calls": look.warn,
        "chat": look.text,
        "thinking": look.bad,
    }
    return styles.get(name, look.faint)
