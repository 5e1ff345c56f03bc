"""The connections to the model server: opened when none is idle, used again, and dropped when idle for long."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from functools import partial

from proxy_core.upstream.connection import Connection, SlowConnect, Unreachable, Untrusted

IDLE_SECONDS = 4.0
"""Idle connections are dropped before llama.cpp's HTTP server drops them (5 s), so that none is found dead."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where to connect to."""

    host: str
    port: int
    tls: bool


class ConnectionPool:
    """At most `limit` requests at one time. Make it inside the event loop that will use it."""

    def __init__(self, limit: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._room = asyncio.Semaphore(limit)
        self._idle: dict[Origin, list[tuple[float, Connection]]] = {}
        self._sweeper: asyncio.TimerHandle | None = None
        self._tls: ssl.SSLContext | None = None

    async def take(self, origin: Origin, patience: float) -> Connection:
        """A connection for one request, `give_back` ends it. `patience`: longest wait for a new one, in seconds.

        Raises `Unreachable`.
        """
        await self._room.acquire()
        try:
            return self._rested(origin) or await self._opened(origin, patience)
        except BaseException:
            self._room.release()
            raise

    def give_back(self, origin: Origin, connection: Connection) -> None:
        """The request of a connection is over, in whatever way."""
        self._room.release()
        if connection.rest():
            self._idle.setdefault(origin, []).append((self._loop.time(), connection))
            if self._sweeper is None:
                self._sweeper = self._loop.call_later(IDLE_SECONDS, self._sweep)

    def close(self) -> None:
        """Close the idle ones; those in use are closed by who gives them back."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        for rested in self._idle.values():
            for _, connection in rested:
                connection.abort()
        self._idle.clear()

    def _rested(self, origin: Origin) -> Connection | None:
        """The connection that was used last: the least likely to be found dead."""
        rested = self._idle.get(origin)
        while rested:
            since, connection = rested.pop()
            if not connection.closed and since > self._loop.time() - IDLE_SECONDS:
                return connection
            connection.abort()
        return None

    async def _opened(self, origin: Origin, patience: float) -> Connection:
        if origin.tls and self._tls is None:
            self._tls = ssl.create_default_context()
        make, tls = partial(Connection, self._loop), self._tls if origin.tls else None
        try:
            async with asyncio.timeout(patience):
                _, connection = await self._loop.create_connection(make, origin.host, origin.port, ssl=tls)
        except TimeoutError as error:
            raise SlowConnect(str(error)) from error
        except ssl.SSLError as error:
            raise Untrusted(str(error)) from error
        except OSError as error:
            raise Unreachable(str(error)) from error
        return connection

    def _sweep(self) -> None:
        """Drop those that rested for too long, which stand in front, and look again while there are others."""
        oldest = self._loop.time() - IDLE_SECONDS
        for origin, rested in list(self._idle.items()):
            while rested and (rested[0][0] <= oldest or rested[0][1].closed):
                rested.pop(0)[1].abort()
            if not rested:
                del self._idle[origin]
        self._sweeper = self._loop.call_later(IDLE_SECONDS / 4, self._sweep) if self._idle else None
