"""For operators: GET /health, GET /v1/context, and / for clients that knock before they talk."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from proxy_core import __version__
from proxy_core.api.models import answer
from proxy_core.engine import Engine
from proxy_core.sessions.prefix import PrefixMonitor
from proxy_core.sessions.store import Session
from proxy_core.translate.errors import ApiError
from proxy_core.translate.types import JsonObject
from proxy_core.turn import new_request_id

RECENT = 10


def operator_router(engine: Engine) -> APIRouter:
    """The routes."""
    router = APIRouter()

    @router.api_route("/", methods=["GET", "HEAD"])
    async def root() -> Response:  # pyright: ignore[reportUnusedFunction]
        return answer(200, {"name": "interlock", "version": __version__})

    @router.api_route("/health", methods=["GET", "HEAD"])
    async def health() -> Response:  # pyright: ignore[reportUnusedFunction]
        watch = engine.watch
        up = watch.state == "up"
        return answer(
            200,
            {
                "status": "ok" if up else "degraded",
                "proxy": "draining" if engine.draining else "ok",
                "upstream": "ok" if up else watch.state,
                "upstream_url": engine.root,
                "model": watch.facts.model,
                "context_window": engine.window,
                "active_requests": engine.active,
                "version": __version__,
            },
        )

    @router.get("/v1/context")
    async def context(session_id: str = "") -> Response:  # pyright: ignore[reportUnusedFunction]
        sessions = engine.sessions.all()
        chosen = [s for s in sessions if session_id in {s.key, s.identity.session, s.short}] if session_id else sessions
        if session_id and not chosen:
            request_id = new_request_id()
            error = ApiError(404, "not_found_error", f"session: {session_id} is not known here")
            return JSONResponse(error.body(request_id), 404, {"request-id": request_id})
        latest = max(chosen, key=lambda session: session.last_at, default=None)
        body: JsonObject = {
            "active_session_id": latest.identity.session if latest else "",
            "session_count": len(sessions),
            "context_window": engine.window,
            "context_window_source": "PROXY_CONTEXT_WINDOW"
            if engine.settings.current.context_window
            else engine.watch.facts.window_source,
            "context_window_shared": engine.watch.facts.unified_kv,
            **(session_figures(latest) if latest else {}),
            "sessions": [session_figures(session) for session in chosen],
        }
        return answer(200, body)

    return router


def session_figures(session: Session) -> JsonObject:
    """A session's figures under the names that the earlier program gave them, and a few of our own.

    Tokens are counts, `utilization` is 0 to 1 or null while the window is unknown.
    """
    monitor = session.monitor
    used = monitor.utilisation
    return {
        "session_id": session.identity.session,
        "agent_id": session.identity.agent,
        "label": session.label,
        "client": session.identity.client,
        "model": session.model,
        "active_requests": session.active,
        "context_window": monitor.window,
        "last_input_tokens": monitor.last_input_tokens,
        "last_output_tokens": monitor.last_output_tokens,
        "peak_input_tokens": monitor.peak_input_tokens,
        "input_tokens_estimated": monitor.estimated,
        "utilization": None if used is None else round(used, 4),
        "utilization_pct": "" if used is None else f"{used * 100:.1f}%",
        "warning_level": monitor.level,
        "estimated_turns_remaining": monitor.turns_left,
        "turns_basis": monitor.turns_basis,
        "total_requests": monitor.requests,
        "total_input_tokens": monitor.total_prompt_tokens,
        "total_output_tokens": monitor.total_output_tokens,
        "cached_share": monitor.cached_share,
        "recent_history": list(monitor.history[-RECENT:]),
        "seconds_remaining": None if monitor.seconds_left is None else round(monitor.seconds_left),
        "seconds_basis": monitor.seconds_basis,
        "input_tokens_source": monitor.count_label,
        "window_fill": monitor.fill,
        "prefix": prefix_figures(session.prefix),
        "guardrail_acts": dict(session.acts),
        "prune_count": session.acts["prune"],
        "overflow_count": session.acts["overflow"],
    }


def prefix_figures(prefix: PrefixMonitor) -> JsonObject:
    """How much of its prompts a conversation could take from the server's cache; tokens are counts."""
    return {
        "total_prefilled_tokens": prefix.total_prefilled,
        "total_lost_tokens": prefix.total_lost,
        "breaks": dict(prefix.breaks),
        "last_break": prefix.last_break,
        "slot": prefix.slot,
        "recent_turns": [asdict(turn) for turn in prefix.turns[-RECENT:]],
    }
