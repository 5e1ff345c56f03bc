"""The two lines above a page of the inspector: which request it is, and which page of it."""

from __future__ import annotations

from rich.style import Style
from textual.strip import Strip

from console.event_text import tokens
from console.format import clock, fit, seconds, visible
from console.frame import Frame
from console.inspect.page import Side
from console.inspect.pages import TABS, Tab
from console.request_text import stop_word
from console.theme import Look
from console.widgets.lines import Lines, Span, cut, spread, strip
from proxy_core.record_views import RequestView

SIDES: dict[Side, str] = {"anthropic": "Anthropic", "openai": "OpenAI"}


class InspectorHead(Lines):
    """Filled by the screen; says also what is cut, how many places are found, and what the sides are."""

    DEFAULT_CSS = "InspectorHead { height: 3; }"

    def __init__(self) -> None:
        super().__init__(id="head")
        self.request: RequestView | None = None
        self.place = ""
        self.tab: Tab = "request"
        self.side: Side = "anthropic"
        self.columns = 2
        self.changed = False
        self.note = ""

    def draw(self, frame: Frame) -> list[Strip]:
        """Request, pages, sides."""
        look, width = frame.look, self.size.width
        ellipsis = look.glyphs.ellipsis
        lines = [
            spread(self._request(look), [(f" {self.place} ", look.muted)], width, ellipsis),
            spread(self._tabs(frame), [(f" {self.note} ", look.warn)], width, ellipsis),
            cut(self._sides(frame, width), width, ellipsis),
        ]
        return [strip(line) for line in lines]

    def _request(self, look: Look) -> list[Span]:
        view = self.request
        if view is None:
            return [(" this request is not kept any more", look.muted)]
        middle = f" {look.glyphs.middle} "
        ascii_only = look.glyphs.ascii_only
        spans: list[Span] = [
            (f" {clock(view.at)} ", look.strong),
            (visible(f"{view.role} {view.model}", ascii_only=ascii_only), look.text),
            (f"{middle}{view.messages} messages", look.muted),
        ]
        if view.state == "done":
            new = view.prompt_tokens - view.cached_tokens
            spans.append((f"{middle}{tokens(view.prompt_tokens)} in ({tokens(new)} new)", look.muted))
            spans.append((f"{middle}{tokens(view.output_tokens)} out", look.muted))
        style = {"failed": look.bad, "cancelled": look.warn, "running": look.good}.get(view.state, look.name)
        spans += [(f"{middle}{seconds(view.seconds)}", look.muted), (f"{middle}{stop_word(view)}", style)]
        if view.error:
            spans.append((f" {visible(view.error, ascii_only=ascii_only)}", look.bad))
        return spans

    def _tabs(self, frame: Frame) -> list[Span]:
        look = frame.look
        spans: list[Span] = []
        for tab in TABS:
            key = frame.key(f"request.tab-{tab}")
            click = Style(meta={"@click": f"screen.tab('{tab}')"})
            here = tab == self.tab
            name = "raw SSE" if tab == "raw" else tab
            spans.append((f" {key} {name} ", (look.accent + Style(reverse=True) if here else look.muted) + click))
        if self.tab == "request" and self.changed:
            spans.append(("  only what the proxy changed", look.accent))
        return spans

    def _sides(self, frame: Frame, width: int) -> list[Span]:
        look = frame.look
        if self.tab == "timing" or (self.tab == "request" and self.changed):
            return []
        if self.columns == 1:
            other: Side = "openai" if self.side == "anthropic" else "anthropic"
            click = Style(meta={"@click": "screen.side"})
            there = f" {frame.key('request.side')}: {SIDES[other]} "
            return [(f" {SIDES[self.side]} ", look.strong), (there, look.muted + click)]
        half = (width - 5) // 2
        left = look.strong if self.side == "anthropic" else look.muted
        right = look.strong if self.side == "openai" else look.muted
        names = {"request": ("received", "sent"), "response": ("given", "heard"), "raw": ("given", "heard")}[self.tab]
        return [
            (fit(f" {SIDES['anthropic']}: {names[0]}", half + 1), left),
            (f" {look.glyphs.separator} ", look.faint),
            (f"{SIDES['openai']}: {names[1]}", right),
        ]
