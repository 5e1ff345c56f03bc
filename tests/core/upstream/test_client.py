"""When a request is sent again, and whether anybody hears of it."""

from __future__ import annotations

import asyncio

import pytest

from proxy_core.settings import Settings
from proxy_core.translate.errors import ApiError
from proxy_core.upstream import client as client_module
from proxy_core.upstream.client import UpstreamClient
from proxy_core.upstream.connection import Dropped
from proxy_core.upstream.connection_pool import Origin
from tests.core.upstream.raw_server import CHUNKED, HELLO, Handler, asked, says, served
from tests.core.upstream.told import Told


async def question(client: UpstreamClient, origin: Origin, told: Told) -> bytes:
    url = f"http://{origin.host}:{origin.port}/v1/chat/completions"
    answer = await client.open(url, b"{}", Settings(), told, told.goes_out)
    try:
        return await answer.read_all()
    finally:
        answer.close()


def numbered(answers: list[bytes]) -> Handler:
    """Says to each new connection the next of these and closes it."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asked(reader)
        writer.write(answers.pop(0))
        writer.close()

    return handle


async def test_a_connection_that_was_dropped_while_it_rested_is_nobodys_failure() -> None:
    """llama.cpp promises to keep the connection of a stream, and closes it all the same."""
    told = Told()
    async with served(says(HELLO, close=True)) as origin:
        client = UpstreamClient(Settings())
        for _ in range(5):
            assert await question(client, origin, told) == b"hello!"
        await client.aclose()
    assert told.retries == []
    assert told.sent > 5, "none was sent on a connection that was found dead; the test shows nothing"


async def test_a_server_that_took_a_request_and_went_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(client_module, "DEAD_SECONDS", 0.05)
    told, crashed = Told(), False

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal crashed
        await asked(reader)
        writer.write(HELLO)
        if not crashed and await asked(reader):
            crashed = True
            await asyncio.sleep(0.1)
        writer.close()

    async with served(handle) as origin:
        client = UpstreamClient(Settings())
        assert await question(client, origin, told) == b"hello!"
        assert await question(client, origin, told) == b"hello!"
        await client.aclose()
    assert crashed
    assert [attempt for _, attempt, _ in told.retries] == [1]


async def test_a_new_connection_that_is_dropped_is_tried_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "FIRST_PAUSE", 0.01)
    told = Told()
    async with served(numbered([b"", HELLO, b"", b""])) as origin:
        client = UpstreamClient(Settings())
        assert await question(client, origin, told) == b"hello!"
        server = f"{origin.host}:{origin.port}"
        assert told.retries == [(f"the model server at {server} closed the connection", 1, 0.01)]
        await asyncio.sleep(0.05)  # the server's closing is known by now
        with pytest.raises(ApiError, match="closed the connection"):
            await question(client, origin, told)
        assert len(told.retries) == 2
        await client.aclose()


async def test_an_answer_that_breaks_off_is_not_asked_for_again() -> None:
    told = Told()
    async with served(says(CHUNKED + b"5\r\nhello\r\n", close=True)) as origin:
        client = UpstreamClient(Settings())
        with pytest.raises(Dropped):
            await question(client, origin, told)
        await client.aclose()
    assert (told.retries, told.sent) == ([], 1)
