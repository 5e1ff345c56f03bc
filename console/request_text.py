"""What a request was and what was done to it, in a few words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from console.event_text import tokens
from proxy_core import events
from proxy_core.record_views import RequestView

STOPS = {"tool_use": "tool_use", "end_turn": "end_turn", "max_tokens": "max_tok", "stop_sequence": "stop_seq"}


def stop_word(view: RequestView) -> str:
    """Why it stopped, in at most nine characters; what it does now while it runs."""
    if view.state == "done":
        return STOPS.get(view.stop_reason, view.stop_reason)
    return view.phase if view.state == "running" else view.state


def act_words(view: RequestView) -> str:
    """What the proxy did to it, the weightiest first: "loop step 2, pruned 59.6k → 48.4k, 3 altered"."""
    found: list[str] = []
    for kind, word in WORDS.items():
        mine = [event for event in view.events if isinstance(event, kind)]
        if mine:
            found.append(word(mine))
    return ", ".join(found)


def _loop(mine: list[Any]) -> str:
    return f"loop step {mine[-1].level}"


def _pruned(mine: list[Any]) -> str:
    return f"pruned {tokens(mine[0].before)} → {tokens(mine[-1].after)}"


def _overflow(mine: list[Any]) -> str:
    return f"overflow {mine[-1].act}"


def _continued(mine: list[Any]) -> str:
    return f"again: {mine[-1].why}"


def _broken(mine: list[Any]) -> str:
    return f"prefix broke ({mine[-1].cause}), {tokens(mine[-1].lost)} read again"


def _retried(mine: list[Any]) -> str:
    return f"{len(mine)} retries" if len(mine) > 1 else "1 retry"


def _capped(mine: list[Any]) -> str:
    return f"answer capped at {tokens(mine[-1].after)}"


def _altered(mine: list[Any]) -> str:
    return f"{len(mine)} altered"


WORDS: dict[type[events.EngineEvent], Callable[[list[Any]], str]] = {
    events.LoopActed: _loop,
    events.Pruned: _pruned,
    events.OverflowMet: _overflow,
    events.AnswerContinued: _continued,
    events.PrefixBroken: _broken,
    events.UpstreamRetried: _retried,
    events.RequestAltered: _altered,
    events.OutputCapped: _capped,
}
