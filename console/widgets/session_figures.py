"""All figures of one session, with what they rest on."""

from __future__ import annotations

from textual.geometry import Size
from textual.strip import Strip

from console.columns import Cell, context_cell, state_cell
from console.event_text import tokens
from console.format import age, percent, rate, seconds, visible
from console.frame import Frame
from console.theme import Look
from console.widgets.lines import Panel, Span, cut, strip
from proxy_core.snapshot import SessionView

NAME = 9
BAR = 40
ROWS = 7


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
        ascii_only = look.glyphs.ascii_only
        label = visible(view.label, ascii_only=ascii_only)
        short = visible(view.short, ascii_only=ascii_only)
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
    mark = "~" if view.estimated else ""
    used = f"{mark}{view.tokens:,} of {view.window:,} tokens" if view.window else f"{mark}{view.tokens:,} tokens"
    turns = look.glyphs.nothing if view.turns_left is None else f"~{view.turns_left}"
    cell = Cell(bar, frame.now, look)
    return [
        ("state", state_cell(view, cell)),
        ("context", context_cell(view, cell)),
        ("", [(used, look.text), (", estimated" if view.estimated else ", counted by the server", look.muted)]),
        ("turns", [(turns, look.strong), (f" left{dot}{view.turns_basis}", look.muted)]),
        ("cached", [(percent(view.cached_share, look.glyphs.nothing), look.text), (" of the last prompt", look.muted)]),
        (
            "speed",
            [
                (f"{rate(view.decode_rate, look.glyphs.nothing)} tok/s", look.text),
                (f"{dot}first token after {seconds(view.ttft, look.glyphs.nothing)}", look.muted),
            ],
        ),
        ("last tool", [(visible(view.last_tool, ascii_only=look.glyphs.ascii_only) or look.glyphs.nothing, look.text)]),
    ]


def _past(view: SessionView, frame: Frame) -> list[tuple[str, list[Span]]]:
    look = frame.look
    ascii_only = look.glyphs.ascii_only
    dot = f" {look.glyphs.middle} "

    def words(text: str) -> list[Span]:
        return [(visible(text, ascii_only=ascii_only) or look.glyphs.nothing, look.text)]

    failed: list[Span] = [(f"{dot}{view.failures} failed", look.bad)] if view.failures else []
    running: list[Span] = [(f"{dot}{view.active} in flight", look.good)] if view.active else []
    agent: list[Span] = (
        [(f"{dot}sub-agent {visible(view.agent, ascii_only=ascii_only)}", look.muted)] if view.agent else []
    )
    return [
        ("model", words(view.model)),
        ("client", [*words(view.client), *agent]),
        ("requests", [(f"{view.requests:,}", look.text), *running, *failed]),
        ("read", [(f"{tokens(view.total_prompt_tokens)} tokens", look.text), (" in all requests", look.muted)]),
        ("written", [(f"{tokens(view.total_output_tokens)} tokens", look.text)]),
        ("peak", [(f"{tokens(view.peak_tokens)} tokens in one prompt", look.text)]),
        (
            "since",
            [
                (f"{age(frame.now - view.created_at)} ago", look.text),
                (f"{dot}last active {age(frame.now - view.last_at)} ago", look.muted),
            ],
        ),
    ]
