"""What a message says, whichever of the two APIs it is written in: so that two messages can be compared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, cast

import orjson

from proxy_core.translate.types import JsonObject


@dataclass(slots=True)
class Parts:
    """Texts and reasoning in order; calls (name and arguments) and results (text) by the id of the call."""

    texts: list[str] = field(default_factory=list[str])
    reasoning: list[str] = field(default_factory=list[str])
    calls: dict[str, str] = field(default_factory=dict[str, str])
    results: dict[str, str] = field(default_factory=dict[str, str])
    others: list[str] = field(default_factory=list[str])

    def add(self, other: Parts) -> None:
        """Take in what a further message says."""
        self.texts += other.texts
        self.reasoning += other.reasoning
        self.calls |= other.calls
        self.results |= other.results
        self.others += other.others

    @property
    def marks(self) -> set[str]:
        """What a message is known by again: its calls, its results and the beginnings of its texts."""
        beginnings = {" ".join(text.split())[:80] for text in self.texts}
        known = {f"call {key}" for key in self.calls} | {f"result {key}" for key in self.results}
        return known | {f"text {text}" for text in beginnings if text}


def anthropic_parts(message: JsonObject) -> Parts:
    """Of a Messages API message."""
    parts = Parts()
    for block in _blocks(message.get("content")):
        kind = block.get("type")
        if kind == "text":
            parts.texts.append(str(block.get("text", "")))
        elif kind == "thinking":
            parts.reasoning.append(str(block.get("thinking", "")))
        elif kind == "tool_use":
            parts.calls[str(block.get("id"))] = f"{block.get('name')} {_canonical(block.get('input'))}"
        elif kind == "tool_result":
            parts.results[str(block.get("tool_use_id"))] = _joined(_blocks(block.get("content")))
        else:
            parts.others.append(str(kind))
    return parts


def openai_parts(message: JsonObject) -> Parts:
    """Of a Chat Completions message."""
    parts = Parts()
    blocks = _blocks(message.get("content"))
    if message.get("role") == "tool":
        parts.results[str(message.get("tool_call_id"))] = _joined(blocks)
        return parts
    parts.texts += [str(block.get("text", "")) for block in blocks if block.get("type") == "text"]
    parts.others += [str(block.get("type")) for block in blocks if block.get("type") != "text"]
    reasoning = message.get("reasoning_content") or message.get("reasoning")
    if reasoning:
        parts.reasoning.append(str(reasoning))
    for call in _objects(message.get("tool_calls")):
        function = cast("JsonObject", call.get("function") or {})
        parts.calls[str(call.get("id"))] = f"{function.get('name')} {_reread(function.get('arguments'))}"
    return parts


def _blocks(content: Any) -> list[JsonObject]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return _objects(content)


def _objects(value: Any) -> list[JsonObject]:
    listed = cast("list[Any]", value) if isinstance(value, list) else []
    return [cast("JsonObject", entry) for entry in listed if isinstance(entry, dict)]


def _joined(blocks: Iterable[JsonObject]) -> str:
    return "\n".join(str(block.get("text", f"[{block.get('type')}]")) for block in blocks)


def _canonical(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _reread(arguments: Any) -> str:
    try:
        return _canonical(orjson.loads(arguments))
    except (orjson.JSONDecodeError, TypeError):
        return str(arguments)
