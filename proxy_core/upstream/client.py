"""The one way to the model server: always streaming, retried only before the first byte.

Completions go through aiohttp itself: measured, httpx in front of it doubles what a short answer costs. Everything else
asks through httpx, on the same connections.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from multidict import CIMultiDict
from yarl import URL

from proxy_core.settings import Settings
from proxy_core.translate.errors import ApiError, connection_error, from_upstream, timeout_error

IDLE_CONNECTION_SECONDS = 4.0
"""Idle connections are dropped before llama.cpp's HTTP server drops them (5 s), so that none is found dead."""

FIRST_PAUSE = 0.25
LONGEST_PAUSE = 4.0
ERROR_BODY_LIMIT = 64 * 1024
HTTP_UNAVAILABLE = 503

Retried = Callable[[str, int, float], None]
"""Told of each further try: reason, number of the try from 1, pause in seconds."""


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
    """The answer to a request whose status is 2xx, read as it comes.

    `read` waits for more and gives all that has come, no bytes at the end. Raises `aiohttp.ClientError` and
    `TimeoutError`.
    """

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.headers = response.headers
        self.read: Callable[[], Awaitable[bytes]] = response.content.readany

    def wait_for_ever(self) -> None:
        """Let `read` wait without a limit from the next bytes on: aiohttp sets a new timer for each read."""
        connection = self._response.connection
        if connection is not None and connection.protocol is not None:
            connection.protocol.read_timeout = None

    @property
    def ended(self) -> bool:
        """All of it was read."""
        return self._response.content.at_eof()

    async def aread(self) -> bytes:
        """The whole body."""
        return await self._response.content.read()

    async def aclose(self) -> None:
        """Give the connection back if the answer was read to its end, else close it."""
        await self._response.__aexit__(None, None, None)


class UpstreamClient:
    """Opens streams of Chat Completions. Make it inside the event loop that will use it.

    `http` is for all other requests to the model server.
    """

    def __init__(self, settings: Settings) -> None:
        connector = aiohttp.TCPConnector(
            limit=settings.max_connections, limit_per_host=0, keepalive_timeout=IDLE_CONNECTION_SECONDS
        )
        headers = auth_headers(settings)
        self._session = aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
        )
        self._headers = CIMultiDict({"accept": "*/*", **headers, "content-type": "application/json"})
        self._urls: dict[str, URL] = {}
        # aiohttp's connector verifies certificates with a context of its own; the transport's would be loaded unused
        transport = AiohttpTransport(client=self._session, verify=False)
        self.http = httpx.AsyncClient(transport=transport, headers=headers, follow_redirects=False)

    async def aclose(self) -> None:
        """Close all connections."""
        await self.http.aclose()

    async def open(
        self, url: str, body: bytes, settings: Settings, retried: Retried, waiting: Callable[[bool], None]
    ) -> Answer:
        """POST `body` and give the answer once its headers say 2xx; it has to be closed.

        `waiting(True)` is called while the server cannot be reached, `waiting(False)` when a request is on its way.
        Raises `ApiError` for every answer that is not 2xx and for every failure to get one.
        """
        attempt = 0
        while True:
            waiting(False)
            try:
                return await self._send(url, body, settings)
            except _Failed as failed:
                if attempt >= failed.tries:
                    raise failed.error from failed.__cause__
                attempt += 1
                pause = min(FIRST_PAUSE * 2 ** (attempt - 1), LONGEST_PAUSE)
                retried(failed.error.message, attempt, pause)
                waiting(True)
                await asyncio.sleep(pause)

    async def _send(self, url: str, body: bytes, settings: Settings) -> Answer:
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=settings.connect_timeout, sock_read=settings.read_timeout
        )
        try:
            response = await self._session.post(
                self._address(url), data=body, headers=self._headers, timeout=timeout, allow_redirects=False
            )
        except (aiohttp.ClientError, TimeoutError) as error:
            dropped = isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError)
            unreachable = isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
            tries = settings.connect_retries if unreachable else min(1, settings.connect_retries) if dropped else 0
            raise _Failed(transport_error(error, url), tries) from error
        if response.status // 100 == 2:
            return Answer(response)
        refusal = await _refusal(response)
        loading = response.status == HTTP_UNAVAILABLE and "loading" in refusal.message.lower()
        raise _Failed(refusal, settings.connect_retries if loading else 0)

    def _address(self, url: str) -> URL:
        """The address parsed; there is one, or a few."""
        found = self._urls.get(url)
        if found is None:
            found = self._urls[url] = URL(url)
        return found


def transport_error(error: Exception, url: str) -> ApiError:
    """What a failure below HTTP means to the client.

    httpx over aiohttp reports a server that hung up as a connect timeout, so aiohttp's own error decides.
    """
    where = httpx.URL(url)
    address = f"{where.host}:{where.port or (443 if where.scheme == 'https' else 80)}"
    cause = error if isinstance(error, aiohttp.ClientError) else error.__cause__
    if isinstance(cause, aiohttp.ConnectionTimeoutError):
        return connection_error(f"the model server at {address} did not take the connection in time")
    if isinstance(cause, aiohttp.ClientConnectorError):
        return connection_error(f"the model server at {address} cannot be reached")
    if isinstance(error, TimeoutError) or isinstance(cause, TimeoutError):
        return timeout_error(f"the model server at {address} was silent for too long")
    return connection_error(f"the model server at {address} closed the connection")


async def _refusal(response: aiohttp.ClientResponse) -> ApiError:
    answer, body = Answer(response), bytearray()
    try:
        while len(body) < ERROR_BODY_LIMIT and (part := await answer.read()):
            body += part
    except (aiohttp.ClientError, TimeoutError):
        pass
    finally:
        await answer.aclose()
    headers = {name.lower(): value for name, value in response.headers.items()}
    return from_upstream(response.status, headers, bytes(body))
