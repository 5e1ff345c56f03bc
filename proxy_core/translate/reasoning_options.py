"""What `thinking` and `output_config.effort` become in the dialect of each kind of model server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from proxy_core.translate.types import Change, JsonObject

_KEEPS_MAX = frozenset(("vllm",))
"""Servers that know the effort `max`; the others know at most `high`, and a template prints whatever it is given."""

_EFFORT_OF_BUDGET = ((2048, "low"), (8192, "medium"))
"""Thinking tokens up to which a budget is low or medium, for servers that take no budget; above it is high."""


def reasoning_key(server_kind: str) -> str:
    """The field of an assistant message in which the server reads earlier thinking."""
    return "reasoning" if server_kind in ("vllm", "ollama", "openrouter") else "reasoning_content"


def reasoning_fields(body: JsonObject, server_kind: str) -> JsonObject:
    """The Chat Completions fields for a request's thinking wishes; empty when it has none.

    llama.cpp reads `chat_template_kwargs.enable_thinking` (a top-level `enable_thinking` it ignores) and cuts thinking
    at `thinking_budget_tokens`. `adaptive` leaves the choice to the model, as it is without any field.
    """
    thinking: JsonObject = body.get("thinking") or {}
    kind: Any = thinking.get("type")
    if kind == "disabled":
        return _off(server_kind)
    config: JsonObject = body.get("output_config") or {}
    effort = _effort(config.get("effort"), server_kind)
    budget: Any = thinking.get("budget_tokens") if kind == "enabled" else None
    if server_kind == "openrouter":
        wish: JsonObject = {"effort": effort} if effort else {"max_tokens": budget} if budget else {}
        return {"reasoning": wish or {"enabled": True}} if wish or kind == "enabled" else {}
    return _on(server_kind, effort, budget, enabled=kind == "enabled")


def reasoning_changes(body: JsonObject, fields: JsonObject) -> Iterator[Change]:
    """Where the `fields` that were made of a body's wishes say less than the client did."""
    thinking: JsonObject = body.get("thinking") or {}
    config: JsonObject = body.get("output_config") or {}
    sent: Any = fields.get("reasoning_effort")
    wish: Any = config.get("effort")
    budget: Any = thinking.get("budget_tokens")
    if sent and wish and sent != wish and thinking.get("type") != "disabled":
        yield Change(f"effort {wish}", "the model server knows no such effort", before=str(wish), after=sent)
    elif sent and budget and not wish:
        yield Change("thinking budget", "the model server takes no budget", before=f"{budget} tokens", after=sent)


def _off(server_kind: str) -> JsonObject:
    if server_kind == "openrouter":
        return {"reasoning": {"enabled": False}}
    if server_kind == "llama.cpp":
        return {"chat_template_kwargs": {"enable_thinking": False}}
    if server_kind in ("vllm", "sglang"):
        # Qwen's templates read the first name, DeepSeek's and Granite's the second; each ignores the other
        return {"chat_template_kwargs": {"enable_thinking": False, "thinking": False}}
    return {"reasoning_effort": "none"}


def _on(server_kind: str, effort: str, budget: int | None, *, enabled: bool) -> JsonObject:
    fields: JsonObject = {}
    if server_kind in ("llama.cpp", "vllm", "sglang"):
        template: JsonObject = {}
        if enabled:
            template["enable_thinking"] = True
            if server_kind != "llama.cpp":
                template["thinking"] = True
        if effort:
            template["reasoning_effort"] = effort  # gpt-oss and others read it in their template
        if template:
            fields["chat_template_kwargs"] = template
        if budget and server_kind == "llama.cpp":
            fields["thinking_budget_tokens"] = budget
        elif budget and server_kind == "vllm":
            fields["thinking_token_budget"] = budget
    elif budget and not effort:
        effort = next((name for limit, name in _EFFORT_OF_BUDGET if budget <= limit), "high")
    if effort:
        fields["reasoning_effort"] = effort
    return fields


def _effort(wish: object, server_kind: str) -> str:
    if not isinstance(wish, str):
        return ""
    if wish in ("xhigh", "max") and server_kind not in _KEEPS_MAX:
        return "high"
    return wish
