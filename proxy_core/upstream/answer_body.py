"""The body of a model server's answer: its last bytes, and what is no stream of events."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import cast

import orjson

from proxy_core.translate.types import JsonObject
from proxy_core.upstream.client import Answer, transport_error
from proxy_core.upstream.connection import LinkError

LAST_BYTES_SECONDS = 0.25


async def read_to_end(answer: Answer) -> None:
    """Take the few bytes behind `[DONE]`: a connection whose answer was read to its end can serve the next request."""
    with suppress(TimeoutError, LinkError):
        async with asyncio.timeout(LAST_BYTES_SECONDS):
            while await answer.read():
                pass


async def read_json(answer: Answer, url: str) -> JsonObject:
    """The JSON object of an answer; an error object when it is none. Raises `ApiError`."""
    try:
        content = await answer.read_all()
    except LinkError as error:
        raise transport_error(error, url) from error
    try:
        parsed: object = orjson.loads(content)
    except orjson.JSONDecodeError:
        parsed = None
    if isinstance(parsed, dict):
        return cast("JsonObject", parsed)
    return {"error": {"message": "the model server answered no JSON object"}}
