"""The FastAPI application: small endpoints as FastAPI routes, the two hot ones as raw ASGI routes of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import cast

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from proxy_core.api.client_link import ConnectionCut
from proxy_core.api.console_api import console_router
from proxy_core.api.count_tokens import CountTokensEndpoint
from proxy_core.api.messages import MessagesEndpoint
from proxy_core.api.models import models_router
from proxy_core.api.operator import operator_router
from proxy_core.api.security import Gate
from proxy_core.engine import Engine
from proxy_core.translate.errors import ApiError, internal_error
from proxy_core.turn import new_request_id

PREFIXES = ("", "/anthropic")
"""Some clients are pointed at a base address that ends in /anthropic."""

ERROR_TYPES = {
    404: "not_found_error",
    405: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
}


class Application(FastAPI):
    """Answers requests to its `direct` endpoints before the layers around its routes, which do nothing for them.

    These layers take a tenth of a short request. The endpoints are routes as well, which answer other methods.
    """

    def __init__(self, direct: Mapping[tuple[str, str], ASGIApp]) -> None:
        super().__init__(title="Interlock", openapi_url=None, docs_url=None, redoc_url=None)
        self._direct = direct

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        endpoint = self._direct.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        await (endpoint or super().__call__)(scope, receive, send)


def create_app(engine: Engine) -> FastAPI:
    """The application of an engine. It has no start-up of its own: the server starts and stops the engine."""
    messages, count = MessagesEndpoint(engine), CountTokensEndpoint(engine)
    guarded = Gate(messages, engine.settings)
    app = Application({("POST", f"{prefix}/v1/messages"): guarded for prefix in PREFIXES})
    for prefix in PREFIXES:
        app.router.routes.append(Route(f"{prefix}/v1/messages", messages, methods=["POST"]))
        app.router.routes.append(Route(f"{prefix}/v1/messages/count_tokens", count, methods=["POST"]))
        app.include_router(models_router(engine), prefix=prefix)
    app.include_router(operator_router(engine))
    app.include_router(console_router(engine))
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected)
    app.add_middleware(Gate, settings=engine.settings)
    logging.getLogger("uvicorn.error").addFilter(_is_not_a_cut)
    return app


async def _http_error(request: Request, error: Exception) -> Response:
    http = cast("HTTPException", error)
    kind = ERROR_TYPES.get(http.status_code, "invalid_request_error" if http.status_code < 500 else "api_error")
    text = f"{request.method} {request.url.path}: {http.detail}"
    return _answer(ApiError(http.status_code, kind, text))


async def _unexpected(_request: Request, _error: Exception) -> Response:
    return _answer(internal_error())


def _answer(error: ApiError) -> Response:
    request_id = new_request_id()
    headers = {"request-id": request_id, **error.headers}
    return JSONResponse(error.body(request_id), status_code=error.status, headers=headers)


def _is_not_a_cut(record: logging.LogRecord) -> bool:
    """Keep connections that were cut on purpose out of the server's error log."""
    return not (record.exc_info and isinstance(record.exc_info[1], ConnectionCut))
