"""The client's end of one request: writes the answer and notices when the client leaves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Literal, TypeAlias

import orjson
from starlette.types import Message, Receive, Send

from proxy_core.translate.errors import ApiError
from proxy_core.translate.sse import PING, encode
from proxy_core.translate.types import JsonObject
from proxy_core.turn import Turn

COMMIT_SECONDS = 1.0
"""How long an answer waits for the model server's first word before it commits to status 200 and begins to ping."""

PATIENCE_WHILE_DOWN = 4.5
"""The same while the server cannot be reached: until the retries are over a true status is worth more than a ping."""

UNWATCHED_SECONDS = 0.01
"""How late it may be noticed that a client left at once."""

_OF_STREAMS = ((b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache"))

Opening: TypeAlias = Callable[[], bytes]
"""Gives the beginning of a stream."""

Ending = Literal["event", "cut"]


class ConnectionCut(Exception):
    """Raised out of the application so that the server closes the connection in the middle of the body.

    A chunked body that ends without its last chunk is the only sign that Claude Code takes for a reason to repeat the
    request (measured: after an `event: error` it fails the turn).
    """


class ClientLink:
    """Writes one answer, streamed or whole, with the right status while that is still open."""

    def __init__(self, receive: Receive, send: Send, request_id: str) -> None:
        self._receive = receive
        self._send = send
        self.request_id = request_id
        self.committed = False
        self.ended = False
        self.tells: Callable[[bytes], None] = _nobody
        """Told of the bytes of the answer's body."""
        self._last_write = time.monotonic()

    async def respond(self, status: int, body: JsonObject, headers: dict[str, str] | None = None) -> None:
        """A whole JSON answer."""
        content = orjson.dumps(body)
        listed = self._headers(b"application/json", headers or {})
        listed.append((b"content-length", str(len(content)).encode()))
        self.committed = self.ended = True
        self.tells(content)
        await self._send({"type": "http.response.start", "status": status, "headers": listed})
        await self._send({"type": "http.response.body", "body": content})

    async def fail(self, error: ApiError) -> None:
        """The error as a whole answer with its own status."""
        await self.respond(error.status, error.body(self.request_id), dict(error.headers))

    async def commit(self, opening: bytes) -> None:
        """Begin a stream: status 200, then `opening`."""
        await self._begin()
        await self.write(opening)

    async def whole_stream(self, data: bytes) -> None:
        """A stream that is over before it began."""
        await self._begin()
        await self.end(data)

    async def _begin(self) -> None:
        self.committed = True
        headers = [*_OF_STREAMS, (b"request-id", self.request_id.encode())]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})

    async def write(self, data: bytes) -> None:
        """Part of a stream that was begun."""
        self._last_write = time.monotonic()
        self.tells(data)
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self, last: bytes = b"") -> None:
        """The end of a stream that was begun."""
        self.ended = True
        if last:
            self.tells(last)
        await self._send({"type": "http.response.body", "body": last})

    async def break_off(self, error: ApiError, ending: Ending) -> None:
        """End a begun stream that has no good end: say so, or cut the connection."""
        self.ended = True
        if ending == "cut":
            raise ConnectionCut(error.message)
        await self.end(encode(error.event()))

    async def watch(self, turn: Turn, opening: Opening | None, ping_interval: float) -> None:
        """Run beside the turn: cancel it when the client leaves; keep a streaming client (`opening` given) alive."""
        while True:
            try:
                async with asyncio.timeout(self._pause(turn, ping_interval) if opening else None):
                    message: Message = await self._receive()
            except TimeoutError:
                await self._keep_alive(turn, opening, ping_interval)
                continue
            if message["type"] == "http.disconnect":
                if not self.ended:
                    turn.cancel("client")
                return

    def _pause(self, turn: Turn, ping_interval: float) -> float:
        due = self._last_write + ping_interval if self.committed else turn.started + self._patience(turn)
        return max(due - time.monotonic(), 0.05)

    async def _keep_alive(self, turn: Turn, opening: Opening | None, ping_interval: float) -> None:
        if self.ended or opening is None:
            return
        if not self.committed:
            if turn.seconds >= self._patience(turn):
                await self.commit(opening() + PING)
        elif time.monotonic() - self._last_write >= ping_interval:
            await self.write(PING)

    @staticmethod
    def _patience(turn: Turn) -> float:
        return PATIENCE_WHILE_DOWN if turn.phase == "connect" else COMMIT_SECONDS

    def _headers(self, content_type: bytes, extra: dict[str, str]) -> list[tuple[bytes, bytes]]:
        headers = [(b"content-type", content_type), (b"request-id", self.request_id.encode())]
        headers += [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in extra.items()]
        return headers


class Watcher:
    """Has the client watched while the block lasts; `opening`: that of a streaming client.

    Most of what a task costs is to begin and to end it, so it waits until the answer is known not to be a short one.
    """

    def __init__(self, turn: Turn, link: ClientLink, opening: Opening | None) -> None:
        self._turn = turn
        self._link = link
        self._opening = opening
        self._task: asyncio.Task[None] | None = None

    def __enter__(self) -> None:
        task = self._turn.task  # knows its loop; asking for the running one is a system call on Python 3.11
        self._loop = asyncio.get_running_loop() if task is None else task.get_loop()
        self._timer = self._loop.call_later(UNWATCHED_SECONDS, self._begin)

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def _begin(self) -> None:
        turn = self._turn
        self._task = self._loop.create_task(self._link.watch(turn, self._opening, turn.settings.ping_interval))


def _nobody(_data: bytes) -> None:
    """Nobody wants to know."""
