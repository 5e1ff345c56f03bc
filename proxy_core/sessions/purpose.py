"""What a request is for: the conversation itself, or one of the side requests that clients make beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from proxy_core.translate.types import JsonObject

_LAST_WORDS = 60_000
_SUMMARY = "your task is to create a detailed summary of"
_CONTINUE = "provide a detailed prompt for continuing our conversation"
_TITLE_SYSTEM = "you are a title generator"


def request_kind(headers: Mapping[str, str], body: JsonObject) -> str:
    """One of "main", "subagent", "title", "compaction", "web_search", "count".

    By what was seen of real clients: Claude Code's title request has no tools and asks for a JSON object with a
    `title`; its compaction is an ordinary request with all tools whose last user text asks for a summary; its web
    search declares one server tool and forces it. opencode's title request has no tools and a title writer's system
    prompt.
    """
    if "token-counting" in headers.get("anthropic-beta", "") and "max_tokens" not in body:
        return "count"
    tools: list[Any] = body.get("tools") or []
    if not tools and is_title(body):
        return "title"
    if _is_web_search(tools):
        return "web_search"
    if _is_compaction(body):
        return "compaction"
    return "subagent" if headers.get("x-claude-code-agent-id") else "main"


def is_title(body: JsonObject) -> bool:
    """Whether the request only wants a title for the conversation."""
    wanted = _at(body, "output_config", "format", "schema", "properties") or _at(
        body, "output_format", "schema", "properties"
    )
    if isinstance(wanted, dict) and set(cast("JsonObject", wanted)) == {"title"}:
        return True
    return _first_text(body.get("system")).lstrip().lower().startswith(_TITLE_SYSTEM)


def _is_web_search(tools: list[Any]) -> bool:
    kind = _at(tools[0], "type") if len(tools) == 1 else None
    return isinstance(kind, str) and kind.startswith("web_search_")


def _is_compaction(body: JsonObject) -> bool:
    """Only words in the newest user message count: a summary prompt stays in the history after a compaction."""
    messages: object = body.get("messages")
    for message in reversed(cast("list[Any]", messages) if isinstance(messages, list) else []):
        if not isinstance(message, dict):
            return False
        role: object = cast("JsonObject", message).get("role")
        if role == "system":
            continue
        words = _last_text(cast("JsonObject", message).get("content"))[:_LAST_WORDS].lower()
        return role == "user" and (_SUMMARY in words or _CONTINUE in words)
    return False


def _at(value: object, *path: str) -> object:
    for name in path:
        value = cast("JsonObject", value).get(name) if isinstance(value, dict) else None
    return value


def _texts(content: object) -> list[str]:
    if isinstance(content, str):
        return [content]
    blocks: list[Any] = cast("list[Any]", content) if isinstance(content, list) else []
    return [
        block["text"]
        for block in cast("list[JsonObject]", [b for b in blocks if isinstance(b, dict)])
        if isinstance(block.get("text"), str)
    ]


def _first_text(content: object) -> str:
    return next(iter(_texts(content)), "")


def _last_text(content: object) -> str:
    return next(reversed(_texts(content)), "")
