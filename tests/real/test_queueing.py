"""Two agents on a server with one slot: the second waits, is told that it is not forgotten, and gets its answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from anthropic import AsyncAnthropic

from tests.real.asking import MODEL, NO_THINKING, ask, until
from tests.real.proxy import Interlock
from tests.realserver.server import LlamaServer


@pytest.fixture(scope="module")
def slow() -> Iterator[LlamaServer]:
    with LlamaServer("slow") as server:
        yield server


@pytest.fixture(scope="module")
def proxy(slow: LlamaServer) -> Iterator[Interlock]:
    with Interlock(slow.base, PROXY_PING_INTERVAL="0.5") as proxy:
        yield proxy


async def _events(client: AsyncAnthropic, prompt: str, tokens: int) -> list[dict[str, Any]]:
    """The events of a streamed answer as they come over the wire: the SDK keeps pings to itself."""
    request = client.messages.with_streaming_response.create(
        model=MODEL,
        max_tokens=tokens,
        thinking=NO_THINKING,
        messages=[{"role": "user", "content": prompt}],
        stream=True,
    )
    async with request as response:
        lines = [line async for line in response.iter_lines()]
    return [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]


async def test_the_second_agent_is_pinged_while_it_waits(proxy: Interlock, slow: LlamaServer) -> None:
    async with proxy.client() as client:
        first = asyncio.create_task(ask(client, "Work.", stream=True, max_tokens=500))
        assert await until(lambda: sum(slow.decoded()) > 0)
        waited = await _events(client, "Work too.", 20)
        assert (await first).usage.output_tokens == 500
    types = [event["type"] for event in waited]
    before_content = types[: types.index("content_block_start")]
    assert before_content[0] == "message_start"
    assert before_content.count("ping") >= 2
    assert types[-1] == "message_stop"
    assert [event["usage"]["output_tokens"] for event in waited if event["type"] == "message_delta"] == [20]


async def test_a_non_streaming_agent_waits_and_gets_its_answer(proxy: Interlock, slow: LlamaServer) -> None:
    async with proxy.client() as client:
        first = asyncio.create_task(ask(client, "Work.", stream=False, max_tokens=200))
        assert await until(lambda: sum(slow.decoded()) > 0)
        second = await ask(client, "Work too.", stream=False, max_tokens=20)
        assert second.usage.output_tokens == 20
        assert (await first).usage.output_tokens == 200


async def test_a_long_prompt_is_pinged_while_it_is_read(proxy: Interlock) -> None:
    async with proxy.client() as client:
        events = await _events(client, "some words to read " * 300, 5)
    types = [event["type"] for event in events]
    assert types[: types.index("content_block_start")].count("ping") >= 2
    assert types[-1] == "message_stop"


async def test_many_agents_share_two_slots(tiny_proxy: Interlock) -> None:
    """None is lost and none gets another's answer."""
    async with tiny_proxy.client() as client:
        limits = range(3, 19)
        answers = await asyncio.gather(
            *(ask(client, f"Agent {n}.", stream=bool(n % 2), max_tokens=n, stop_sequences=["-"]) for n in limits)
        )
    assert len({answer.id for answer in answers}) == len(limits)
    for limit, answer in zip(limits, answers, strict=True):
        assert answer.usage.output_tokens == limit or answer.stop_reason in {"end_turn", "stop_sequence"}
