"""The body of a model server's answer where it is not a stream of events, and the last bytes behind one that is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import cast

import httpx
import orjson

from proxy_core.translate.types import JsonObject
from proxy_core.upstream.client import Answer, transport_error

LAST_BYTES_SECONDS = 0.25


async def read_to_end(incoming: AsyncIterator[bytes]) -> None:
    """Take the few bytes behind `[DONE]`: a connection whose answer was read to its end can serve the next request."""
    with suppress(TimeoutError, httpx.HTTPError):
        async with asyncio.timeout(LAST_BYTES_SECONDS):
            async for _ in incoming:
                pass


async def read_json(response: Answer, url: str) -> JsonObject:
    """The JSON object of an answer; an error object when it is none. Raises `ApiError`."""
    try:
        content = await response.aread()
    except httpx.HTTPError as error:
        raise transport_error(error, url) from error
    try:
        parsed: object = orjson.loads(content)
    except orjson.JSONDecodeError:
        parsed = None
    if isinstance(parsed, dict):
        return cast("JsonObject", parsed)
    return {"error": {"message": "the model server answered no JSON object"}}
