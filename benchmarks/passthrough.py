"""The yardstick: the least that a Python proxy of the usual libraries does. Bytes in, bytes out, nothing translated."""

from __future__ import annotations

import os

import httpx
from starlette.types import Receive, Scope, Send

_CLIENT = httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=None, max_keepalive_connections=1000))


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Hand a request on to `UPSTREAM` and its answer back, piece by piece."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    url = os.environ["UPSTREAM"] + scope["path"]
    headers = {"content-type": "application/json"}
    async with _CLIENT.stream(scope["method"], url, content=body, headers=headers) as response:
        content_type = response.headers.get("content-type", "").encode()
        start = {"type": "http.response.start", "status": response.status_code}
        await send(start | {"headers": [(b"content-type", content_type)]})
        async for data in response.aiter_raw():
            await send({"type": "http.response.body", "body": data, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
