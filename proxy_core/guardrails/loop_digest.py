"""Messages as far as going in circles is concerned: who speaks, which calls, which results."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import orjson

from proxy_core.guardrails.call_class import CallClass, class_and_target
from proxy_core.guardrails.loop_outcome import Outcome
from proxy_core.guardrails.loop_text import masked, normalised, without_digits
from proxy_core.guardrails.repetition import repeated_tail
from proxy_core.translate.types import JsonObject

NUDGES = frozenset({"continue", "please continue", "go on", "keep going", "proceed", "continue please", "resume"})
"""Words by which a harness or a tired person pushes on: they tell the model nothing new."""

ENDED_MARK = "(Interlock's loop breaker"
"""By these words an explanation of the loop breaker is known again in the history."""

COUNTED_TEXT = 24
"""Characters from which the numbers in a reply of text do not count."""


class Call(NamedTuple):
    """One call as far as the score is concerned: `key` stands for name and normalised arguments."""

    id: str
    name: str
    key: int
    kind: CallClass
    target: str


class Turn(NamedTuple):
    """An assistant message as far as the score is concerned.

    `text`: what a turn without calls says. `repeats`: it goes in circles within itself. `ended`: it is the explanation
    with which the loop breaker ended a turn; whatever comes behind it begins afresh, even a bare "continue".
    """

    calls: tuple[Call, ...] = ()
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


def read_turn(message: JsonObject) -> Turn:
    """Read an assistant message; pure."""
    texts: list[str] = []
    calls: list[Call] = []
    for block in _blocks(message):
        kind = block.get("type")
        if kind == "tool_use":
            calls.append(_call(block))
        elif kind == "text" and (said := block.get("text")):
            texts.append(str(said))
    text = "\n".join(texts)
    said = "" if calls or not text else _said(text)
    return Turn(tuple(calls), said, repeated_tail(text) > 0, ENDED_MARK in text)


def read_results(message: JsonObject) -> dict[str, Outcome]:
    """The results in a user message by the id of their call; pure."""
    content: Any = message.get("content")
    if message.get("role") != "user" or not isinstance(content, list):
        return {}
    blocks = cast("list[JsonObject]", content)
    return {str(block.get("tool_use_id")): _result(block) for block in blocks if block.get("type") == "tool_result"}


def _blocks(message: JsonObject) -> list[JsonObject]:
    content: Any = message.get("content")
    return cast("list[JsonObject]", content) if isinstance(content, list) else [{"type": "text", "text": content}]


def _call(block: JsonObject) -> Call:
    name = str(block.get("name", ""))
    given: Any = block.get("input")
    arguments = cast("JsonObject", given) if isinstance(given, dict) else {"input": given}
    text = orjson.dumps(arguments, option=orjson.OPT_SORT_KEYS).decode()
    kind, target = class_and_target(name, arguments)
    return Call(str(block.get("id", "")), name, hash((name, masked(text))), kind, target)


def _result(block: JsonObject) -> Outcome:
    content: Any = block.get("content")
    if isinstance(content, list):
        parts = cast("list[JsonObject]", content)
        text = "\n".join(str(part.get("text", part.get("type", ""))) for part in parts)
    else:
        text = content if isinstance(content, str) else ""
    return Outcome(text, error=block.get("is_error") is True or text.startswith("<tool_use_error>"))


def _said(text: str) -> str:
    """A reply's words for comparison. A long one that differs in numbers alone ("Step 4: ...") says nothing new."""
    plain = normalised(text)
    return without_digits(plain) if len(plain) >= COUNTED_TEXT else plain


def is_human(message: JsonObject) -> bool:
    """Whether a person (not a tool, a reminder or a bare push to go on) speaks in the message."""
    if message.get("role") != "user":
        return False
    blocks = _blocks(message)
    if blocks and blocks[0].get("type") == "tool_result":
        return False
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
