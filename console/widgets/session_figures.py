"""All figures of one session, with what they rest on."""

from __future__ import annotations

from textual.geometry import Size
from textual.strip import Strip

from console.columns import Cell, context_cell, state_cell
from console.event_text import tokens
from console.format import age, brief_tokens, percent, rate, seconds, visible
from console.frame import Frame
from console.theme import Look
from console.widgets.lines import Panel, Span, cut, strip
from proxy_core.snapshot import SessionView

NAME = 9
BAR = 40
ROWS = 6


class SessionFigures(Panel):
    """Two columns of figures where there is room for two."""

    def __init__(self, key: str) -> None:
        super().__init__(id="figures")
        self._key = key

    def concern(self, key: str) -> None:
        """Show another session."""
        self._key = key
        self.redraw()

    def draw(self, frame: Frame) -> list[Strip]:
        """The figures."""
        look = frame.look
        view = next((view for view in frame.snapshot.sessions if view.key == self._key), None)
        if view is None:
            self.entitle([("session", look.strong)])
            return [strip([(" this session is forgotten: idle for too long, or too many of them", look.muted)])]
        short, label = _clean(view.short, look), _clean(view.label, look)
        self.entitle([("session ", look.strong), (f"{short} ", look.name), (label, look.text)])
        cells = self.size.width
        half = cells // 2 if cells >= 96 else cells
        left, right = _now(view, frame, min(half - NAME - 3, BAR)), _past(view, frame)
        if half == cells:
            rows = [_row(row, cells, look) for row in [*left, *right[: self.size.height - len(left)]]]
        else:
            rows = [[*_row(a, half, look), *_row(b, cells - half, look)] for a, b in zip(left, right, strict=True)]
        return [strip(row) for row in rows]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - Textual's
        """One column is twice as high, if the screen has room for it."""
        return ROWS if width >= 96 else 2 * ROWS - 4 if viewport.height >= 24 else ROWS


def _row(row: tuple[str, list[Span]], cells: int, look: Look) -> list[Span]:
    name, spans = row
    return cut([(f" {name:<{NAME}} ", look.muted), *spans], cells, look.glyphs.ellipsis)


def _now(view: SessionView, frame: Frame, bar: int) -> list[tuple[str, list[Span]]]:
    look = frame.look
    dot = f" {look.glyphs.middle} "
    none = look.glyphs.nothing
    mark = "~" if view.estimated else ""
    used = f"{mark}{view.tokens:,} of {view.window:,} tokens" if view.window else f"{mark}{view.tokens:,} tokens"
    known = view.count_label or ("estimate" if view.estimated else "exact")
    turns = none if view.turns_left is None else f"~{view.turns_left}"
    left = none if view.seconds_left is None else f"~{seconds(view.seconds_left)}"
    cell = Cell(bar, frame.now, look)
    anew = f", {brief_tokens(view.prefilled)} read anew" if view.prefilled else ""
    return [
        ("state", state_cell(view, cell)),
        ("context", context_cell(view, cell)),
        ("", [(used, look.text), (f"{dot}{_clean(known, look)}", look.muted)]),
        ("turns", [(turns, look.strong), (f" left{dot}{_clean(view.turns_basis, look)}", look.muted)]),
        (
            "time",
            [
                (left, look.strong),
                (f" left{dot}{basis}" if (basis := _clean(view.seconds_basis, look)) else "", look.muted),
            ],
        ),
        (
            "speed",
            [
                (f"{rate(view.decode_rate, none)} tok/s", look.text),
                (f"{dot}TTFT {seconds(view.ttft, none)}", look.muted),
                (f"{dot}{percent(view.cached_share, none)} cached{anew}", look.muted),
            ],
        ),
    ]


def _past(view: SessionView, frame: Frame) -> list[tuple[str, list[Span]]]:
    look = frame.look
    dot = f" {look.glyphs.middle} "
    none = look.glyphs.nothing
    failed: list[Span] = [(f"{dot}{view.failures} failed", look.bad)] if view.failures else []
    running: list[Span] = [(f"{dot}{view.active} in flight", look.good)] if view.active else []
    agent: list[Span] = [(f"{dot}sub-agent {_clean(view.agent, look)}", look.muted)] if view.agent else []
    return [
        ("model", [(_clean(view.model, look) or none, look.text)]),
        ("client", [(_clean(view.client, look) or none, look.text), *agent]),
        ("requests", [(f"{view.requests:,}", look.text), *running, *failed]),
        (
            "tokens",
            [
                (f"{tokens(view.total_prompt_tokens)} in, {tokens(view.total_output_tokens)} out", look.text),
                (f"{dot}largest prompt {tokens(view.peak_tokens)}", look.muted),
            ],
        ),
        ("last tool", [(_clean(view.last_tool, look) or none, look.text)]),
        (
            "since",
            [
                (f"{age(frame.now - view.created_at)} ago", look.text),
                (f"{dot}last active {age(frame.now - view.last_at)} ago", look.muted),
            ],
        ),
    ]


def _clean(text: str, look: Look) -> str:
    return visible(text, ascii_only=look.glyphs.ascii_only)
