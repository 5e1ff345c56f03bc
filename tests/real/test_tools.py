"""Tool use: calls come whole and parse, results go back in their place, and the SDK's tool runner keeps its history."""

from __future__ import annotations

import re
from typing import Any

import pytest
from anthropic import AsyncAnthropic, beta_async_tool
from anthropic.types import Message, ToolUseBlock

from tests.real.asking import MODEL, NO_THINKING, ask, both_ways, kinds, prompt_tokens, text_of

READ = {
    "name": "read_file",
    "description": "Read a file.",
    "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
}
COUNT = {
    "name": "count_lines",
    "description": "Count the lines of a file.",
    "input_schema": {
        "type": "object",
        "properties": {"path": {"type": "string"}, "blank": {"type": "boolean"}},
        "required": ["path", "blank"],
    },
}
TOOLS = [READ, COUNT]
ARGUMENTS = {"read_file": {"path": str}, "count_lines": {"path": str, "blank": bool}}
TRIES = 10


def _calls(message: Message) -> list[ToolUseBlock]:
    return [block for block in message.content if block.type == "tool_use"]


def _check(call: ToolUseBlock) -> None:
    """The call is one that the client can run: a declared tool, arguments that its schema allows."""
    assert re.fullmatch(r"[a-zA-Z0-9_-]+", call.id)
    assert {name: type(value) for name, value in call.input.items()} == ARGUMENTS[call.name]


@both_ways
async def test_any_forces_a_call(calling_client: AsyncAnthropic, *, stream: bool) -> None:
    message = await ask(
        calling_client, "Read it.", stream=stream, tools=TOOLS, tool_choice={"type": "any"}, max_tokens=4000
    )
    assert message.stop_reason == "tool_use"
    assert _calls(message)
    for call in _calls(message):
        _check(call)


@both_ways
async def test_a_named_tool_is_the_one_that_is_called(calling_client: AsyncAnthropic, *, stream: bool) -> None:
    choice = {"type": "tool", "name": "count_lines"}
    message = await ask(calling_client, "Go.", stream=stream, tools=TOOLS, tool_choice=choice, max_tokens=4000)
    assert {call.name for call in _calls(message)} == {"count_lines"}
    for call in _calls(message):
        _check(call)


@both_ways
async def test_parallel_calls_come_as_blocks_of_one_message(calling_client: AsyncAnthropic, *, stream: bool) -> None:
    """How many calls this model makes is chance: two turns of three have several."""
    choice = {"type": "any"}
    for _ in range(TRIES):
        message = await ask(calling_client, "Go.", stream=stream, tools=TOOLS, tool_choice=choice, max_tokens=4000)
        calls = _calls(message)
        if len(calls) > 1:
            break
    else:
        pytest.fail("there never were several calls")
    assert len({call.id for call in calls}) == len(calls)
    assert set(kinds(message)[-len(calls) :]) == {"tool_use"}
    for call in calls:
        _check(call)


@both_ways
async def test_none_forbids_calls(calling_client: AsyncAnthropic, *, stream: bool) -> None:
    message = await ask(
        calling_client, "Talk.", stream=stream, tools=TOOLS, tool_choice={"type": "none"}, max_tokens=300
    )
    assert not _calls(message)


@both_ways
async def test_thinking_comes_before_the_call(calling_client: AsyncAnthropic, *, stream: bool) -> None:
    thinking = {"type": "enabled", "budget_tokens": 1024}
    message = await ask(
        calling_client,
        "Think, then read.",
        stream=stream,
        tools=TOOLS,
        tool_choice={"type": "any"},
        thinking=thinking,
        max_tokens=6000,
    )
    assert kinds(message)[0] == "thinking"
    assert _calls(message)


@both_ways
async def test_a_call_cut_at_max_tokens_is_not_a_tool_use(calling_client: AsyncAnthropic, *, stream: bool) -> None:
    """The opening of a call is one token of this model, so after six tokens no call can be complete."""
    choice = {"type": "tool", "name": "count_lines"}
    message = await ask(calling_client, "Go.", stream=stream, tools=TOOLS, tool_choice=choice, max_tokens=6)
    assert message.stop_reason == "max_tokens"


@both_ways
async def test_results_go_back_in_the_order_of_the_calls(calling_client: AsyncAnthropic, *, stream: bool) -> None:
    """Clients return parallel results in the order in which the tools finished."""
    turn = [
        {"role": "user", "content": "Read both."},
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "I read both."},
                {"type": "tool_use", "id": "toolu_1", "name": "read_file", "input": {"path": "a"}},
                {"type": "tool_use", "id": "toolu_2", "name": "read_file", "input": {"path": "b"}},
            ],
        },
    ]
    one = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "first"}
    two = {"type": "tool_result", "tool_use_id": "toolu_2", "content": "second", "is_error": True}
    answers: list[Any] = []
    for results in ([one, two], [two, one]):
        conversation = [*turn, {"role": "user", "content": [*results, {"type": "text", "text": "Well?"}]}]
        answers.append(
            await ask(
                calling_client,
                conversation,
                stream=stream,
                tools=TOOLS,
                tool_choice={"type": "none"},
                max_tokens=20,
                extra_body={"temperature": 0},
            )
        )
    assert text_of(answers[0]) == text_of(answers[1])
    assert answers[1].usage.cache_read_input_tokens >= prompt_tokens(answers[0]) - 1


async def test_the_tool_runner_replays_its_whole_history(calling_client: AsyncAnthropic) -> None:
    """The runner asks for a thread kept by the server; refused in the right way, it sends everything itself."""
    read: list[str] = []

    @beta_async_tool
    async def read_file(path: str) -> str:
        """Read a file.

        Args:
            path: which one
        """
        read.append(path)
        return "the content of the file"

    runner = calling_client.beta.messages.tool_runner(
        model=MODEL,
        max_tokens=4000,
        thinking=NO_THINKING,
        tools=[read_file],
        tool_choice={"type": "any"},
        max_iterations=3,
        messages=[{"role": "user", "content": "Read the file."}],
    )
    prompts = [message.usage.input_tokens + (message.usage.cache_read_input_tokens or 0) async for message in runner]
    assert len(prompts) == 3
    assert prompts == sorted(set(prompts))
    assert len(read) >= 2
