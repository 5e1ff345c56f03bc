"""One HTTP/1.1 connection to the model server: one request at a time, its answer read as it comes.

httptools parses, and collects what came in one read without calling Python for each HTTP chunk; model servers send each
event as one of its own. aiohttp makes seven calls for each.
"""

from __future__ import annotations

import asyncio
import math
import time
from typing import cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

HIGH_WATER = 2**20
"""Bytes that may wait to be read before the server is made to wait."""

FIRST_FINAL = 200
"""Status codes below tell of an answer that is still to come."""

PACE = 0.002
"""Seconds for which a fast answer may gather before it is read again.

To read, and to wake who waits, costs many times what a chunk costs, and nobody sees two milliseconds. A model alone is
slower; its server writes the tokens of an accepted draft at once.
"""

FAST = 1.5 * PACE
"""An answer is fast when its reads are no farther apart."""

PROMPT_READS = 16
"""So many reads of an answer never wait for another: its beginning, and all of a short one."""

NEVER = math.inf


class LinkError(Exception):
    """There is no answer, or no more of one."""


class Unreachable(LinkError):
    """Nobody took the connection."""


class SlowConnect(Unreachable):
    """Nobody took the connection in time."""


class Untrusted(Unreachable):
    """No TLS came about: the server has no certificate that is trusted, or speaks none."""


class Dropped(LinkError):
    """The server closed the connection, or sent what is no HTTP."""


class Silent(LinkError):
    """The server said nothing for too long."""


class Connection(asyncio.Protocol):
    """Times are the loop's, in seconds."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.status = 0
        """Of the answer; 0 until its headers came."""
        self.ended = True
        """All of the answer came; some of it may wait to be read."""
        self.closed = False
        self.reused = False
        """An earlier request was answered on it."""
        self._keeps = False
        self._loop = loop
        self._parts: list[bytes] = []
        self._fields: dict[bytes, bytes] = {}
        self.on_body = self._parts.append  # called by the parser, as the other `on_` methods are
        self.on_header = self._fields.__setitem__
        self._parser = HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._error: LinkError | None = None
        self._held = 0
        self._paused = False
        self._since = NEVER
        self._silence = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._reads = 0
        self._last_read = 0.0
        self._pacer: asyncio.TimerHandle | None = None

    # -- asking -------------------------------------------------------------------------------------------------------

    def ask(self, head: bytes, body: bytes, silence: float) -> None:
        """Send a request; from now on the server may say nothing for `silence` seconds while it is waited for."""
        self.reused = self.status > 0
        self.status, self.ended, self._keeps = 0, False, False
        self._fields.clear()
        self._held = self._reads = 0
        if self._timer is None or self._silence != silence:
            self._wait_no_longer()
            self._silence, self._timer = silence, self._loop.call_later(silence, self._look)
        if self._transport is None or self.closed:
            self._fail(Dropped("the server closed the connection"))
        else:
            self._transport.writelines((head, body))

    async def answered(self) -> int:
        """The status, once the headers of the answer came. Raises `LinkError`."""
        while not self.status:
            await self._more()
        return self.status

    async def read(self) -> bytes:
        """All that came of the body since the last read, at least a byte; none at its end. Raises `LinkError`."""
        parts = self._parts
        while not parts:
            if self.ended:
                return b""
            await self._more()
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        parts.clear()
        self._held = 0
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        return data

    def header(self, name: bytes) -> bytes:
        """A header of the answer by its name in lower case, of repeated ones the last; no bytes without one."""
        found = [value for field, value in self._fields.items() if field.lower() == name]
        return found[-1] if found else b""

    @property
    def headers(self) -> dict[str, str]:
        """All headers of the answer, their names in lower case."""
        return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in self._fields.items()}

    def rest(self) -> bool:
        """The answer is not wanted any longer: whether the connection can take another request; else it is closed."""
        self._parts.clear()
        if self.ended and self._keeps and not self.closed:
            return True
        self.abort()
        return False

    def abort(self) -> None:
        """Close it at once."""
        self.closed = True
        self._wait_no_longer()
        if self._pacer is not None:
            self._pacer.cancel()
        if self._transport is not None:
            self._transport.abort()

    async def _more(self) -> None:
        """Wait until something came."""
        if self._error is not None:
            raise self._error
        self._since = self._loop.time()
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None
        if self._error is not None and not self._parts:
            raise self._error

    def _look(self) -> None:
        """One timer a connection, that looks at the clock: a new one for every read would cost as much as the read."""
        now = self._loop.time()
        left = self._since + self._silence - now if self._waiter is not None else self._silence
        if left > 0:
            self._timer = self._loop.call_later(left, self._look)
        else:
            self._fail(Silent("the server said nothing for too long"))

    def _wait_no_longer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # -- what the transport calls -------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        self._transport = cast("asyncio.Transport", transport)  # as that of every stream

    def data_received(self, data: bytes) -> None:
        """The server said something; wake who waits."""
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self._fail(Dropped(f"the server sent what is no HTTP: {error}"))
            return
        self._held += len(data)
        if self._held > HIGH_WATER and not self.ended and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()
        self._wake()
        self._reads += 1
        if self._reads >= PROMPT_READS and not self.ended:
            self._pace()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed; an answer of no declared length has its end here."""
        del exc
        self.closed = True
        if not self.ended and self.status and self._ends_with_connection():
            self.ended = True
        self._fail(Dropped("the server closed the connection"))

    # -- what the parser calls ----------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """An answer begins; one that nobody asked for is an error."""
        if self.ended:
            msg = "an answer that nobody asked for"
            raise ValueError(msg)

    def on_headers_complete(self) -> None:
        """The headers came."""
        status = self._parser.get_status_code()
        self.status = status if status >= FIRST_FINAL else 0

    def on_message_complete(self) -> None:
        """The whole answer came, or one that announces it."""
        if not self.status:
            self._fields.clear()
            return
        self.ended = True
        self._keeps = self._parser.should_keep_alive()

    def _ends_with_connection(self) -> bool:
        return not self.header(b"content-length") and b"chunked" not in self.header(b"transfer-encoding").lower()

    def _fail(self, error: LinkError) -> None:
        """Nothing more comes. An answer that is whole stays so, and the first reason counts."""
        if not self.ended:
            self._error = self._error or error
        self.abort()
        self._wake()

    def _pace(self) -> None:
        """Let a fast answer gather in the socket."""
        now = time.monotonic()
        fast, self._last_read = now - self._last_read < FAST, now
        if fast and self._pacer is None and self._transport is not None:
            self._transport.pause_reading()
            self._pacer = self._loop.call_later(PACE, self._go_on)

    def _go_on(self) -> None:
        self._pacer = None
        if not self._paused and self._transport is not None:
            self._transport.resume_reading()

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
