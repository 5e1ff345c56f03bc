"""The application loads FastAPI when the first request comes that needs it, once, beside the traffic."""

from __future__ import annotations

import asyncio
import threading

import pytest
from starlette.types import Message, Receive, Scope, Send

from proxy_core.api.app import Application

from .conftest import StartProxy


class Routes:
    """Slow to make: not before `go`."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.made_on: list[threading.Thread] = []
        self.answered: list[str] = []

    def make(self) -> Routes:
        self.made_on.append(threading.current_thread())
        assert self.go.wait(10)
        return self

    async def __call__(self, scope: Scope, _receive: Receive, _send: Send) -> None:
        self.answered.append(f"{scope['method']} {scope['path']}")


async def hot(scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "test", "path": scope["path"]})


async def ask(app: Application, method: str, path: str, kind: str = "http") -> list[Message]:
    sent: list[Message] = []

    async def receive() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    await app({"type": kind, "method": method, "path": path}, receive, send)
    return sent


async def test_only_what_needs_the_routes_waits_for_them() -> None:
    routes = Routes()
    app = Application({"/hot": hot}, routes.make)
    assert await ask(app, "POST", "/hot")
    assert not routes.made_on

    paths = [("GET", "/cold"), ("POST", "/cold"), ("GET", "/hot")]
    waiting = [asyncio.create_task(ask(app, method, path)) for method, path in paths]
    left = asyncio.create_task(ask(app, "GET", "/left"))
    await asyncio.sleep(0)
    left.cancel()
    assert await ask(app, "POST", "/hot"), "the hot endpoint answers meanwhile"
    assert not any(task.done() for task in waiting)

    routes.go.set()
    await asyncio.gather(*waiting)
    await ask(app, "HEAD", "/later")
    assert routes.answered == ["GET /cold", "POST /cold", "GET /hot", "HEAD /later"]
    assert len(routes.made_on) == 1
    assert routes.made_on[0] is not threading.current_thread()
    with pytest.raises(asyncio.CancelledError):
        await left


async def test_routes_that_could_not_be_made_are_made_for_the_next_request() -> None:
    routes = Routes()
    routes.go.set()
    tries: list[Routes] = []

    def make() -> Routes:
        tries.append(routes)
        if len(tries) == 1:
            raise ImportError("no such module")
        return routes

    app = Application({}, make)
    failed = await asyncio.gather(*(ask(app, "GET", "/cold") for _ in range(3)), return_exceptions=True)
    assert [type(error) for error in failed] == [ImportError] * 3
    await asyncio.gather(*(ask(app, "GET", "/cold") for _ in range(3)))
    assert len(tries) == 2
    assert routes.answered == ["GET /cold"] * 3


async def test_the_first_requests_of_all_kinds_are_answered_together(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    cold = [proxy.client.get(path) for path in ("/health", "/v1/models", "/anthropic/v1/models", "/_console/snapshot")]
    hot = [proxy.client.post("/v1/messages", json=proxy.body()) for _ in range(4)]
    answers = await asyncio.gather(*cold, *hot)
    assert [answer.status_code for answer in answers] == [200] * 8
