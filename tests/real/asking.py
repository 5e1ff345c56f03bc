"""Ask through the SDK in both ways that clients use, and wait for what the servers do meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, cast

import anyio.to_thread
import pytest
from anthropic import AsyncAnthropic
from anthropic.types import Message

MODEL = "claude-local-tiny-babble"
NO_THINKING: Any = {"type": "disabled"}
PATIENCE = 30.0

both_ways = pytest.mark.parametrize("stream", [True, False], ids=["streaming", "whole"])
"""Runs a test with a streaming and with a non-streaming client."""


async def ask(client: AsyncAnthropic, prompt: str | list[Any], *, stream: bool, **body: Any) -> Message:
    """The model's answer to a prompt, or to a whole conversation. Thinking is off unless the body says otherwise."""
    messages = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
    body = {"model": MODEL, "max_tokens": 200, "thinking": NO_THINKING, "messages": messages} | body
    if not stream:
        return cast("Message", await client.messages.create(**body))
    async with client.messages.stream(**body) as events:
        return await events.get_final_message()


def text_of(message: Message) -> str:
    """All text of a message."""
    return "".join(block.text for block in message.content if block.type == "text")


def kinds(message: Message) -> list[str]:
    """The types of its blocks in their order."""
    return [block.type for block in message.content]


def prompt_tokens(message: Message) -> int:
    """The whole prompt: the API counts cached tokens apart."""
    usage = message.usage
    return usage.input_tokens + (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0)


async def until(condition: Callable[[], bool], *, within: float = PATIENCE) -> bool:
    """Wait until a condition holds, asked about fifty times a second; False when `within` seconds did not suffice."""
    end = time.monotonic() + within
    while not await anyio.to_thread.run_sync(condition):
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.02)
    return True
