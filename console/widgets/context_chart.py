"""How the prompts of one session grew, request by request, below the size of the window."""

from __future__ import annotations

from collections.abc import Iterable

from rich.style import Style
from textual.strip import Strip

from console.event_text import tokens
from console.frame import Frame
from console.theme import Look
from console.widgets.chart import Plot, drawn, nice_top
from console.widgets.lines import Panel, Span
from console.widgets.overlay import Y_LABEL, cells_of, column, strip_of
from proxy_core.events import PrefixBroken, Pruned
from proxy_core.record_views import RequestView
from proxy_core.sessions.monitor import THRESHOLDS

ROLES = frozenset({"main", "subagent"})


class ContextChart(Panel):
    """Prompt tokens of the last main requests; the top is the context window when it is known.

    Dashed lines are the warning levels; signs above the curve are prunes and broken prefixes.
    """

    def __init__(self, key: str) -> None:
        super().__init__(id="context")
        self._key = key
        self._marks: dict[int, str] = {}
        self._made_of: tuple[object, ...] = ()
        self._made: list[Strip] = []

    def concern(self, key: str) -> None:
        """Show another session."""
        self._key, self._marks = key, {}
        self.redraw()

    def mark(self, requests: Iterable[RequestView]) -> None:
        """Mark where the conversation was cut and where its prefix broke."""
        shown = [view for view in requests if view.state == "done" and view.role in ROLES and view.prompt_tokens]
        marks: dict[int, str] = {}
        for back, view in enumerate(reversed(shown)):
            kinds = {type(event) for event in view.events}
            if kinds & {Pruned, PrefixBroken}:
                marks[back] = "falling" if Pruned in kinds else "note"
        if marks != self._marks:
            self._marks = marks
            self.redraw()

    def draw(self, frame: Frame) -> list[Strip]:
        """The chart, made anew only when there is a new prompt or mark."""
        view = next((view for view in frame.snapshot.sessions if view.key == self._key), None)
        history = view.history if view is not None else ()
        window = view.window if view is not None else 0
        look = frame.look
        self._entitle(look, len(history))
        width, height = self.size
        made_of = (width, height, id(look), history, window, tuple(self._marks.items()))
        if made_of != self._made_of:
            self._made_of = made_of
            first, last = (tokens(history[0]), tokens(history[-1])) if history else ("", "")
            values = tuple(float(value) for value in history)
            top = float(window) if window else nice_top(max(values, default=0.0))
            strips = drawn(Plot(values, first, last, top, "name"), width, height, look)
            overlaid = _levels(strips, look) if window else strips
            self._made = _marked(overlaid, {len(history) - 1 - back: sign for back, sign in self._marks.items()},
                                 len(history), look)  # fmt: skip
        return self._made

    def _entitle(self, look: Look, count: int) -> None:
        middle = f" {look.glyphs.middle} "
        spans: list[Span] = [("context", look.strong), (f"{middle}last {count} requests", look.muted)]
        signs = set(self._marks.values())
        if "falling" in signs:
            spans.append((f"{middle}{look.glyphs.falling} pruned", look.accent))
        if "note" in signs:
            spans.append((f"{middle}{look.glyphs.note} prefix broke", look.warn))
        self.entitle(spans)


def _levels(strips: list[Strip], look: Look) -> list[Strip]:
    """Dashed lines at the first and the last warning level, where nothing else stands."""
    rows = len(strips) - 1
    if rows < 4:
        return strips
    found = list(strips)
    dash = "-" if look.glyphs.ascii_only else "╌"
    for threshold, style in ((THRESHOLDS[0], look.warn), (THRESHOLDS[-1], look.bad)):
        row = _row(threshold, rows)
        name = f"{threshold:.0%}"
        cells = cells_of(found[row])
        room = range(Y_LABEL + 1, len(cells) - len(name))
        for place in room:
            if cells[place][0] == " ":
                cells[place] = (dash, style)
        if all(cells[place][0] in {" ", dash} for place in range(len(cells) - len(name), len(cells))):
            cells[-len(name) :] = [(letter, style) for letter in name]
        found[row] = strip_of(cells)
    return found


def _marked(strips: list[Strip], signs: dict[int, str], count: int, look: Look) -> list[Strip]:
    """Each sign in the lowest free cell above the curve."""
    found = [cells_of(strip) for strip in strips]
    rows = len(found) - 1
    if rows < 1 or count < 2:
        return strips
    for place, sign in signs.items():
        at = column(place / (count - 1), len(found[0]))
        free = [row for row in range(rows) if found[row][at][0] in " ╌-"]
        row = free[-1] if free else 0
        style = look.accent if sign == "falling" else look.warn
        found[row][at] = (getattr(look.glyphs, sign), style + Style(bold=True))
    return [strip_of(cells) for cells in found]


def _row(share: float, rows: int) -> int:
    return min(max(rows - 1 - int(share * rows), 0), rows - 1)
