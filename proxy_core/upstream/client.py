"""The one way to the model server: httpx over aiohttp, always streaming, retried only before the first byte."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

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


def make_client(settings: Settings) -> httpx.AsyncClient:
    """The client of one engine; call inside the event loop that will use it."""

    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=settings.max_connections, limit_per_host=0, keepalive_timeout=IDLE_CONNECTION_SECONDS
        )
        return aiohttp.ClientSession(connector=connector)

    # aiohttp's connector verifies certificates with a context of its own; the transport's would only be loaded unused
    transport = AiohttpTransport(client=session, verify=False)
    return httpx.AsyncClient(transport=transport, headers=auth_headers(settings), follow_redirects=False)


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


class UpstreamClient:
    """Opens streams of Chat Completions."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.http = client

    @asynccontextmanager
    async def stream(
        self, url: str, body: bytes, settings: Settings, retried: Retried, waiting: Callable[[bool], None]
    ) -> AsyncGenerator[httpx.Response]:
        """POST `body` and give the response once its headers say 2xx; leaving the block closes the connection unless
        the response was read to its end.

        `waiting(True)` is called while the server cannot be reached, `waiting(False)` when a request is on its way.
        Raises `ApiError` for every answer that is not 2xx and for every failure to get one.
        """
        response = await self._open(url, body, settings, retried, waiting)
        try:
            yield response
        finally:
            await response.aclose()

    async def _open(
        self, url: str, body: bytes, settings: Settings, retried: Retried, waiting: Callable[[bool], None]
    ) -> httpx.Response:
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

    async def _send(self, url: str, body: bytes, settings: Settings) -> httpx.Response:
        timeout = httpx.Timeout(settings.read_timeout, connect=settings.connect_timeout, pool=None)
        request = self.http.build_request(
            "POST", url, content=body, headers={"content-type": "application/json"}, timeout=timeout
        )
        try:
            response = await self.http.send(request, stream=True)
        except (httpx.HTTPError, aiohttp.ClientError) as error:
            cause = error.__cause__ or error
            dropped = isinstance(cause, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError)
            unreachable = isinstance(cause, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
            tries = settings.connect_retries if unreachable else min(1, settings.connect_retries) if dropped else 0
            raise _Failed(transport_error(error, url), tries) from error
        if response.is_success:
            return response
        refusal = await _refusal(response)
        loading = response.status_code == HTTP_UNAVAILABLE and "loading" in refusal.message.lower()
        raise _Failed(refusal, settings.connect_retries if loading else 0)


def transport_error(error: Exception, url: str) -> ApiError:
    """What a failure below HTTP means to the client.

    httpx over aiohttp reports a server that hung up as a connect timeout, so the cause decides.
    """
    where = httpx.URL(url)
    address = f"{where.host}:{where.port or (443 if where.scheme == 'https' else 80)}"
    cause = error.__cause__ or error
    if isinstance(cause, aiohttp.ConnectionTimeoutError):
        return connection_error(f"the model server at {address} did not take the connection in time")
    if isinstance(cause, aiohttp.ClientConnectorError):
        return connection_error(f"the model server at {address} cannot be reached")
    if isinstance(cause, asyncio.TimeoutError):
        return timeout_error(f"the model server at {address} was silent for too long")
    return connection_error(f"the model server at {address} closed the connection")


async def _refusal(response: httpx.Response) -> ApiError:
    body = bytearray()
    try:
        async for part in response.aiter_raw():
            body += part
            if len(body) >= ERROR_BODY_LIMIT:
                break
    except httpx.HTTPError:
        pass
    finally:
        await response.aclose()
    return from_upstream(response.status_code, _lower(response.headers), bytes(body))


def _lower(headers: httpx.Headers) -> Mapping[str, str]:
    return {name.lower(): value for name, value in headers.items()}
