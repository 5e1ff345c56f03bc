"""One message of a Messages API conversation, read by itself: pure, so that the same message always reads the same.

What a message means beside its neighbours (which call a result answers, whose turn it is) is `conversation`'s matter.
"""

from __future__ import annotations

import json
import re
from typing import Any, TypeAlias, cast

import orjson

from proxy_core.translate.content import ContentReader, glue
from proxy_core.translate.system_text import system_text
from proxy_core.translate.types import Change, JsonObject
from proxy_core.value_types import value_type

IMAGE_POINTER = "[image: see the next user message]"
_SAYS_ERROR = re.compile(r"\W*(?:\w*error\b|failed\b|failure\b|traceback\b|\w*exception\b)", re.IGNORECASE)


@value_type
class Call:
    """A tool call of the assistant; `arguments` is a JSON object as text."""

    id: str
    name: str
    arguments: str


@value_type
class ToolResult:
    """What a tool gave back: its text, and its images as parts, which a tool message cannot hold on most servers."""

    call_id: str
    text: str
    images: tuple[JsonObject, ...]


@value_type
class UserMessage:
    """Tool results, and the rest of the message as parts in their order."""

    results: tuple[ToolResult, ...]
    parts: tuple[JsonObject, ...]
    changes: tuple[Change, ...]


@value_type
class AssistantMessage:
    """Text, thinking and calls of one message, each "" or empty where there is none."""

    text: str
    reasoning: str
    calls: tuple[Call, ...]
    changes: tuple[Change, ...]


@value_type
class SystemMessage:
    """A system message inside the conversation; "" when it held nothing but the billing line."""

    text: str
    changes: tuple[Change, ...]


ReadMessage: TypeAlias = UserMessage | AssistantMessage | SystemMessage


def read_message(message: JsonObject, vision: bool | None) -> ReadMessage:
    """Read a validated message; `vision` as in `ContentReader`."""
    content: Any = message["content"]
    if message["role"] == "assistant":
        return _assistant(content, ContentReader(vision=False))
    if message["role"] == "system":
        return SystemMessage(system_text(content), ())
    return _user(content, ContentReader(vision))


def _user(content: object, reader: ContentReader) -> UserMessage:
    if not isinstance(content, list):
        return UserMessage((), tuple(reader.parts(content)), ())
    results: list[ToolResult] = []
    parts: list[JsonObject] = []
    for block in cast("list[JsonObject]", content):
        if block["type"] == "tool_result":
            results.append(_result(block, reader))
        else:
            parts += reader.block(block)
    return UserMessage(tuple(results), tuple(parts), tuple(reader.changes))


def _result(block: JsonObject, reader: ContentReader) -> ToolResult:
    parts = reader.parts(block.get("content"))
    images = tuple(part for part in parts if part["type"] != "text")
    text = glue(part["text"] if part["type"] == "text" else IMAGE_POINTER for part in parts)
    if block.get("is_error") is True:
        text = _marked(text)
    return ToolResult(block["tool_use_id"], text, images)


def _marked(text: str) -> str:
    """The text of a failed call so that the failure shows: Chat Completions has no flag for it."""
    if not text.strip():
        return "Error: the tool failed without a message"
    return text if _SAYS_ERROR.match(text[:200]) else f"Error: {text}"


def _assistant(content: object, reader: ContentReader) -> AssistantMessage:
    if isinstance(content, str):
        return AssistantMessage(content, "", (), ())
    texts: list[list[str]] = []
    thoughts: list[str] = []
    calls: list[Call] = []
    before = ""
    for block in cast("list[JsonObject]", content):
        kind: str = block["type"]
        if kind == "thinking":
            thoughts.append(block.get("thinking") or "")
        elif kind == "redacted_thinking":
            reader.changes.append(Change("redacted thinking", "only Anthropic's servers can read it"))
        elif kind == "tool_use":
            calls.append(Call(block["id"], block["name"], _arguments(block, reader)))
        elif kind == "text" and before == "text":
            texts[-1].append(block["text"])  # citations cut one text into several blocks
        else:
            texts.append([part["text"] for part in reader.block(block)])
        before = kind
    reasoning = "".join(thoughts)
    text = glue("".join(pieces) for pieces in texts)
    return AssistantMessage(text, reasoning if reasoning.strip() else "", tuple(calls), tuple(reader.changes))


def _arguments(block: JsonObject, reader: ContentReader) -> str:
    """The call's input as a JSON object, in the key order and spacing in which models write and templates print it.

    An input that is not an object comes from a call that was cut off. It still has to go out as valid JSON: llama.cpp
    answers history with broken arguments by a 500, for this and every later turn.
    """
    value: Any = block.get("input")
    if isinstance(value, str):
        try:
            parsed = orjson.loads(value)
        except orjson.JSONDecodeError:
            parsed = value
        value = cast("Any", parsed)
    if value is None:
        value = {}
    if not isinstance(value, dict):
        reader.changes.append(Change(f"input of a {block['name']} call", "it is not a JSON object", before=str(value)))
        value = {"input": value}
    return json.dumps(value, ensure_ascii=False)
