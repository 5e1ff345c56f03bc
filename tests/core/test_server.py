"""The socket, and the life of the engine's thread."""

from __future__ import annotations

import asyncio
import socket
import threading
from dataclasses import dataclass, field

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from proxy_core.listening import CannotListen, bind, url_of
from proxy_core.server import EngineFailed, EngineThread


@dataclass
class Stage:
    """An engine that records what is done to it; `hold` is a request that waits until it is told to end."""

    broken: bool = False
    done: list[str] = field(default_factory=list)
    active: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    in_flight: threading.Event = field(default_factory=threading.Event)

    async def start(self) -> None:
        if self.broken:
            raise SystemExit(3)
        self.done.append("start")

    async def stop(self) -> None:
        self.done.append("stop")

    def begin_drain(self) -> None:
        self.done.append("drain")

    def end_turns(self) -> None:
        self.done.append("end turns")
        self.ended.set()

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.active += 1
        self.in_flight.set()
        if scope["path"] == "/hold":
            await self.ended.wait()
        elif scope["path"] == "/short":
            await asyncio.sleep(0.2)
        self.active -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"end"})


def start(stage: Stage) -> tuple[EngineThread, str]:
    sock = bind("127.0.0.1", 0)
    url = url_of(sock)
    make_app: ASGIApp = stage.app
    thread = EngineThread(stage, lambda: make_app, sock)
    thread.start()
    return thread, url


def in_background(url: str) -> tuple[threading.Thread, list[str]]:
    answers: list[str] = []
    client = threading.Thread(target=lambda: answers.append(httpx.get(url, timeout=20, trust_env=False).text))
    client.start()
    return client, answers


@pytest.mark.parametrize("mode", ["drain", "now"])
def test_serves_from_start_to_stop(mode: str) -> None:
    stage = Stage()
    thread, url = start(stage)
    assert httpx.get(url, trust_env=False).text == "end"
    thread.stop(mode)  # type: ignore[arg-type]
    assert thread.join(10)
    assert stage.done == ["start", "drain", "end turns", "stop"]
    assert thread.failure is None
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)


def test_a_drain_lets_requests_finish() -> None:
    stage = Stage()
    thread, url = start(stage)
    client, answers = in_background(f"{url}/short")
    assert stage.in_flight.wait(10)
    thread.stop("drain", 30)
    assert thread.join(20)
    client.join()
    assert answers == ["end"]


def test_what_outlasts_the_grace_is_ended_and_told() -> None:
    stage = Stage()
    thread, url = start(stage)
    client, answers = in_background(f"{url}/hold")
    assert stage.in_flight.wait(10)
    thread.stop("drain", 0.1)
    assert thread.join(20)
    client.join()
    assert answers == ["end"]


def test_now_cuts_a_drain_short() -> None:
    stage = Stage()
    thread, url = start(stage)
    client, answers = in_background(f"{url}/hold")
    assert stage.in_flight.wait(10)
    thread.stop("drain", 3600)
    thread.stop("now")
    assert thread.join(20)
    client.join()
    assert answers == ["end"]


def test_coroutines_run_on_the_engines_loop() -> None:
    thread, _ = start(Stage())

    async def where() -> str:
        return threading.current_thread().name

    assert thread.submit(where()).result(5) == "engine"
    thread.stop("now")
    assert thread.join(10)
    thread.stop("now")  # once more does no harm


@pytest.mark.parametrize("part", ["engine", "app"])
def test_a_failed_start_is_raised_even_when_it_is_an_exit(part: str) -> None:
    def no_app() -> ASGIApp:
        raise SystemExit(3)

    stage = Stage(broken=part == "engine")
    called: list[str] = []
    thread = EngineThread(stage, no_app, bind("127.0.0.1", 0), on_failure=lambda: called.append("failure"))
    with pytest.raises(EngineFailed, match="SystemExit: 3"):
        thread.start()
    assert thread.join(10)
    assert isinstance(thread.failure, SystemExit)
    assert called == [], "who called start was told already"


def test_a_later_failure_is_reported_and_ends_the_thread() -> None:
    stage, failed = Stage(), threading.Event()
    thread = EngineThread(stage, lambda: stage.app, bind("127.0.0.1", 0), on_failure=failed.set)
    thread.start()

    def fail() -> None:
        raise RuntimeError("the drain broke")

    stage.begin_drain = fail  # type: ignore[method-assign]
    thread.stop("drain")
    assert failed.wait(10)
    assert str(thread.failure) == "the drain broke"
    assert stage.done[-1] == "stop"


def test_a_busy_port_is_named_with_a_free_one() -> None:
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotListen, match=rf"port {port} on 127\.0\.0\.1 is in use .* try --port (\d+)") as error:
            bind("127.0.0.1", port)
    offered = int(str(error.value).rpartition(" ")[2])
    with bind("127.0.0.1", offered) as free:
        assert free.getsockname()[1] == offered


@pytest.mark.parametrize("host", ["no-such-host.invalid", "203.0.113.7", "not a host"])
def test_a_host_that_is_not_here_is_one_sentence(host: str) -> None:
    with pytest.raises(CannotListen, match=r"cannot listen on .*PROXY_HOST"):
        bind(host, 0)


def test_the_address_for_clients() -> None:
    with bind("0.0.0.0", 0) as sock:
        assert url_of(sock) == f"http://127.0.0.1:{sock.getsockname()[1]}"
    if socket.has_ipv6:
        with bind("::1", 0) as sock:
            assert url_of(sock) == f"http://[::1]:{sock.getsockname()[1]}"
