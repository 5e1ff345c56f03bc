"""Reads what Chat Completions servers put into a chunk: tolerant JSON, text of content parts, reasoning by any name."""

from __future__ import annotations

import json
import re
from typing import Any, cast

import orjson

from proxy_core.translate.types import JsonObject

_FAILURES = frozenset({"error", "abort", "aborted", "cancelled", "insufficient_system_resource"})
"""Finish reasons of answers that broke off."""

_REASONING = frozenset({"reasoning_content", "reasoning", "thinking", "reasoning_details"})

_LONE_SURROGATE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)


def decode_json(data: bytes | str) -> Any:
    """The JSON value of `data`, or None when it is not JSON.

    Forgives what servers really send: bytes that are not UTF-8 and halves of surrogate pairs (a character cut between
    two tokens) become U+FFFD, control characters may stand inside strings.
    """
    try:
        return orjson.loads(data)
    except ValueError:
        text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
        try:
            return json.loads(_LONE_SURROGATE.sub(r"\\ufffd", text), strict=False)
        except (ValueError, RecursionError):
            return None


def as_object(value: object) -> JsonObject:
    """`value` if it is a JSON object, else an empty one."""
    return cast("JsonObject", value) if isinstance(value, dict) else {}


def calls_carry(calls: object) -> bool:
    """Whether a delta's calls name a call or bring arguments; servers also send some that do neither."""
    for entry in cast("list[Any]", calls if isinstance(calls, list) else [calls]):
        call = as_object(entry)
        function = as_object(call.get("function")) or call
        if call.get("id") or function.get("name") or function.get("arguments"):
            return True
    return False


def text_parts(content: list[Any]) -> list[tuple[str, str]]:
    """(`text` or `thinking`, piece) of a content that is a list of parts; parts of other kinds carry no text."""
    pieces: list[tuple[str, str]] = []
    for part in content:
        if isinstance(part, str):
            pieces.append(("text", part))
        elif isinstance(part, dict):
            pieces += _part(cast("JsonObject", part))
    return pieces


def _part(part: JsonObject) -> list[tuple[str, str]]:
    thinking: Any = part.get("thinking")
    if isinstance(thinking, str):
        return [("thinking", thinking)]
    if isinstance(thinking, list):
        return [("thinking", text) for _, text in text_parts(cast("list[Any]", thinking))]
    for key in ("text", "refusal", "content"):
        if isinstance(text := part.get(key), str):
            return [("text", text)]
    return []


def reasoning_of(delta: JsonObject) -> str:
    """The reasoning text of a delta. Servers in transition send it under two names: it counts once."""
    if _REASONING.isdisjoint(delta):
        return ""
    for key in ("reasoning_content", "reasoning", "thinking"):
        value: Any = delta.get(key)
        if isinstance(value, str) and value:
            return value
        if isinstance(value, dict):
            inner: Any = cast("JsonObject", value)
            if isinstance(text := inner.get("content") or inner.get("text"), str) and text:
                return text
    details: Any = delta.get("reasoning_details")
    if not isinstance(details, list):
        return ""
    texts = [
        text
        for item in cast("list[Any]", details)
        if isinstance(item, dict)
        and isinstance(text := cast("JsonObject", item).get("text") or cast("JsonObject", item).get("summary"), str)
    ]
    return "".join(texts)


def first_choice(chunk: JsonObject) -> JsonObject | None:
    """The choice with index 0 of a chunk; None when it has none (`choices` empty, null, missing, or others only)."""
    choices: Any = chunk.get("choices")
    if choices.__class__ is list:
        for choice in choices:
            if choice.__class__ is dict and not choice.get("index"):
                return choice
    return None


def completion_to_chunks(completion: JsonObject) -> list[JsonObject]:
    """The chunks that say the same as a plain completion, for a server that answers a streaming request with one.

    An error object is passed on as it is; anything that is neither becomes an error.
    """
    choice = first_choice(completion)
    if choice is None:
        if "error" in completion or "choices" in completion or "message" in completion or "detail" in completion:
            return [completion]
        return [{"error": {"message": "the model server's answer is not a chat completion", "type": "server_error"}}]
    message: Any = choice.get("message") or choice.get("delta") or {"content": choice.get("text")}
    delta: JsonObject = dict(cast("JsonObject", message)) if isinstance(message, dict) else {}
    calls: Any = delta.get("tool_calls")
    if isinstance(calls, list):
        delta["tool_calls"] = [
            cast("JsonObject", call) | {"index": place}
            for place, call in enumerate(cast("list[Any]", calls))
            if isinstance(call, dict)
        ]
    told = {key: value for key, value in choice.items() if key not in ("message", "delta", "text", "logprobs")}
    return [completion | {"choices": [told | {"index": 0, "delta": delta}]}]


def error_of(chunk: JsonObject, choice: JsonObject | None) -> object:
    """The error that a chunk reports: `error` in it or in its choice, a flat error object, or a finish reason."""
    if error := chunk.get("error") or (choice.get("error") if choice else None):
        return cast("object", error)
    if choice is None and not chunk.get("choices") and (chunk.get("object") == "error" or "detail" in chunk):
        return chunk
    if choice is None and "choices" not in chunk and isinstance(chunk.get("message"), str):
        return chunk
    if choice is not None and str(choice.get("finish_reason")) in _FAILURES:
        return {"message": f"the model server broke the answer off: {choice['finish_reason']}"}
    return None
