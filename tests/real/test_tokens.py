"""Token figures are the server's own: counted prompts, usage, cached tokens."""

from __future__ import annotations

from typing import Any

import pytest
from anthropic import AsyncAnthropic

from tests.real.asking import MODEL, NO_THINKING, ask, both_ways, prompt_tokens, text_of
from tests.real.test_tools import TOOLS

CALL = {"type": "tool_use", "id": "toolu_1", "name": "read_file", "input": {"path": "a"}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "日本語 " * 20}]}
OF_THIS_TURN = 6
"""Tokens at the end of a prompt that the template writes for the newest turn only: the opening of an answer."""

QUESTION = {"role": "user", "content": "What is in the file?"}

BODIES: dict[str, dict[str, Any]] = {
    "one question": {"messages": [QUESTION]},
    "a system prompt": {"messages": [QUESTION], "system": [{"type": "text", "text": "Be brief. " * 20}]},
    "tools": {"messages": [QUESTION], "tools": TOOLS},
    "a forced call": {"messages": [QUESTION], "tools": TOOLS, "tool_choice": {"type": "tool", "name": "read_file"}},
    "a conversation with results": {
        "messages": [QUESTION, {"role": "assistant", "content": [CALL]}, {"role": "user", "content": [RESULT]}],
        "tools": TOOLS,
    },
    "thinking": {"messages": [QUESTION], "thinking": {"type": "enabled", "budget_tokens": 1024}},
    "no thinking": {"messages": [QUESTION], "thinking": NO_THINKING},
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@both_ways
async def test_counted_tokens_are_those_of_the_answer(
    calling_client: AsyncAnthropic, body: dict[str, Any], *, stream: bool
) -> None:
    counted = await calling_client.messages.count_tokens(model=MODEL, **body)
    asked: dict[str, Any] = {"thinking": {"type": "adaptive"}, "max_tokens": 1100} | body
    message = await ask(calling_client, asked.pop("messages"), stream=stream, **asked)
    assert prompt_tokens(message) == counted.input_tokens


@both_ways
async def test_the_second_turn_reads_the_first_from_the_cache(endless_client: AsyncAnthropic, *, stream: bool) -> None:
    """The model server must be sent the same beginning again, or people wait for it to be read anew."""
    question = {"role": "user", "content": f"Tell me a story about {'streaming' if stream else 'whole'} answers."}
    first = await ask(endless_client, [question], stream=stream, max_tokens=50)
    said = {"role": "assistant", "content": text_of(first)}
    conversation: list[Any] = [question, said, {"role": "user", "content": "More."}]
    second = await ask(endless_client, conversation, stream=stream, max_tokens=5)
    counted = await endless_client.messages.count_tokens(model=MODEL, messages=conversation, thinking=NO_THINKING)
    assert prompt_tokens(second) == counted.input_tokens
    assert (second.usage.cache_read_input_tokens or 0) >= prompt_tokens(first) - OF_THIS_TURN


async def test_a_stream_tells_the_prompt_at_once(endless_client: AsyncAnthropic) -> None:
    stream = await endless_client.messages.create(
        model=MODEL,
        max_tokens=5,
        thinking=NO_THINKING,
        messages=[{"role": "user", "content": "Hello."}],
        stream=True,
    )
    events = [event async for event in stream]
    assert events[0].type == "message_start"
    assert events[0].message.usage.input_tokens > 0
    assert [event.usage.output_tokens for event in events if event.type == "message_delta"] == [5]
