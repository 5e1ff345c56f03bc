"""The state of the proxy in one short line: for a status bar, a window title, or a curl in passing."""

from __future__ import annotations

import re

from proxy_core.snapshot import SessionView, Snapshot

RECENT_SECONDS = 900.0
"""A session that did nothing for longer is not worth a place in the line."""

RATE_SECONDS = 5
NAMED = 2
"""So many looping sessions are named; of more their number."""

_NO_NAME = re.compile(r"[^A-Za-z0-9_.-]")
"""Status bars and terminals read commands in what they show, and part of a name is up to a client."""


def glance(snapshot: Snapshot, now: float, *, ascii_only: bool = False) -> str:
    """`▲91% a3f9 ↻5d10 71t/s`: the fullest context, loops that are being broken, tokens decoded a second.

    `▲` marks a context that is high or critical. `now` is Unix time in seconds.
    """
    rising, again, cross = ("^", "@", "x") if ascii_only else ("▲", "↻", "✗")
    parts: list[str] = []
    if snapshot.draining:
        parts.append("draining")
    if snapshot.upstream.state != "up":
        parts.append(f"{cross}{snapshot.upstream.state}")
    recent = [view for view in snapshot.sessions if view.active or now - view.last_at < RECENT_SECONDS]
    fullest = max(recent, key=lambda view: view.utilisation or 0.0, default=None)
    if fullest is not None and fullest.utilisation:
        sign = rising if fullest.level in {"high", "critical"} else ""
        parts.append(f"{sign}{fullest.utilisation:.0%} {_name(fullest)}")
    looping = [view for view in recent if view.loop_level]
    if len(looping) > NAMED:
        parts.append(f"{again}{len(looping)}")
    else:
        parts += [f"{again}{_name(view)}" for view in looping]
    parts.append(_pace(snapshot, now))
    return " ".join(parts)


def _pace(snapshot: Snapshot, now: float) -> str:
    """What the model server puts out, over the last whole seconds."""
    last = int(now)
    decoded = sum(sample.decoded for sample in snapshot.samples if last - RATE_SECONDS <= sample.at < last)
    if decoded:
        return f"{decoded / RATE_SECONDS:.0f}t/s"
    return f"{snapshot.active} active" if snapshot.active else "idle"


def _name(view: SessionView) -> str:
    return _NO_NAME.sub("", view.short) or "session"
