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


ENDS = 512
"""Characters at each end of a long text by which a message is known again."""


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
class Turn:
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


def place_key(message: JsonObject) -> int:
    """By this a message is known again in the same place of the same conversation; good within this process.

    Of long texts the length and both ends count: what was scored once is not read again, and to hash a body of 2 MB
    whole would cost as much as all the rest. Marks for the prompt cache wander and do not count.
    """
    content: Any = message.get("content")
    if isinstance(content, str):
        return hash((message.get("role"), _ends(content)))
    if not isinstance(content, list):
        return hash(orjson.dumps(message))
    keys = [_block_key(block) for block in cast("list[JsonObject]", content)]
    return hash((message.get("role"), *keys))


def _block_key(block: JsonObject) -> int:
    kind = block.get("type")
    if kind == "tool_result":
        content: Any = block.get("content")
        if isinstance(content, str):
            return hash((block.get("tool_use_id"), _ends(content), block.get("is_error")))
    elif kind == "text":
        return hash(_ends(str(block.get("text"))))
    if "cache_control" in block:
        block = {key: value for key, value in block.items() if key != "cache_control"}
    return hash(orjson.dumps(block))


def _ends(text: str) -> object:
    return text if len(text) <= 4 * ENDS else (len(text), text[:ENDS], text[-ENDS:])


def read_turn(message: JsonObject) -> Turn:
    """Read an assistant message; pure."""
    blocks = _blocks(message)
    text = _text_of(blocks)
    calls = tuple(_call(block) for block in blocks if block.get("type") == "tool_use")
    said = _said(text) if text and not calls else ""
    return Turn(calls, said, repeated_tail(text) > 0, ENDED_MARK in text)


def read_results(message: JsonObject) -> dict[str, Result]:
    """The results in a user message by the id of their call; pure."""
    if message.get("role") != "user":
        return {}
    results = [block for block in _blocks(message) if block.get("type") == "tool_result"]
    return {str(block.get("tool_use_id")): _result(block) for block in results}


def _blocks(message: JsonObject) -> list[JsonObject]:
    content: Any = message.get("content")
    return cast("list[JsonObject]", content) if isinstance(content, list) else [{"type": "text", "text": content}]


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


def is_human(message: JsonObject) -> bool:
    """Whether a person (not a tool, a reminder or a bare push to go on) speaks in the message."""
    if message.get("role") != "user":
        return False
    for block in _blocks(message):
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
