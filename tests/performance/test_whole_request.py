"""What a request costs from its bytes to the last byte of its answer, in function calls, without the HTTP libraries.

The bounds lie a few calls above what it is now.
"""

import asyncio
import gc
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from starlette.types import Message

from benchmarks.bodies import conversation, question
from benchmarks.upstream import answer
from proxy_core.api.app import create_app
from proxy_core.engine import Engine
from proxy_core.live_settings import LiveSettings, SettingsView
from proxy_core.settings import Settings
from proxy_core.upstream.client import UpstreamClient

CHUNKS = 20


class Canned:
    """An answer of 20 chunks that comes in one read."""

    is_json = False

    def __init__(self) -> None:
        pieces = answer("text", CHUNKS, CHUNKS)
        lines = b"".join(pieces).partition(b"\r\n\r\n")[2].split(b"\r\n")[1::2]
        self._left = [b"".join(lines)]

    async def read(self) -> bytes:
        return self._left.pop() if self._left else b""

    @property
    def ended(self) -> bool:
        return not self._left

    def close(self) -> None:
        """Nothing to close."""


@asynccontextmanager
async def running() -> AsyncGenerator[Engine]:
    """An engine whose model server is not there."""
    settings = Settings().changed({"LLAMA_CPP_BASE": "http://127.0.0.1:9"})
    engine = Engine(LiveSettings(SettingsView(settings, {})))
    await engine.start()
    try:
        yield engine
    finally:
        await engine.stop()


async def calls_of(app: Any, raw: bytes) -> int:
    """The calls of one request; whatever else runs in the loop counts, too."""
    came, sent = [raw], list[Message]()
    count = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    async def receive() -> Message:
        if not came:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": came.pop(), "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"host", b"127.0.0.1"), (b"content-type", b"application/json"), (b"user-agent", b"bench/1")]
    scope = {"type": "http", "method": "POST", "path": "/v1/messages", "headers": headers}
    before = sys.getprofile()
    sys.setprofile(note)
    try:
        await app(scope, receive, send)
    finally:
        sys.setprofile(before)
    body = b"".join(message.get("body", b"") for message in sent)
    assert body.count(b" lorem ") == CHUNKS
    assert b'"message_stop"' in body
    return count


@pytest.mark.parametrize(
    ("request_body", "most"),
    [
        pytest.param(question(), 1170, id="a question"),
        pytest.param(conversation(20_000, 20, 8), 1770, id="40 messages that are known, 8 tools"),
        pytest.param(conversation(200_000, 100, 60), 2570, id="200 messages that are known, 60 tools"),
    ],
)
async def test_a_request_costs_few_calls(
    request_body: dict[str, Any], most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def opened(*_: object) -> Canned:
        return Canned()

    monkeypatch.setattr(UpstreamClient, "open", opened)
    raw = orjson.dumps({"model": "m", **request_body})
    async with running() as engine:
        app = create_app(engine)
        costs = [await calls_of(app, raw) for _ in range(8)]
    print(f"{costs[0]} calls at first, {min(costs)} later")
    assert min(costs) <= most


async def test_a_request_leaves_nothing_to_the_garbage_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands in a circle stays until the collector comes, and drives the next requests out of the cache."""

    async def opened(*_: object) -> Canned:
        return Canned()

    monkeypatch.setattr(UpstreamClient, "open", opened)
    raw = orjson.dumps({"model": "m", **question()})
    async with running() as engine:
        app = create_app(engine)
        for _ in range(8):
            await calls_of(app, raw)
        gc.collect()
        gc.disable()
        try:
            for _ in range(20):
                await calls_of(app, raw)
            assert gc.collect() < 20
        finally:
            gc.enable()
