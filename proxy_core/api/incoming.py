"""What comes in from a client: its headers, its body, and the two ways in which a body is refused unread."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import orjson
from starlette.types import Receive, Scope

from proxy_core.translate.errors import ApiError
from proxy_core.translate.types import JsonObject

T = TypeVar("T")


class ClientGone(Exception):
    """The client closed its connection."""


async def read_body(receive: Receive, limit: int) -> bytes:
    """The request's body of at most `limit` bytes. Raises `ApiError` (413) and `ClientGone`."""
    message = await receive()
    parts: list[bytes] = []
    size = 0
    while True:
        if message["type"] == "http.disconnect":
            raise ClientGone
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise ApiError(413, "request_too_large", f"the request is larger than {limit // 2**20} MB")
        parts.append(part)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)
        message = await receive()


def headers_of(scope: Scope) -> dict[str, str]:
    """Lower-case header names and their values; of repeated ones the last."""
    pairs: list[tuple[bytes, bytes]] = scope["headers"]
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in pairs}


def parse_body(raw: bytes, parse: Callable[[bytes], T] = orjson.loads) -> T:
    """The JSON of a request's body. Raises `ApiError` (400) that says what is wrong."""
    try:
        return parse(raw)
    except orjson.JSONDecodeError as error:
        raise ApiError(400, "invalid_request_error", f"the request body is not valid JSON: {error}") from None


def refuse_threads(body: object) -> None:
    """Refuse server-side threads in the way that makes the SDKs repeat the request with its whole history."""
    if isinstance(body, dict) and "thread" in body:
        details: JsonObject = {"error_code": "thread_unsupported_request", "unsupported": ["thread"]}
        message = "thread: conversations are not stored here; send the whole history"
        raise ApiError(400, "invalid_request_error", message, details=details)
