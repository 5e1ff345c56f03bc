"""Reads a Chat Completions body as the scripted model understands it, and counts its tokens."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from console.demo.loose_json import as_list, as_object
from console.demo.script import Reply, next_step
from console.demo.stories import Story, story_in
from console.demo.visitor import reply_to
from proxy_core.translate.types import JsonObject

BYTES_PER_TOKEN = 4
TOKENS_PER_MESSAGE = 4
REMINDER = re.compile(r"<system-reminder>.*?</system-reminder>", re.DOTALL)
"""What client programs add to a person's words."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A body read: `parts` are a digest and a token count for the tools and for each message, in prompt order."""

    body: JsonObject
    messages: list[JsonObject]
    parts: tuple[tuple[str, int], ...]
    story: Story | None

    @property
    def tokens(self) -> int:
        """Length of the whole prompt."""
        return sum(count for _, count in self.parts)


def read_prompt(body: JsonObject) -> Prompt:
    """Measure a body. Raises `ValueError` when it holds no messages."""
    messages = [as_object(message) for message in as_list(body.get("messages"))]
    if not messages:
        raise ValueError("'messages' is required")
    parts = [_part(body.get("tools") or []), *(_part(message) for message in messages)]
    head = " ".join(text_of(message) for message in messages[:3])
    return Prompt(body, messages, tuple(parts), story_in(head))


def reply(prompt: Prompt) -> Reply:
    """What the model answers."""
    texts, results = _since_the_last_task(prompt.messages)
    if prompt.story is None:
        return reply_to(prompt.body, texts, results)
    task = texts[-1] if texts else ""
    rounds = _rounds(prompt.messages)
    return next_step(prompt.story, task, rounds, len(texts))


def text_of(message: JsonObject) -> str:
    """The text of a message, whether a string or a list of parts."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    return "\n".join(str(as_object(part).get("text", "")) for part in as_list(content))


def count_text(text: str) -> int:
    """Tokens of a text: one for each four bytes of UTF-8."""
    return -(-len(text.encode()) // BYTES_PER_TOKEN)


def _part(thing: Any) -> tuple[str, int]:
    text = json.dumps(thing, ensure_ascii=False, separators=(",", ":"))
    digest = hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
    return digest, count_text(text) + TOKENS_PER_MESSAGE


def _since_the_last_task(messages: list[JsonObject]) -> tuple[list[str], list[str]]:
    """The texts that the human wrote, and the tool results after the last of them."""
    texts: list[str] = []
    results: list[str] = []
    for message in messages:
        words = REMINDER.sub("", text_of(message)).strip()
        if message.get("role") == "user" and words:
            texts.append(words)
            results = []
        elif message.get("role") == "tool":
            results.append(text_of(message))
    return texts, results


def _rounds(messages: list[JsonObject]) -> int:
    """Turns with tool calls since the last text of the human."""
    rounds = 0
    for message in reversed(messages):
        if message.get("role") == "user":
            break
        rounds += message.get("role") == "assistant" and bool(message.get("tool_calls"))
    return rounds
