"""What to do when a conversation outgrows its window: prune, or tell the client so that it compacts.

Claude Code compacts at once on a 400 that says `prompt is too long: N tokens > M maximum`, and cuts its summary request
by the two numbers so that it fits at the first try. Every other wording or status makes it give up or repeat itself.
"""

from __future__ import annotations

from proxy_core.guardrails.pruning import PruneMode, PruneSettings
from proxy_core.settings import Settings
from proxy_core.translate.errors import ApiError
from proxy_core.translate.types import JsonObject

AGENT_ROLES = frozenset({"main", "subagent", "compaction"})
"""Requests that carry a conversation. Titles, searches and counts have a short one of their own."""

COMPACTING_CLIENTS = frozenset({"claude-code"})
"""Clients that answer the overflow error by compacting; the others would only fail."""


FEWEST_TURNS = 3
"""Claude Code was seen to compact conversations of three turns and more."""


def compacts(client: str, session_source: str, role: str) -> bool:
    """Whether the client compacts this conversation on request. Sub-agents were not seen to do so."""
    known = client in COMPACTING_CLIENTS or session_source == "claude-code header"
    return known and role in {"main", "compaction"}


def prune_mode(settings: Settings, *, compacting: bool) -> PruneMode:
    """What may be cut under the operator's wish."""
    if settings.overflow == "compact":
        return "none"
    return "results" if settings.overflow == "auto" and compacting else "all"


def prune_settings(
    settings: Settings, role: str, *, compacting: bool, asked: frozenset[int] = frozenset()
) -> PruneSettings:
    """How to prune for a request; `asked`: numbers of messages at whose request an operator had it cut.

    A compaction request carries what the turn before carried, cut where that was cut: so it finds its prefix in the
    server's cache, and the summary is made of all that the model knew. A new cut there would only lose more of it.
    """
    return PruneSettings(
        threshold=settings.prune_threshold,
        target=settings.prune_target,
        keep_last=settings.prune_keep_last,
        mode=prune_mode(settings, compacting=compacting),
        at_end=role != "compaction",
        asked=asked,
    )


def asks_to_compact(settings: Settings, body: JsonObject, compacting: bool) -> bool:
    """Whether the client is told to compact once little room is left for an answer, while its prompt still fits.

    A client has nothing to summarise in a conversation of few turns and would only show the error to its user.
    """
    if prune_mode(settings, compacting=compacting) == "all":
        return False
    return sum(message["role"] == "assistant" for message in body["messages"]) >= FEWEST_TURNS


def too_long(tokens: int, limit: int) -> ApiError:
    """The error on which a client compacts; `tokens` is more than `limit`."""
    return ApiError(400, "invalid_request_error", f"prompt is too long: {tokens} tokens > {limit} maximum")
