"""What is known of the model server, and what passed through since the start."""

from __future__ import annotations

from textual.geometry import Size
from textual.strip import Strip

from console.event_text import tokens
from console.format import age, counted, percent, visible
from console.frame import Frame
from console.theme import Look
from console.widgets.lines import Panel, Span, cut, strip
from proxy_core.snapshot import Snapshot, UpstreamView

NAME = 9
ROWS = 6


class UpstreamPanel(Panel):
    """Address and state, model and window, requests and tokens."""

    def draw(self, frame: Frame) -> list[Strip]:
        """As many lines as there is room for, the most important first."""
        look, view = frame.look, frame.snapshot.upstream
        self.entitle(
            [("model server ", look.strong), *state_spans(view, look), (f" {age(frame.now - view.since)}", look.muted)]
        )
        ascii_only = look.glyphs.ascii_only
        rows: list[tuple[str, list[Span]]] = [
            ("address", [(visible(view.url, ascii_only=ascii_only), look.text)]),
            ("model", [(visible(view.model or "not known", ascii_only=ascii_only), look.text)]),
            ("window", _window(view, look)),
            ("slots", _slots(frame.snapshot, look)),
            ("requests", _requests(frame.snapshot, look)),
            ("tokens", _tokens(frame.snapshot, look)),
        ]
        width, height = self.size
        return [
            strip(cut([(f" {name:<{NAME}}", look.muted), *spans], width, look.glyphs.ellipsis))
            for name, spans in rows[:height]
        ]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - Textual's
        """A line for each."""
        return ROWS


def state_spans(view: UpstreamView, look: Look) -> list[Span]:
    """The kind of server and its state, the state coloured."""
    style = {"up": look.good, "loading": look.warn, "connecting": look.warn}.get(view.state, look.bad)
    kind = visible(view.kind, ascii_only=look.glyphs.ascii_only)
    return [(f"{kind} " if kind else "", look.muted), (view.state, style)]


def _window(view: UpstreamView, look: Look) -> list[Span]:
    if not view.window:
        return [("not known", look.warn), (f"{look.glyphs.middle:^3}set PROXY_CONTEXT_WINDOW", look.muted)]
    source = visible(view.window_source, ascii_only=look.glyphs.ascii_only)
    return [(f"{tokens(view.window)} tokens", look.text), (f"{look.glyphs.middle:^3}{source}", look.muted)]


def _slots(snapshot: Snapshot, look: Look) -> list[Span]:
    slots, active = snapshot.upstream.slots, snapshot.active
    if slots is None:
        return [(f"{active} in flight", look.text)]
    waiting = max(active - slots, 0)
    spans: list[Span] = [(f"{min(active, slots)} of {slots} busy", look.text)]
    return [*spans, (f"{look.glyphs.middle:^3}{waiting} waiting", look.warn)] if waiting else spans


def _requests(snapshot: Snapshot, look: Look) -> list[Span]:
    totals = snapshot.totals
    spans: list[Span] = [(f"{totals.requests:,}", look.text)]
    if totals.failed:
        spans += [(f"{look.glyphs.middle:^3}", look.muted), (f"{totals.failed:,} failed", look.bad)]
    if totals.cancelled:
        spans += [(f"{look.glyphs.middle:^3}{counted(totals.cancelled, 'cancelled', 'cancelled')}", look.muted)]
    return spans


def _tokens(snapshot: Snapshot, look: Look) -> list[Span]:
    totals = snapshot.totals
    cached = totals.cached_tokens / totals.prompt_tokens if totals.prompt_tokens else None
    spans: list[Span] = [(f"{tokens(totals.prompt_tokens)} in", look.text)]
    if cached is not None:
        spans.append((f" ({percent(cached)} cached)", look.muted))
    return [*spans, (f"{look.glyphs.middle:^3}", look.muted), (f"{tokens(totals.output_tokens)} out", look.text)]
