"""A running proxy on a free port, in the test's own event loop, before a scripted model server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import uvicorn

from proxy_core.api.app import create_app
from proxy_core.engine import Engine
from proxy_core.listening import bind
from proxy_core.live_settings import LiveSettings, SettingsView
from proxy_core.settings import SPEC_BY_NAME, Settings

from .scripted_upstream import ScriptedUpstream


@dataclass
class Proxy:
    """The engine under test, a client for it and the upstream behind it."""

    engine: Engine
    client: httpx.AsyncClient
    upstream: ScriptedUpstream
    port: int

    def body(self, **changes: Any) -> dict[str, Any]:
        """A small valid request."""
        return {"model": "claude-x", "max_tokens": 64, "messages": [{"role": "user", "content": "hi"}]} | changes

    def events_of(self, kind: str) -> list[Any]:
        """The engine's events of one kind."""
        return [event for event in self.engine.events.since(0).events if event.kind == kind]


StartProxy = Callable[..., Awaitable[Proxy]]


def settings(base: str, **values: str) -> LiveSettings:
    """Settings as the environment would give them."""
    parsed = {name: SPEC_BY_NAME[name].parse(text) for name, text in {"LLAMA_CPP_BASE": base, **values}.items()}
    return LiveSettings(SettingsView(Settings().changed(parsed), {}))


@pytest.fixture
async def start_proxy() -> AsyncIterator[StartProxy]:
    """Start proxies; all are stopped after the test."""
    stops: list[Callable[[], Awaitable[None]]] = []

    async def start(*, upstream: ScriptedUpstream | None = None, listening: bool = True, **values: str) -> Proxy:
        upstream = upstream or ScriptedUpstream()
        if listening:
            await upstream.start()
        engine = Engine(settings(upstream.base, **values))
        sock = bind("127.0.0.1", 0)
        port = sock.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(create_app(engine), log_config=None, lifespan="off"))
        server.capture_signals = _Nothing  # type: ignore[method-assign]
        await engine.start()
        serving = asyncio.create_task(server.serve(sockets=[sock]))
        client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10, trust_env=False)

        async def stop() -> None:
            await client.aclose()
            engine.end_turns()
            await upstream.stop()
            server.should_exit = server.force_exit = True
            await serving
            await engine.stop()

        stops.append(stop)
        while not server.started:
            await asyncio.sleep(0.005)
        return Proxy(engine, client, upstream, port)

    yield start
    for stop in stops:
        await stop()


class _Nothing:
    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None
