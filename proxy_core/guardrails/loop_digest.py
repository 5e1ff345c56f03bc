"""Messages as far as going in circles is concerned: who speaks, which calls, which results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import orjson

from proxy_core.guardrails.call_class import CallClass, class_of, target_of
from proxy_core.guardrails.loop_text import normalised, without_digits
from proxy_core.guardrails.repetition import repeated_tail
from proxy_core.translate.types import JsonObject

NUDGES = frozenset({"continue", "please continue", "go on", "keep going", "proceed", "continue please", "resume"})
"""Words by which a harness or a tired person pushes on: they tell the model nothing new."""

ENDED_MARK = "(Interlock's loop breaker"
"""By these words an explanation of the loop breaker is known again in the history."""

COUNTED_TEXT = 24
"""Characters from which the numbers in a reply of text do not count."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call as far as the score is concerned: `key` stands for name and normalised arguments."""

    id: str
    name: str
    key: int
    kind: CallClass
    target: str


@dataclass(frozen=True, slots=True)
class Result:
    """What a call gave back."""

    text: str
    error: bool


@dataclass(frozen=True, slots=True)
class Digest:
    """A message as far as the score is concerned.

    `text`: what a turn without calls says. `repeats`: it goes in circles within itself. `ended`: it is the explanation
    with which the loop breaker ended a turn; whatever comes behind it begins afresh, even a bare "continue".
    """

    assistant: bool
    human: bool
    calls: tuple[Call, ...] = ()
    results: tuple[tuple[str, Result], ...] = ()
    text: str = ""
    repeats: bool = False
    ended: bool = False


def content_key(message: JsonObject) -> int:
    """A hash of a message's content, good within this process. Marks for the prompt cache wander and do not count."""
    content: Any = message.get("content")
    if isinstance(content, list):
        blocks = cast("list[JsonObject]", content)
        if any("cache_control" in block for block in blocks):
            plain = [{key: block[key] for key in block if key != "cache_control"} for block in blocks]
            message = {**message, "content": plain}
    return hash(orjson.dumps(message))


def read_digest(message: JsonObject) -> Digest:
    """Read a message; pure."""
    content: Any = message.get("content")
    blocks = cast("list[JsonObject]", content) if isinstance(content, list) else [{"type": "text", "text": content}]
    if message.get("role") == "assistant":
        text = _text_of(blocks)
        calls = tuple(_call(block) for block in blocks if block.get("type") == "tool_use")
        said = _said(text) if text and not calls else ""
        return Digest(True, False, calls, (), said, repeated_tail(text) > 0, ENDED_MARK in text)
    if message.get("role") != "user":
        return Digest(False, False)
    results = tuple(
        (str(block.get("tool_use_id")), _result(block)) for block in blocks if block.get("type") == "tool_result"
    )
    return Digest(False, _is_human(blocks), (), results)


def _call(block: JsonObject) -> Call:
    name = str(block.get("name", ""))
    given: Any = block.get("input")
    arguments = cast("JsonObject", given) if isinstance(given, dict) else {"input": given}
    text = orjson.dumps(arguments, option=orjson.OPT_SORT_KEYS).decode()
    key = hash((name, normalised(text)))
    return Call(str(block.get("id", "")), name, key, class_of(name, arguments), target_of(name, arguments))


def _result(block: JsonObject) -> Result:
    content: Any = block.get("content")
    if isinstance(content, list):
        parts = cast("list[JsonObject]", content)
        text = "\n".join(str(part.get("text", part.get("type", ""))) for part in parts)
    else:
        text = content if isinstance(content, str) else ""
    return Result(text, block.get("is_error") is True or text.startswith("<tool_use_error>"))


def _said(text: str) -> str:
    """A reply's words for comparison. A long one that differs in numbers alone ("Step 4: ...") says nothing new."""
    plain = normalised(text)
    return without_digits(plain) if len(plain) >= COUNTED_TEXT else plain


def _text_of(blocks: list[JsonObject]) -> str:
    return "\n".join(str(block["text"]) for block in blocks if block.get("type") == "text" and block.get("text"))


def _is_human(blocks: list[JsonObject]) -> bool:
    """Whether a person (not a tool, a reminder or a bare push to go on) speaks in a user message."""
    for block in blocks:
        if block.get("type") == "tool_result":
            return False
        text = block.get("text")
        if isinstance(text, str):
            bare = text.strip()
            if bare and not bare.startswith("<system-reminder>") and bare.rstrip(".!").lower() not in NUDGES:
                return True
        elif block.get("type") in {"image", "document"}:
            return True
    return False
