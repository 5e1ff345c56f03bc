"""Runs the engine and its HTTP server on a thread with an event loop of its own.

The console keeps the main thread. A shared loop was measured: the gap between tokens grew from 31 to 129 ms at the 99th
percentile; with this thread and a short switch interval it is 35 ms.
"""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import logging
import socket
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import Any, Literal, Protocol, TypeAlias, TypeVar

import uvicorn
from starlette.types import ASGIApp

T = TypeVar("T")
StopMode: TypeAlias = Literal["drain", "now"]

COLLECT_AFTER = (5000, 20, 20)
"""Objects and rounds. With Python's own 700 objects the collector took an eighth of a short request, for nothing."""

SWITCH_SECONDS = 0.0005
"""The default of 5 ms lets a busy console thread hold up every socket write of the engine for that long."""

CLOSE_SECONDS = 2
"""How long connections may take to close after their answers were ended."""

START_SECONDS = 30.0
STOP_SECONDS = 10.0
"""Longest time that ending everything may take beyond the grace."""

log = logging.getLogger(__name__)


class ServedEngine(Protocol):
    """What the thread needs of the engine; everything but `active` is called on the engine's loop."""

    async def start(self) -> None:
        """Begin background work."""
        ...

    async def stop(self) -> None:
        """End background work."""
        ...

    def begin_drain(self) -> None:
        """Take no new requests."""
        ...

    def end_turns(self) -> None:
        """End the requests in flight; each client is told."""
        ...

    @property
    def active(self) -> int:
        """Requests in flight."""
        ...


class EngineFailed(Exception):
    """The engine could not start, or ended by itself."""


class QuietServer(uvicorn.Server):
    """uvicorn without its signal handling: the process has one owner of signals, and it is not the server."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave the signals alone."""
        yield


def make_server(app: ASGIApp) -> QuietServer:
    """A server for sockets that are already bound; it logs through the root logger only."""
    fast = importlib.util.find_spec("httptools") is not None
    config = uvicorn.Config(
        app,
        interface="asgi3",
        http="httptools" if fast else "h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=CLOSE_SECONDS,
    )
    return QuietServer(config)


def new_loop() -> asyncio.AbstractEventLoop:
    """An event loop: of uvloop where that exists."""
    if importlib.util.find_spec("uvloop") is None:
        return asyncio.new_event_loop()
    import uvloop

    return uvloop.new_event_loop()


class EngineThread:
    """Owns the engine's thread, loop and server, from `start` to `join`."""

    def __init__(
        self,
        engine: ServedEngine,
        make_app: Callable[[], ASGIApp],
        sock: socket.socket,
        on_failure: Callable[[], None] | None = None,
    ) -> None:
        """`on_failure` is called on the engine's thread when it ends without having been told to."""
        self.failure: BaseException | None = None
        self._engine = engine
        self._make_app = make_app
        self._sock = sock
        self._on_failure = on_failure
        self._loop = new_loop()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._ready = threading.Event()
        self._ended = threading.Event()
        self._stop = asyncio.Event()
        self._mode: StopMode = "drain"
        self._grace = 0.0

    def start(self) -> None:
        """Return once the server answers. Raises `EngineFailed`."""
        sys.setswitchinterval(SWITCH_SECONDS)
        gc.set_threshold(*COLLECT_AFTER)
        self._thread.start()
        if not self._ready.wait(START_SECONDS):
            raise EngineFailed(f"the engine did not start within {START_SECONDS:.0f} s")
        if self.failure is not None:
            raise EngineFailed(describe(self.failure)) from self.failure

    @property
    def running(self) -> bool:
        """Whether the thread has not ended yet."""
        return not self._ended.is_set()

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine on the engine's loop; any thread."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def stop(self, mode: StopMode, grace: float = 0.0) -> None:
        """Begin to end; any thread, returns at once, and a later "now" overrides a "drain".

        "drain" takes no new requests and gives those in flight `grace` seconds; what is left, and everything with
        "now", is ended with an error that its client can read.
        """
        with suppress(RuntimeError):  # the loop is closed: it has ended
            self._loop.call_soon_threadsafe(self._request_stop, mode, grace)

    def join(self, seconds: float) -> bool:
        """Wait for the end; whether it came."""
        return self._ended.wait(seconds)

    def _request_stop(self, mode: StopMode, grace: float) -> None:
        self._mode, self._grace = mode, 0.0 if mode == "now" else grace
        self._stop.set()

    def _run(self) -> None:
        try:
            asyncio.set_event_loop(self._loop)
            self._loop.run_until_complete(self._live())
        except BaseException as error:  # uvicorn raises SystemExit, too, and nothing may vanish with the thread
            self.failure = error
            log.critical("the engine failed", exc_info=error)
        finally:
            self._finish()

    def _finish(self) -> None:
        was_ready = self._ready.is_set()
        try:
            _cancel_leftovers(self._loop)
        finally:
            self._loop.close()
            self._sock.close()
            self._ended.set()
            self._ready.set()
        if self.failure is not None and was_ready and self._on_failure is not None:
            self._on_failure()

    async def _live(self) -> None:
        await self._engine.start()
        server = make_server(self._make_app())
        serving = asyncio.create_task(server.serve(sockets=[self._sock]), name="serve")
        try:
            await self._until_serving(server, serving)
            self._ready.set()
            stopping = asyncio.create_task(self._stop.wait(), name="stop")
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not stopping.done():
                stopping.cancel()
                await serving
                raise EngineFailed("the HTTP server ended by itself")
            await self._drain()
            server.should_exit = True
            await serving
        finally:
            serving.cancel()
            await self._engine.stop()

    @staticmethod
    async def _until_serving(server: QuietServer, serving: asyncio.Task[None]) -> None:
        while not server.started:
            if serving.done():
                await serving
                raise EngineFailed("the HTTP server ended by itself")
            await asyncio.sleep(0.005)

    async def _drain(self) -> None:
        self._engine.begin_drain()
        began = time.monotonic()
        await self._until_idle(lambda: began + self._grace)
        self._engine.end_turns()
        ended = time.monotonic()
        await self._until_idle(lambda: ended + CLOSE_SECONDS)

    async def _until_idle(self, deadline: Callable[[], float]) -> None:
        while self._engine.active and time.monotonic() < deadline():  # noqa: ASYNC110 - the deadline moves on "now"
            await asyncio.sleep(0.02)


def describe(error: BaseException) -> str:
    """An exception as one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _cancel_leftovers(loop: asyncio.AbstractEventLoop) -> None:
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())
