"""Reads recorded answers: the model server's chunks as one completion, our own events as one message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, cast

import orjson

from proxy_core.translate.types import JsonObject


def completion(text: str) -> JsonObject:
    """What the chunks of a Chat Completions stream come to; a whole completion is given as it is."""
    whole = _whole(text)
    if whole is not None:
        return whole
    found: JsonObject = {}
    calls: dict[int, JsonObject] = {}
    for chunk in _events(text):
        for name in ("model", "usage", "timings", "error"):
            if chunk.get(name):
                found[name] = chunk[name]
        for choice in chunk.get("choices") or ():
            if choice.get("finish_reason"):
                found["finish_reason"] = choice["finish_reason"]
            delta: JsonObject = choice.get("delta") or {}
            for name in ("role", "reasoning_content", "reasoning", "content"):
                if isinstance(delta.get(name), str):
                    found[name] = delta[name] if name == "role" else found.get(name, "") + delta[name]
            for part in delta.get("tool_calls") or ():
                _add_call(calls.setdefault(part.get("index", 0), {}), part)
    if calls:
        found["tool_calls"] = list(calls.values())
    return found


def message(text: str) -> JsonObject:
    """What the events of a Messages API stream come to; a whole message is given as it is."""
    whole = _whole(text)
    if whole is not None:
        return whole
    found: JsonObject = {}
    blocks: dict[int, JsonObject] = {}
    kinds: Counter[str] = Counter()
    for event in _events(text):
        kinds[str(event.get("type"))] += 1
        if event.get("type") == "message_start":
            found |= {key: value for key, value in event["message"].items() if key != "content"}
        elif event.get("type") == "content_block_start":
            blocks[event["index"]] = dict(event["content_block"])
        elif event.get("type") == "content_block_delta":
            _add_delta(blocks.setdefault(event["index"], {}), event["delta"])
        elif event.get("type") == "message_delta":
            found |= event["delta"]
            found["usage"] = {**found.get("usage", {}), **event.get("usage", {})}
        elif event.get("type") == "error":
            found["error"] = event.get("error")
    for block in blocks.values():
        if isinstance(block.get("partial_json"), str):
            block["input"] = _read(block.pop("partial_json"))
    return {**found, "content": list(blocks.values()), "events": dict(kinds)}


def _whole(text: str) -> JsonObject | None:
    if not text.lstrip().startswith("{"):
        return None
    value = _read(text)
    return cast("JsonObject", value) if isinstance(value, dict) else None


def _events(text: str) -> Iterator[JsonObject]:
    """The JSON objects of an SSE text; what cannot be read (it may be cut) is left out."""
    for line in text.split("\n"):
        if line.startswith("data:"):
            value = _read(line[5:].strip())
            if isinstance(value, dict):
                yield cast("JsonObject", value)


def _read(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _add_call(call: JsonObject, part: JsonObject) -> None:
    function: JsonObject = part.get("function") or {}
    if part.get("id"):
        call["id"] = part["id"]
    if function.get("name"):
        call["name"] = call.get("name", "") + function["name"]
    call["arguments"] = call.get("arguments", "") + (function.get("arguments") or "")


def _add_delta(block: JsonObject, delta: JsonObject) -> None:
    for name in ("text", "thinking", "partial_json"):
        if isinstance(delta.get(name), str):
            block[name] = block.get(name, "") + delta[name]
