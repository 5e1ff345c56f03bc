"""Makes the frozen `Snapshot` from the engine's rooms."""

from __future__ import annotations

import time
from collections.abc import Iterable

from proxy_core.guardrails.policy import AGENT_ROLES
from proxy_core.sessions.monitor import SessionMonitor, level_of
from proxy_core.sessions.store import Session
from proxy_core.snapshot import Phase, ServerLoad, SessionView, UpstreamView
from proxy_core.turn import Turn
from proxy_core.upstream.facts import UpstreamFacts

TOOL_PATIENCE = 600.0
"""After a call was delivered its session counts as running the tool for so many seconds, then as idle."""

PHASE_OF_TURN: dict[str, Phase] = {
    "admission": "queued",
    "held": "queued",
    "connect": "queued",
    "queued": "queued",
    "prefill": "prefill",
    "thinking": "thinking",
    "decode": "decode",
    "done": "decode",
}


def session_views(sessions: Iterable[Session], turns: Iterable[Turn], now: float) -> tuple[SessionView, ...]:
    """One view a session, in the order given; `now` is Unix time in seconds."""
    running: dict[str, Turn] = {}
    for turn in turns:
        other = running.get(turn.session.key)
        if other is None or turn.role == "main" or other.role != "main":
            running[turn.session.key] = turn
    return tuple(_view(session, running.get(session.key), now) for session in sessions)


def upstream_view(  # noqa: PLR0913, PLR0917 - what is known of the model server
    url: str, state: str, since: float, detail: str, facts: UpstreamFacts, window: int, load: ServerLoad | None
) -> UpstreamView:
    """The model server; `window` is the operator's, 0 when he leaves it to the server."""
    return UpstreamView(
        url=url,
        state=state,
        since=since,
        detail=detail,
        kind=facts.kind,
        model=facts.model,
        window=window or facts.window,
        window_source="PROXY_CONTEXT_WINDOW" if window else facts.window_source,
        slots=facts.slots,
        window_shared=facts.unified_kv,
        load=load,
    )


def _view(session: Session, turn: Turn | None, now: float) -> SessionView:
    monitor = session.monitor
    phase, since = _phase(session, turn, now)
    tokens, known, estimated = _used(monitor, turn)
    utilisation = monitor.share(tokens)
    rate, ttft = monitor.decode_rate, monitor.ttft
    if turn is not None and turn.first_token is not None:
        ttft = turn.ttft
        elapsed = time.monotonic() - turn.first_token
        if elapsed > 1.0:
            rate = turn.decoded / elapsed
    return SessionView(
        key=session.key,
        short=session.short,
        label=session.label,
        client=session.identity.client,
        agent=session.identity.agent,
        parent=session.identity.parent_agent,
        model=session.model,
        phase=phase,
        phase_since=since,
        active=session.active,
        requests=monitor.requests,
        failures=session.failures,
        tokens=tokens,
        peak_tokens=monitor.peak_input_tokens,
        estimated=estimated,
        window=monitor.window,
        utilisation=utilisation,
        level=level_of(utilisation),
        turns_left=monitor.turns_left,
        turns_basis=monitor.turns_basis,
        cached_share=monitor.cached_share,
        decode_rate=rate,
        ttft=ttft,
        prefill_done=turn.prefill_done if turn is not None and phase == "prefill" else None,
        last_tool=monitor.last_tool,
        total_prompt_tokens=monitor.total_prompt_tokens,
        total_output_tokens=monitor.total_output_tokens,
        history=monitor.history,
        created_at=session.created_at,
        last_at=session.last_at,
        seconds_left=monitor.seconds_left,
        seconds_basis=monitor.seconds_basis,
        count_label=known,
        fill=tuple(sorted(monitor.fill.items(), key=lambda part: -part[1])),
        prefilled=session.prefix.prefilled,
        total_prefilled=session.prefix.total_prefilled,
        total_lost=session.prefix.total_lost,
        breaks=tuple(session.prefix.breaks.most_common()),
        last_break=session.prefix.last_break,
        slot=session.prefix.slot,
        loop_level=session.loop_level,
        loop_why=session.loop_why,
        held=session.wishes.gate.closed,
        waiting=session.wishes.gate.waiting,
        overrides=len(session.wishes.overrides),
    )


def _used(monitor: SessionMonitor, turn: Turn | None) -> tuple[int, str, bool]:
    """Tokens of the newest prompt, how they are known, and whether they are estimated: a first prompt takes minutes."""
    if turn is None or turn.count is None or turn.role not in AGENT_ROLES:
        return monitor.last_input_tokens, monitor.count_label, monitor.estimated
    if turn.prompt_tokens:
        return turn.prompt_tokens, "exact", False
    return turn.count.tokens, turn.count.label, turn.count.source != "exact"


def _phase(session: Session, turn: Turn | None, now: float) -> tuple[Phase, float]:
    if turn is not None:
        return PHASE_OF_TURN[turn.phase], turn.phase_since
    if session.monitor.stop_reason == "tool_use" and now - session.last_at < TOOL_PATIENCE:
        return "tool", session.last_at
    return "idle", session.last_at
