"""The one way to the model server: always streaming, retried only before the first byte.

Completions go over connections of our own; everything else, which is seldom, asks through httpx.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from proxy_core.settings import Settings
from proxy_core.translate.errors import ApiError, connection_error, from_upstream, timeout_error
from proxy_core.upstream.connection import Connection, Dropped, LinkError, Silent, SlowConnect, Unreachable, Untrusted
from proxy_core.upstream.connection_pool import IDLE_SECONDS, ConnectionPool, Origin

FIRST_PAUSE = 0.25
LONGEST_PAUSE = 4.0
ERROR_BODY_LIMIT = 64 * 1024
HTTP_UNAVAILABLE = 503

DEAD_SECONDS = 1.0
"""A connection that was dropped while it rested shows it by then."""


class Sender(Protocol):
    """Who sends a request is told how it fares."""

    def retried(self, reason: str, attempt: int, pause: float) -> None:
        """There will be a further try: its number from 1, after a pause in seconds."""
        ...

    def waiting(self, waiting: bool, /) -> None:
        """The server cannot be reached now, or a try begins."""
        ...


def auth_headers(settings: Settings) -> dict[str, str]:
    """What every request carries; the key only when one is set."""
    headers = {"accept-encoding": "identity", "user-agent": "interlock"}
    if settings.upstream_api_key:
        headers["authorization"] = f"Bearer {settings.upstream_api_key}"
    return headers


class _Failed(Exception):
    """A try that failed, and how many further tries it is worth: many while nobody answers, one for a dropped one."""

    def __init__(self, error: ApiError, tries: int) -> None:
        super().__init__(error.message)
        self.error = error
        self.tries = tries


class Answer:
    """The answer to a request, read as it comes; it has to be closed. One that is given on has a status of 2xx.

    `read` waits for more and gives all that has come, no bytes at the end. Raises `LinkError`.
    """

    __slots__ = ("_connection", "_done", "read")

    def __init__(self, connection: Connection, done: Callable[[], None]) -> None:
        self._connection = connection
        self._done = done
        self.read: Callable[[], Awaitable[bytes]] = connection.read

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self._connection.status

    @property
    def headers(self) -> dict[str, str]:
        """All headers, their names in lower case."""
        return self._connection.headers

    @property
    def is_json(self) -> bool:
        """It came as one JSON object although a stream was asked for."""
        return self._connection.header(b"content-type").startswith(b"application/json")

    @property
    def ended(self) -> bool:
        """All of it came."""
        return self._connection.ended

    async def read_all(self) -> bytes:
        """The whole body. Raises `LinkError`."""
        parts: list[bytes] = []
        while part := await self.read():
            parts.append(part)
        return b"".join(parts)

    def close(self) -> None:
        """Give the connection back if the answer came to its end, else close it."""
        self._done()


class UpstreamClient:
    """Opens streams of Chat Completions. Make it inside the event loop that will use it.

    `http` is for all other requests to the model server.
    """

    def __init__(self, settings: Settings) -> None:
        headers = auth_headers(settings)
        self._headers = {"accept": "*/*", **headers, "content-type": "application/json"}
        self._pool = ConnectionPool(settings.max_connections)
        self._addresses: dict[str, _Address] = {}
        self.http = httpx.AsyncClient(transport=_transport(), headers=headers, follow_redirects=False)

    async def aclose(self) -> None:
        """Close all connections."""
        self._pool.close()
        await self.http.aclose()

    async def open(self, url: str, body: bytes, settings: Settings, sender: Sender, sent: Callable[[], None]) -> Answer:
        """POST `body` and give the answer once its headers say 2xx; it has to be closed.

        `sent` is called when the request is on its way: what it does is done while the server works.
        Raises `ApiError` for every answer that is not 2xx and for every failure to get one.
        """
        attempt = 0
        while True:
            sender.waiting(False)
            try:
                return await self._send(url, body, settings, sent)
            except _Failed as failed:
                if attempt >= failed.tries:
                    raise failed.error from failed.__cause__
                attempt += 1
                pause = min(FIRST_PAUSE * 2 ** (attempt - 1), LONGEST_PAUSE)
                sender.retried(failed.error.message, attempt, pause)
                sender.waiting(True)
                await asyncio.sleep(pause)

    async def _send(self, url: str, body: bytes, settings: Settings, sent: Callable[[], None]) -> Answer:
        answer = await self._answered(url, body, settings, sent)
        if answer.status // 100 == 2:
            return answer
        refusal = await _refusal(answer)
        loading = answer.status == HTTP_UNAVAILABLE and "loading" in refusal.message.lower()
        raise _Failed(refusal, settings.connect_retries if loading else 0)

    async def _answered(self, url: str, body: bytes, settings: Settings, sent: Callable[[], None]) -> Answer:
        """The answer once its headers came; connections that the server dropped while they rested are passed over."""
        address = self._addresses.get(url) or self._addresses.setdefault(url, _address(url, self._headers))
        head = b"%b%d\r\n\r\n" % (address.head, len(body))
        while True:
            try:
                connection = await self._pool.take(address.origin, settings.connect_timeout)
            except Unreachable as error:
                tries = 0 if isinstance(error, Untrusted) else settings.connect_retries
                raise _Failed(transport_error(error, url), tries) from error
            answer = Answer(connection, partial(self._pool.give_back, address.origin, connection))
            asked = time.monotonic()
            try:
                connection.ask(head, body, settings.read_timeout)
                sent()
                await connection.answered()
            except LinkError as error:
                answer.close()
                if not _was_dead(connection, error, time.monotonic() - asked):
                    tries = min(1, settings.connect_retries) if isinstance(error, Dropped) else 0
                    raise _Failed(transport_error(error, url), tries) from error
            except BaseException:
                answer.close()
                raise
            else:
                return answer


def _was_dead(connection: Connection, error: LinkError, waited: float) -> bool:
    """Whether the server had dropped the connection while it rested: nothing is wrong, another one is to be taken.

    llama.cpp promises to keep the connection of a stream and closes it all the same (b11549). A server that took the
    request, worked and went is another matter. `waited`: seconds since the request was sent.
    """
    unheard = connection.reused and not connection.status and waited < DEAD_SECONDS
    return unheard and isinstance(error, Dropped)


@dataclass(frozen=True, slots=True)
class _Address:
    """A parsed address; `head` is all of a request to it in front of the length of its body."""

    origin: Origin
    head: bytes


def _address(url: str, headers: dict[str, str]) -> _Address:
    parsed = httpx.URL(url)
    tls = parsed.scheme == "https"
    fields = {"host": parsed.netloc.decode("ascii"), **headers}
    lines = [f"POST {parsed.raw_path.decode('ascii')} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    head = "\r\n".join([*lines, "content-length: "]).encode("latin-1")
    return _Address(Origin(parsed.host, parsed.port or (443 if tls else 80), tls), head)


def _transport() -> AiohttpTransport:
    """For httpx: aiohttp, which costs less than its own transport."""
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit_per_host=0, keepalive_timeout=IDLE_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
    )
    # aiohttp's connector verifies certificates with a context of its own; the transport's would be loaded unused
    return AiohttpTransport(client=session, verify=False)


def transport_error(error: LinkError, url: str) -> ApiError:
    """What a failure below HTTP means to the client."""
    where = httpx.URL(url)
    address = f"{where.host}:{where.port or (443 if where.scheme == 'https' else 80)}"
    if isinstance(error, SlowConnect):
        return connection_error(f"the model server at {address} did not take the connection in time")
    if isinstance(error, Untrusted):
        return connection_error(f"no TLS connection to the model server at {address}: {error}")
    if isinstance(error, Unreachable):
        return connection_error(f"the model server at {address} cannot be reached")
    if isinstance(error, Silent):
        return timeout_error(f"the model server at {address} was silent for too long")
    return connection_error(f"the model server at {address} closed the connection")


async def _refusal(answer: Answer) -> ApiError:
    body = bytearray()
    try:
        while len(body) < ERROR_BODY_LIMIT and (part := await answer.read()):
            body += part
    except LinkError:
        pass
    finally:
        answer.close()
    return from_upstream(answer.status, answer.headers, bytes(body))
