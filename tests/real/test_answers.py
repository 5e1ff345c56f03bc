"""Text, thinking, structured output, stop sequences and limits come through as the model gave them."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from anthropic import AsyncAnthropic
from pydantic import BaseModel

from tests.real.asking import MODEL, NO_THINKING, ask, both_ways, kinds, text_of
from tests.real.proxy import Interlock
from tests.realserver.server import LlamaServer


@both_ways
async def test_an_answer_ends_when_the_model_ends_its_turn(client: AsyncAnthropic, *, stream: bool) -> None:
    message = await ask(client, "Tell me about the weather.", stream=stream, max_tokens=4000)
    assert message.stop_reason == "end_turn"
    assert message.role == "assistant"
    assert set(kinds(message)) <= {"text"}
    assert message.usage.output_tokens >= 1


@both_ways
async def test_max_tokens_is_honoured(endless_client: AsyncAnthropic, *, stream: bool) -> None:
    message = await ask(endless_client, "Talk on.", stream=stream, max_tokens=37)
    assert message.stop_reason == "max_tokens"
    assert message.usage.output_tokens == 37
    assert kinds(message) == ["text"]


@both_ways
async def test_the_words_are_the_servers_own(
    endless: LlamaServer, endless_client: AsyncAnthropic, *, stream: bool
) -> None:
    """Greedy decoding gives the same words each time, so those of the proxy can be held against the server's."""
    system, prompt = "You are brief.", "Tell me more."
    message = await ask(
        endless_client, prompt, stream=stream, system=system, max_tokens=60, extra_body={"temperature": 0}
    )
    direct = endless.http.post(
        "/v1/chat/completions",
        json={
            "messages": [{"role": "system", "content": system}, {"role": "user", "content": prompt}],
            "max_tokens": 60,
            "temperature": 0,
            "chat_template_kwargs": {"enable_thinking": False},
        },
    ).json()
    assert text_of(message).strip() == direct["choices"][0]["message"]["content"].strip()


@both_ways
async def test_thinking_is_shown_and_cut_at_its_budget(endless_client: AsyncAnthropic, *, stream: bool) -> None:
    """This model would think for ever: that text follows proves that the budget reached the server."""
    thinking = {"type": "enabled", "budget_tokens": 1024}
    message = await ask(endless_client, "Think.", stream=stream, thinking=thinking, max_tokens=1200)
    assert kinds(message) == ["thinking", "text"]
    assert message.content[0].type == "thinking"
    assert len(message.content[0].thinking) > 1000
    assert message.stop_reason == "max_tokens"
    assert message.usage.output_tokens == 1200


@both_ways
async def test_a_turn_cut_in_its_thinking_is_thinking_alone(endless_client: AsyncAnthropic, *, stream: bool) -> None:
    message = await ask(endless_client, "Think.", stream=stream, thinking={"type": "adaptive"}, max_tokens=100)
    assert kinds(message) == ["thinking"]
    assert message.stop_reason == "max_tokens"


@both_ways
async def test_thinking_goes_back_to_the_model(endless_client: AsyncAnthropic, *, stream: bool) -> None:
    """Earlier thinking is part of the next prompt, so it costs tokens there."""
    thinking = {"type": "adaptive"}
    first = await ask(endless_client, "Think.", stream=stream, thinking=thinking, max_tokens=100)
    said = {"role": "assistant", "content": [block.model_dump() for block in first.content]}
    question, more = {"role": "user", "content": "Think."}, {"role": "user", "content": "More."}
    forgot = {"role": "assistant", "content": "I see."}
    conversations: list[Any] = [[question, said, more], [question, forgot, more]]
    counts = [
        (await endless_client.messages.count_tokens(model=MODEL, messages=conversation)).input_tokens
        for conversation in conversations
    ]
    assert counts[0] > counts[1] + 50


@both_ways
async def test_the_stop_sequence_that_stopped_is_named(endless_client: AsyncAnthropic, *, stream: bool) -> None:
    stops = ["never written by anyone", "."]
    message = await ask(endless_client, "Talk.", stream=stream, stop_sequences=stops, max_tokens=1500)
    assert message.stop_reason == "stop_sequence"
    assert message.stop_sequence == "."
    assert "." not in text_of(message)


class Ticket(BaseModel):
    """What the structured answers must be."""

    title: str
    priority: Literal["low", "high"]
    lines: int


async def test_parse_gives_an_object_of_the_wanted_form(client: AsyncAnthropic) -> None:
    message = await client.messages.parse(
        model=MODEL,
        max_tokens=4000,
        thinking=NO_THINKING,
        messages=[{"role": "user", "content": "Make a ticket."}],
        output_format=Ticket,
    )
    assert isinstance(message.parsed_output, Ticket)


async def test_a_stream_with_a_wanted_form_parses(client: AsyncAnthropic) -> None:
    async with client.messages.stream(
        model=MODEL,
        max_tokens=4000,
        thinking=NO_THINKING,
        messages=[{"role": "user", "content": "Make a ticket."}],
        output_format=Ticket,
    ) as stream:
        message = await stream.get_final_message()
    assert isinstance(message.parsed_output, Ticket)


@both_ways
async def test_output_config_forces_its_schema(client: AsyncAnthropic, *, stream: bool) -> None:
    schema = {
        "type": "object",
        "properties": {"answer": {"enum": ["yes", "no"]}},
        "required": ["answer"],
        "additionalProperties": False,
    }
    output = {"format": {"type": "json_schema", "schema": schema}}
    message = await ask(client, "Yes or no?", stream=stream, output_config=output)
    assert text_of(message).replace(" ", "").replace("\n", "") in {'{"answer":"yes"}', '{"answer":"no"}'}


async def test_models_are_listed_under_their_name_and_an_alias(client: AsyncAnthropic, tiny_proxy: Interlock) -> None:
    listed = [model async for model in client.models.list()]
    assert [model.id for model in listed] == ["tiny-babble", "claude-local-tiny-babble"]
    assert {model.max_input_tokens for model in listed} == {8192}
    assert (await client.models.retrieve("claude-local-tiny-babble")).id == "claude-local-tiny-babble"
    assert tiny_proxy.context()["context_window"] == 8192


@pytest.mark.parametrize("name", ["tiny-babble", "claude-local-tiny-babble", "claude-opus-4-8", "whatever"])
async def test_every_model_name_reaches_the_served_model(client: AsyncAnthropic, name: str) -> None:
    message = await ask(client, "Hello.", stream=False, model=name, max_tokens=5)
    assert message.usage.output_tokens >= 1
