"""The FastAPI application: every endpoint as a route, the two hot ones as raw ASGI endpoints."""

from __future__ import annotations

from typing import cast

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from proxy_core.api.console_api import console_router
from proxy_core.api.models import models_router
from proxy_core.api.operator import operator_router
from proxy_core.api.security import Gate
from proxy_core.engine import Engine
from proxy_core.translate.errors import ApiError, internal_error
from proxy_core.turn import new_request_id

ERROR_TYPES = {
    404: "not_found_error",
    405: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
}


def make_routes(engine: Engine, posts: dict[str, ASGIApp], prefixes: tuple[str, ...]) -> FastAPI:
    """All routes of an engine; `posts`: the raw endpoints by their paths, which may stand behind each of `prefixes`."""
    app = FastAPI(title="Interlock", openapi_url=None, docs_url=None, redoc_url=None)
    for prefix in prefixes:
        app.router.routes += [Route(prefix + path, endpoint, methods=["POST"]) for path, endpoint in posts.items()]
        app.include_router(models_router(engine), prefix=prefix)
    app.include_router(operator_router(engine))
    app.include_router(console_router(engine))
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected)
    app.add_middleware(Gate, settings=engine.settings)
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
