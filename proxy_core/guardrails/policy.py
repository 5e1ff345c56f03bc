"""Which guardrails apply to one request: from the settings, the client's wishes and what the request is for."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from proxy_core.guardrails.again import FORCING, ONCE, STOPS
from proxy_core.guardrails.loop_breaker import LoopSettings
from proxy_core.guardrails.rails import RailsPolicy
from proxy_core.settings import Settings
from proxy_core.translate.request import ChatRequest
from proxy_core.translate.types import JsonObject

AGENT_ROLES = frozenset({"main", "subagent"})
"""Requests that are turns of a conversation.

Titles, compactions, web searches and counts are side requests, with a context of their own: nothing but translation
touches them.
"""

SUPPLEMENT = (
    "Working protocol: when a step needs a tool, call the tool in the same reply instead of announcing it. Read each "
    "result before the next call. Do not repeat a call that gave you its result already. When the task is done, say "
    "so in words and call nothing."
)


def loop_settings(settings: Settings, resets: frozenset[int] = frozenset()) -> LoopSettings:
    """The loop breaker's switches and thresholds, and where an operator had it begin anew."""
    return LoopSettings(
        note=settings.loop_note,
        release=settings.loop_release,
        hide=settings.loop_hide_tool != "off",
        end=settings.loop_end,
        window=settings.loop_window,
        repeats=settings.loop_repeat_threshold,
        forced=settings.forced_threshold,
        stale=settings.no_progress_threshold,
        utilisation=settings.context_release_threshold,
        resets=resets,
    )


def rails_policy(
    settings: Settings, chat: ChatRequest, role: str, client: str, spent: Collection[str] = ()
) -> RailsPolicy:
    """What may be done to the answer; `spent`: reasons of further tries made since the last human message."""
    agent = role in AGENT_ROLES and bool(chat.tool_names)
    free = chat.body.get("tool_choice", "auto") == "auto" and not chat.structured
    raw = settings.broken_tool_calls
    continues = settings.guardrail_retry and agent and free
    return RailsPolicy(
        continue_stops=STOPS.difference(ONCE.intersection(spent)) if continues else frozenset(),
        may_force=FORCING.isdisjoint(spent),
        mend_calls=settings.tool_call_repair and bool(chat.tool_names),
        cut_repetition=settings.repetition_cut,
        reasoning_limit=settings.reasoning_limit,
        raw_calls=raw == "raw" or (raw == "auto" and client == "claude-code"),
    )


def demanded_choice(chat: ChatRequest, settings: Settings, role: str, release: str) -> tuple[JsonObject, str]:
    """The Chat Completions body with the tool choice that the policy wants, and what was done, "" for nothing.

    Smart demands a call after a text-only turn and in an active tool loop; a release takes any demand back. A choice
    among one tool is the client's and stands.
    """
    body = chat.body
    choice: Any = body.get("tool_choice", "auto")
    if not chat.tool_names or role not in AGENT_ROLES or chat.structured:
        return body, ""
    if choice == "required" and release:
        return body | {"tool_choice": "auto"}, f"tool choice required → auto: {release}"
    if settings.tool_choice == "smart" and choice == "auto" and not release and (why := _in_work(body["messages"])):
        return body | {"tool_choice": "required"}, f"tool choice auto → required: {why}"
    return body, ""


def _in_work(messages: list[JsonObject]) -> str:
    """Why a call is due: a result came back, or the last turn was text alone; "" at a session's first words."""
    if messages and messages[-1].get("role") == "tool":
        return "an active tool loop"
    last = next((message for message in reversed(messages) if message.get("role") == "assistant"), None)
    return "after a turn of text alone" if last is not None and not last.get("tool_calls") else ""


def supplemented(body: JsonObject) -> JsonObject:
    """The body with the working protocol at the end of its system text; the same on every turn."""
    messages: list[JsonObject] = body["messages"]
    if messages and messages[0].get("role") == "system" and isinstance(messages[0].get("content"), str):
        first = messages[0] | {"content": f"{messages[0]['content']}\n\n{SUPPLEMENT}"}
        return body | {"messages": [first, *messages[1:]]}
    return body | {"messages": [{"role": "system", "content": SUPPLEMENT}, *messages]}
