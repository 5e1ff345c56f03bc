"""Errors as the Messages API tells them, and what an upstream's failure means to the client.

The status says what a client can do: 4xx means that the same request fails again, 429 and 5xx that it may be repeated.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from proxy_core.translate.chunks import decode_json
from proxy_core.translate.error_text import error_fields, error_message, is_page, page_text, tidy
from proxy_core.translate.overflow import Overflow, find_overflow
from proxy_core.translate.types import Event, JsonObject
from proxy_core.translate.usage import count

__all__ = [
    "ApiError",
    "Overflow",
    "broken_stream",
    "connection_error",
    "from_error_object",
    "from_upstream",
    "is_grammar_error",
    "timeout_error",
]

RETRY_SECONDS = "5"
"""`retry-after` of a busy or loading server that gives none itself."""

_MEANING: dict[int, tuple[int, str]] = {
    400: (400, "invalid_request_error"),
    401: (401, "authentication_error"),
    402: (403, "permission_error"),
    403: (403, "permission_error"),
    404: (404, "not_found_error"),
    408: (504, "timeout_error"),
    413: (413, "request_too_large"),
    425: (503, "overloaded_error"),
    429: (429, "rate_limit_error"),
    501: (400, "invalid_request_error"),
    502: (502, "api_error"),
    503: (503, "overloaded_error"),
    504: (504, "timeout_error"),
    522: (504, "timeout_error"),
    524: (504, "timeout_error"),
    529: (529, "overloaded_error"),
}

_NAMED: dict[str, int] = {
    "invalid_request_error": 400,
    "badrequesterror": 400,
    "bad_request": 400,
    "invalid_request": 400,
    "authentication_error": 401,
    "authenticationerror": 401,
    "invalid_api_key": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "notfounderror": 404,
    "model_not_found": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "ratelimiterror": 429,
    "rate_limit_exceeded": 429,
    "unavailable_error": 503,
    "overloaded_error": 503,
    "server_overloaded": 503,
    "timeout_error": 504,
    "timeout": 504,
}

_LASTING = re.compile(
    r"(?:image|audio|video|multimodal) input is not supported|failed to parse tool call arguments as json",
    re.IGNORECASE,
)
"""What llama.cpp reports as a 500 although the same request will never succeed."""

_GRAMMAR = re.compile(
    r"grammar|sampler|json[ _]?schema|invalid schema|unsupported schema|generate parser|look-?(?:ahead|behind)"
    r"|invalid regex|regex(?:p)? pattern|guided_|structured output",
    re.IGNORECASE,
)


class ApiError(Exception):
    """A failure in the terms of the Messages API.

    `headers` go onto an HTTP answer (retry-after, x-should-retry); `details` into `error.details`; `overflow` is set
    when the prompt did not fit.
    """

    def __init__(  # noqa: PLR0913 - a record of what an error answer carries
        self,
        status: int,
        type: str,  # noqa: A002 - the API's own word
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        details: JsonObject | None = None,
        overflow: Overflow | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.type = type
        self.message = message
        self.headers: dict[str, str] = dict(headers or {})
        self.details = details
        self.overflow = overflow

    def _error(self) -> JsonObject:
        error: JsonObject = {"type": self.type, "message": self.message}
        return error if self.details is None else error | {"details": self.details}

    def body(self, request_id: str) -> JsonObject:
        """The JSON body of an HTTP error answer."""
        return {"type": "error", "error": self._error(), "request_id": request_id}

    def event(self) -> Event:
        """The `error` event of a stream."""
        return {"type": "error", "error": self._error()}


def internal_error() -> ApiError:
    """Something went wrong in the program itself."""
    return ApiError(500, "api_error", "internal error in Interlock; its log has the details")


def connection_error(message: str) -> ApiError:
    """The model server cannot be reached, or closed the connection before it answered."""
    return ApiError(502, "api_error", tidy(message))


def timeout_error(message: str) -> ApiError:
    """The model server was silent for too long."""
    return ApiError(504, "timeout_error", tidy(message))


def broken_stream(message: str = "the model server's stream ended before the answer was complete") -> ApiError:
    """The answer stopped half way; what came so far is not an answer."""
    return ApiError(502, "api_error", tidy(message))


def from_upstream(status: int, headers: Mapping[str, str], body: bytes) -> ApiError:
    """The meaning of an HTTP answer that is not 2xx. Header names in any case."""
    lower = {name.lower(): value for name, value in headers.items()}
    document = decode_json(body) if body.strip() else None
    fields = error_fields(document)
    message = error_message(fields) or _plain_message(status, lower, body, fields)
    return _make(status, fields, message, lower)


def from_error_object(obj: object, status: int = 500) -> ApiError:
    """The meaning of an error inside a 200: the chunk or body itself, its `error` member, or a bare string.

    A numeric `code` or a well-known `type` decides; else `status`.
    """
    fields = error_fields(obj)
    message = error_message(fields) or "the model server reported an error without a message"
    return _make(_status_of(fields, status), fields, message, {})


def is_grammar_error(error: ApiError) -> bool:
    """True when the server could not turn a tool's schema into a grammar, so that simpler schemas may succeed.

    llama.cpp makes one grammar of all tools: a single odd schema makes every request fail.
    """
    if error.overflow is not None or error.status not in (400, 500) or "custom grammar" in error.message:
        return False
    return _GRAMMAR.search(error.message) is not None


def _make(status: int, fields: JsonObject, message: str, headers: Mapping[str, str]) -> ApiError:
    message = tidy(message)
    if found := find_overflow(fields, message, status):
        overflow, text = found
        return ApiError(400, "invalid_request_error", text, overflow=overflow)
    if status >= 500 and _LASTING.search(message):
        return ApiError(400, "invalid_request_error", message)
    ours, kind = _meaning(status)
    kept = {name: headers[name] for name in ("retry-after", "retry-after-ms", "x-should-retry") if name in headers}
    if status == 401:
        kept["x-should-retry"] = "false"
        message = f"the model server refused the proxy's API key: {message}"
    elif kind == "overloaded_error":
        kept.setdefault("retry-after", RETRY_SECONDS)
        if "loading" in message.lower():
            message = f"the model server is still loading its model, try again shortly: {message}"
    return ApiError(ours, kind, message, headers=kept)


def _meaning(status: int) -> tuple[int, str]:
    if status in _MEANING:
        return _MEANING[status]
    if status < 400:
        return 502, "api_error"
    return (400, "invalid_request_error") if status < 500 else (500, "api_error")


def _status_of(fields: JsonObject, otherwise: int) -> int:
    for key in ("code", "status", "status_code"):
        value: Any = fields.get(key)
        number = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else count(value)
        if number is not None and 400 <= number <= 599:
            return number
    for key in ("type", "code"):
        name = fields.get(key)
        if isinstance(name, str) and name.lower() in _NAMED:
            return _NAMED[name.lower()]
    return otherwise


def _plain_message(status: int, headers: Mapping[str, str], body: bytes, fields: JsonObject) -> str:
    """A message for a body that has none in any known place."""
    text = body.decode("utf-8", "replace").strip()
    if 300 <= status < 400:
        return f"the model server answered {status}, a redirection to {headers.get('location', 'nowhere')}"
    if not text or text in ("{}", "null"):
        return f"the model server answered {status} without a message"
    if is_page(text):
        return f"the model server answered {status} with a web page: {page_text(text) or 'no text'}"
    inner = cast("Any", fields.get("type") or fields.get("code"))
    return f"the model server answered {status}: {inner if isinstance(inner, str) else text}"
