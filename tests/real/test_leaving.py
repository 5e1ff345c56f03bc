"""A client that leaves sets the model server's slot free, whatever the server was doing for it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.real.asking import ask, both_ways, until
from tests.real.proxy import Interlock
from tests.realserver.server import LlamaServer

WITHIN = 1.0
"""Seconds. The server itself can only stop between two batches, which here are a twentieth of a second apart."""

LONG_PROMPT = "some words to read " * 700


@pytest.fixture(scope="module")
def slow() -> Iterator[LlamaServer]:
    """Reads some 400 and writes some 100 tokens a second."""
    with LlamaServer("slow", slots=2, n_batch=16, n_ubatch=16) as server:
        yield server


@pytest.fixture(scope="module")
def proxy(slow: LlamaServer) -> Iterator[Interlock]:
    with Interlock(slow.base) as proxy:
        yield proxy


async def _leaves(proxy: Interlock, server: LlamaServer, prompt: str, *, stream: bool, writing: bool) -> bool:
    """Ask, leave as soon as the server reads or writes, and say whether its slot was free in time."""
    before = server.busy_slots()
    async with proxy.client() as client:
        asking = asyncio.create_task(ask(client, prompt, stream=stream, max_tokens=4000))
        assert await until(lambda: server.busy_slots() > before)
        if writing:
            assert await until(lambda: min(server.decoded()) > 3)
        else:
            await asyncio.sleep(0.3)
            assert 0 in server.decoded()
        asking.cancel()
        with suppress(asyncio.CancelledError):
            await asking
    return await until(lambda: server.busy_slots() == before, within=WITHIN)


@both_ways
async def test_leaving_while_the_prompt_is_read(proxy: Interlock, slow: LlamaServer, *, stream: bool) -> None:
    assert await _leaves(proxy, slow, LONG_PROMPT, stream=stream, writing=False)


@both_ways
async def test_leaving_while_the_answer_is_written(proxy: Interlock, slow: LlamaServer, *, stream: bool) -> None:
    assert await _leaves(proxy, slow, "Talk on.", stream=stream, writing=True)


@both_ways
async def test_leaving_while_another_agent_works(proxy: Interlock, slow: LlamaServer, *, stream: bool) -> None:
    """A llama.cpp server by itself does not notice a non-streaming client that leaves while another one streams."""
    async with proxy.client() as other:
        working = asyncio.create_task(ask(other, "Work on.", stream=True, max_tokens=4000))
        assert await until(lambda: slow.busy_slots() == 1)
        assert await _leaves(proxy, slow, LONG_PROMPT, stream=stream, writing=False)
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
    assert await until(lambda: slow.busy_slots() == 0, within=WITHIN)


@both_ways
async def test_leaving_while_queued(slow: LlamaServer, *, stream: bool) -> None:
    """Requests that wait for a slot and then leave never get one."""
    with Interlock(slow.base) as proxy:
        async with proxy.client() as client:
            working = [asyncio.create_task(ask(client, f"Work {n}.", stream=True, max_tokens=300)) for n in range(2)]
            assert await until(lambda: slow.busy_slots() == 2)
            queued = asyncio.create_task(ask(client, LONG_PROMPT, stream=stream, max_tokens=4000))
            await asyncio.sleep(0.3)
            queued.cancel()
            with suppress(asyncio.CancelledError):
                await queued
            for message in await asyncio.gather(*working):
                assert message.usage.output_tokens == 300
        assert await until(lambda: slow.busy_slots() == 0, within=WITHIN)
