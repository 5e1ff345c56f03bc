"""The model server loads, dies, comes back as another one, or wants a key."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import anthropic
import httpx2
import pytest

from tests.real.asking import ask, both_ways, kinds, until
from tests.real.proxy import Interlock
from tests.realserver.server import LlamaServer

SLOW_TO_LOAD = 65_536
"""Tokens of a window whose cache takes this server some seconds to set up."""

FAILURES = (anthropic.APIStatusError, anthropic.APIConnectionError, httpx2.TransportError)


@pytest.fixture
def server() -> Iterator[LlamaServer]:
    """A server of this test alone, slow enough to die in the middle of an answer."""
    with LlamaServer("slow") as server:
        yield server


async def test_a_restarted_server_is_found_again_with_its_new_window(server: LlamaServer) -> None:
    with Interlock(server.base, PROXY_CONNECT_RETRIES="0") as proxy:
        async with proxy.client() as client:
            assert (await ask(client, "Hello.", stream=True, max_tokens=5)).usage.output_tokens == 5
            assert proxy.context()["context_window"] == 8192
            server.stop()
            for stream in (True, False):
                with pytest.raises(anthropic.APIStatusError) as failed:
                    await ask(client, "Hello.", stream=stream, max_tokens=5)
                assert failed.value.status_code >= 500
            server.window = 4096
            server.start()
            assert (await ask(client, "Hello.", stream=True, max_tokens=5)).usage.output_tokens == 5
            assert (await ask(client, "Hello.", stream=False, max_tokens=5)).usage.output_tokens == 5
            assert await until(lambda: proxy.context()["context_window"] == 4096)


@both_ways
async def test_a_request_outlasts_a_restart(server: LlamaServer, *, stream: bool) -> None:
    """Nothing was answered yet, so the proxy may wait for the server to come back."""
    with Interlock(server.base, PROXY_CONNECT_RETRIES="10") as proxy:
        async with proxy.client() as client:
            server.stop()
            asking = asyncio.create_task(ask(client, "Hello.", stream=stream, max_tokens=5))
            await asyncio.sleep(0.5)
            await asyncio.to_thread(server.start)
            assert (await asking).usage.output_tokens == 5


@both_ways
async def test_a_loading_server_is_said_to_load(*, stream: bool) -> None:
    server = LlamaServer("slow", window=SLOW_TO_LOAD)
    with Interlock(server.base, PROXY_CONNECT_RETRIES="0") as proxy:
        server.start(wait=False)
        try:
            server.wait_for_health(503)
            async with proxy.client() as client:
                with pytest.raises(anthropic.APIStatusError) as failed:
                    await ask(client, "Hello.", stream=stream)
        finally:
            server.stop()
    assert failed.value.status_code in {503, 529}
    assert "loading" in failed.value.message
    assert int(failed.value.response.headers["retry-after"]) >= 1


async def test_a_request_waits_for_a_loading_server() -> None:
    server = LlamaServer("slow", window=SLOW_TO_LOAD)
    with Interlock(server.base, PROXY_CONNECT_RETRIES="10") as proxy:
        server.start(wait=False)
        try:
            server.wait_for_health(503)
            async with proxy.client() as client:
                assert (await ask(client, "Hello.", stream=True, max_tokens=5)).usage.output_tokens == 5
        finally:
            server.stop()


@pytest.mark.parametrize("agent", ["an SDK", "Claude Code"])
@both_ways
async def test_a_server_that_dies_in_its_answer_is_no_end_of_a_turn(
    server: LlamaServer, agent: str, *, stream: bool
) -> None:
    headers = {"user-agent": "claude-cli/2.1.197 (external, cli)"} if agent == "Claude Code" else {}
    with Interlock(server.base, PROXY_CONNECT_RETRIES="0") as proxy:
        async with proxy.client(default_headers=headers) as client:
            asking = asyncio.create_task(ask(client, "Talk on.", stream=stream, max_tokens=4000))
            assert await until(lambda: sum(server.decoded()) > 10)
            server.kill()
            with pytest.raises(FAILURES):
                await asking


async def test_the_api_key_of_the_server_is_sent() -> None:
    with LlamaServer("tiny", api_key="sesame") as server, Interlock(server.base, UPSTREAM_API_KEY="sesame") as proxy:
        async with proxy.client() as client:
            assert set(kinds(await ask(client, "Hello.", stream=False, max_tokens=5))) <= {"text"}
            assert proxy.context()["context_window"] == server.window


@both_ways
async def test_a_refused_api_key_is_said_once_and_for_good(*, stream: bool) -> None:
    with LlamaServer("tiny", api_key="sesame") as server, Interlock(server.base, UPSTREAM_API_KEY="wrong") as proxy:
        async with proxy.client(max_retries=5) as client:
            with pytest.raises(anthropic.APIStatusError) as refused:
                await ask(client, "Hello.", stream=stream)
    assert refused.value.status_code in {400, 401, 403}
    assert "key" in refused.value.message.lower()
    assert refused.value.response.headers.get("x-should-retry", "false") == "false"
