"""The body of a model server's answer: the wait for it, its last bytes, and what is no stream of events."""

from __future__ import annotations

import asyncio
import math
from contextlib import suppress
from types import TracebackType
from typing import Self, cast

import aiohttp
import orjson

from proxy_core.translate.types import JsonObject
from proxy_core.upstream.client import Answer, transport_error

LAST_BYTES_SECONDS = 0.25
NEVER = math.inf


class Silence:
    """Ends the block with `TimeoutError` when the model server says nothing for `seconds`.

    `since`: the loop's time at which a read began, `NEVER` behind it; what follows is not the server's time.

    One timer a period that looks at the clock: to set one anew for every read costs 2 microseconds, as much as the rest
    of reading a chunk.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._limit = asyncio.timeout(None)
        self.since = NEVER

    async def __aenter__(self) -> Self:
        """Begin to watch."""
        await self._limit.__aenter__()
        self._timer = self._loop.call_later(self._seconds, self._look)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        """End it."""
        self._timer.cancel()
        return await self._limit.__aexit__(kind, error, traceback)

    def _look(self) -> None:
        now = self._loop.time()
        left = min(self.since + self._seconds - now, self._seconds)
        if left <= 0:
            self._limit.reschedule(now)
        else:
            self._timer = self._loop.call_later(left, self._look)


async def read_to_end(answer: Answer) -> None:
    """Take the few bytes behind `[DONE]`: a connection whose answer was read to its end can serve the next request."""
    with suppress(TimeoutError, aiohttp.ClientError):
        async with asyncio.timeout(LAST_BYTES_SECONDS):
            while await answer.read():
                pass


async def read_json(answer: Answer, url: str) -> JsonObject:
    """The JSON object of an answer; an error object when it is none. Raises `ApiError`."""
    try:
        content = await answer.aread()
    except (aiohttp.ClientError, TimeoutError) as error:
        raise transport_error(error, url) from error
    try:
        parsed: object = orjson.loads(content)
    except orjson.JSONDecodeError:
        parsed = None
    if isinstance(parsed, dict):
        return cast("JsonObject", parsed)
    return {"error": {"message": "the model server answered no JSON object"}}
