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
ROWS = 7


class UpstreamPanel(Panel):
    """Address and state, model and window, slots and memory, requests and tokens."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._rows = ROWS

    def show(self, frame: Frame) -> None:
        """Its height is known before it is drawn, so that it is laid out once."""
        rows = ROWS + bool(_drafts(frame.snapshot, frame.look))
        if rows != self._rows:
            self._rows = rows
            self.refresh(layout=True)
        super().show(frame)

    def made_of(self, frame: Frame) -> tuple[object, ...]:
        """The server, and what passed through."""
        snapshot = frame.snapshot
        return snapshot.upstream, snapshot.totals, snapshot.active, age(frame.now - snapshot.upstream.since)

    def draw(self, frame: Frame) -> list[Strip]:
        """As many lines as there is room for, the most important first."""
        look, view = frame.look, frame.snapshot.upstream
        self.entitle(
            [("model server ", look.strong), *state_spans(view, look), (f" {age(frame.now - view.since)}", look.muted)]
        )
        rows = _rows(frame.snapshot, look)
        width, height = self.size
        return [
            strip(cut([(f" {name:<{NAME}}", look.muted), *spans], width, look.glyphs.ellipsis))
            for name, spans in rows[:height]
        ]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - Textual's
        """A line for each."""
        return self._rows


def _rows(snapshot: Snapshot, look: Look) -> list[tuple[str, list[Span]]]:
    view, ascii_only = snapshot.upstream, look.glyphs.ascii_only
    rows: list[tuple[str, list[Span]]] = [
        ("model", [(visible(view.model or "not known", ascii_only=ascii_only), look.text)]),
        ("slots", _slots(snapshot, look)),
        ("KV cache", _memory(view, look)),
        ("window", _window(view, look)),
        ("address", [(visible(view.url, ascii_only=ascii_only), look.text)]),
        ("requests", _requests(snapshot, look)),
        ("tokens", _tokens(snapshot, look)),
    ]
    drafts = _drafts(snapshot, look)
    return [*rows[:3], ("drafts", drafts), *rows[3:]] if drafts else rows


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
    """What the server says, else (`~`) what follows from this proxy's own requests; others may have sent more."""
    slots, load, active = snapshot.upstream.slots, snapshot.upstream.load, snapshot.active
    if load is not None and load.busy is not None:
        busy = f"{load.busy} of {slots} busy" if slots else f"{load.busy} busy"
    else:
        busy = f"{active} in flight" if slots is None else f"~{min(active, slots)} of {slots} busy"
    mark, waiting = "~", max(active - slots, 0) if slots else 0
    if load is not None and load.queued is not None:
        mark, waiting = "", load.queued
    spans: list[Span] = [(busy, look.text)]
    return [*spans, (f"{look.glyphs.middle:^3}{mark}{waiting} queued", look.warn)] if waiting else spans


def _memory(view: UpstreamView, look: Look) -> list[Span]:
    """Tokens in the KV cache and how full that is: all of it, or, where slots may or may not share, the fullest."""
    load = view.load
    if load is None or (load.held is None and load.used is None):
        return [(look.glyphs.nothing, look.faint)]
    spans: list[Span] = [(f"{tokens(load.held)} tokens", look.text)] if load.held is not None else []
    full = (percent(load.used), "") if load.used is not None else (percent(load.fullest, ""), "fullest slot ")
    if full[0]:
        gap = f"{look.glyphs.middle:^3}" if spans else ""
        spans += [(f"{gap}{full[1]}", look.muted), (full[0], look.text)]
    return spans


def _drafts(snapshot: Snapshot, look: Look) -> list[Span]:
    """How many drafted tokens were accepted; nothing where none are drafted."""
    totals, load = snapshot.totals, snapshot.upstream.load
    if totals.drafted_tokens:
        share = percent(totals.accepted_tokens / totals.drafted_tokens)
        return [(f"{share} accepted", look.text), (f" of {tokens(totals.drafted_tokens)}", look.muted)]
    return [(look.glyphs.nothing, look.faint)] if load is not None and load.drafting else []


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
