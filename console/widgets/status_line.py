"""The first line: is it serving, where, with what, and is anything wrong."""

from __future__ import annotations

from urllib.parse import urlsplit

from rich.style import Style
from textual.strip import Strip

from console.event_text import duration, tokens
from console.format import fit, minute, visible, width
from console.frame import Frame
from console.theme import Look
from console.widgets.lines import Lines, Span, spread, strip
from proxy_core.snapshot import Snapshot


class StatusLine(Lines):
    """State, ports, model and window at the left; active requests, alerts, freeze and the time at the right.

    Parts are left out from the least important on until the rest fits.
    """

    def draw(self, frame: Frame) -> list[Strip]:
        """One line."""
        cells = self.size.width
        left, right = _left(frame), _right(frame)
        order = [*((part.rank, "left", part) for part in left), *((part.rank, "right", part) for part in right)]
        while order and sum(part.cells for _, _, part in order) > cells:
            order.remove(max(order, key=lambda entry: entry[0]))
        kept = [part for _, _, part in order]
        spans = [[span for part in side if part in kept for span in part.spans] for side in (left, right)]
        return [strip(spread(spans[0], spans[1], cells, frame.look.glyphs.ellipsis))]


class _Part:
    """Some spans that are shown or left out together; those of high rank go first."""

    def __init__(self, rank: int, *spans: Span) -> None:
        self.rank = rank
        self.spans = spans
        self.cells = sum(width(text) for text, _ in spans)


def _left(frame: Frame) -> list[_Part]:
    look, glyphs, snapshot = frame.look, frame.look.glyphs, frame.snapshot
    upstream = snapshot.upstream
    word, style = _state(frame)
    parts = [
        _Part(
            0, (f" {glyphs.dot} ", style), (word, style + look.strong if look.colours else look.strong), (" ", style)
        ),
        _Part(3, (_place(snapshot.url), look.text)),
    ]
    up = upstream.state == "up"
    where = f" {glyphs.arrow} {_place(upstream.url)}"
    parts.append(_Part(4, (where, look.text)))
    if not up:
        parts.append(_Part(1, (f" {upstream.state}", look.bad if upstream.state != "loading" else look.warn)))
    if upstream.model:
        parts.append(_Part(6, (f"  {_short(upstream.model, look)}", look.name)))
    if upstream.window:
        parts.append(_Part(5, (f" {tokens(upstream.window)}", look.muted)))
    return parts


def _state(frame: Frame) -> tuple[str, Style]:
    snapshot, look = frame.snapshot, frame.look
    if snapshot.lost_since is not None:
        return f"LOST {duration(max(frame.now - snapshot.lost_since, 0))}", look.alarm
    return ("DRAINING", look.warn) if snapshot.draining else ("SERVING", look.good)


def _right(frame: Frame) -> list[_Part]:
    look, glyphs, snapshot = frame.look, frame.look.glyphs, frame.snapshot
    bar: Span = (f" {glyphs.separator} ", look.faint)
    parts: list[_Part] = []
    if frame.frozen is not None:
        news = f"FROZEN {minute(frame.frozen.since)} {glyphs.middle} {frame.frozen.news} new"
        parts.append(_Part(0, (" ", look.text), (f" {news} ", look.alarm), (" ", look.text)))
    active = look.strong if snapshot.active else look.muted
    parts.append(_Part(2, bar, (f"{snapshot.active} active", active)))
    alerts = alert_count(snapshot)
    if alerts:
        parts.append(_Part(1, bar, (f"{glyphs.rising}{alerts}", look.bad)))
    parts.append(_Part(7, bar, (minute(frame.now), look.muted), (" ", look.text)))
    return parts


def alert_count(snapshot: Snapshot) -> int:
    """Sessions whose context is high or critical."""
    return sum(view.level in {"high", "critical"} for view in snapshot.sessions)


def _place(url: str) -> str:
    """`:4000` on this machine, else `host:8000`."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = f":{parts.port}" if parts.port else ""
    return port if port and host in {"127.0.0.1", "::1", "localhost"} else visible(f"{host}{port}")


def _short(model: str, look: Look) -> str:
    """The model without folders and file ending, in at most 28 cells."""
    name = visible(model.rpartition("/")[2].removesuffix(".gguf"), ascii_only=look.glyphs.ascii_only)
    return fit(name, min(width(name), 28), ellipsis=look.glyphs.ellipsis)
