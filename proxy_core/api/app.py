"""What the server calls: the hot endpoints at once, everything else through FastAPI, which is loaded when it is needed.

FastAPI takes 0.2 s to import and 16 MB, and an agent that only asks for answers and token counts needs none of it.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable, Mapping

from starlette.types import ASGIApp, Receive, Scope, Send

from proxy_core.api.client_link import ConnectionCut
from proxy_core.api.count_tokens import CountTokensEndpoint
from proxy_core.api.messages import MessagesEndpoint
from proxy_core.api.security import Gate
from proxy_core.engine import Engine

PREFIXES = ("", "/anthropic")
"""Some clients are pointed at a base address that ends in /anthropic."""


class Application:
    """Answers POST requests to the `direct` endpoints itself: the layers around routes do nothing for them, and take a
    tenth of a short request. `make_routes` makes what answers the others, on a thread, when the first of them comes.
    """

    def __init__(self, direct: Mapping[str, ASGIApp], make_routes: Callable[[], ASGIApp]) -> None:
        self._direct = direct
        self._make_routes = make_routes
        self._routes: asyncio.Task[ASGIApp] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        post = scope["type"] == "http" and scope["method"] == "POST"
        endpoint = self._direct.get(scope["path"]) if post else None
        await (endpoint or self._through_routes)(scope, receive, send)

    async def _through_routes(self, scope: Scope, receive: Receive, send: Send) -> None:
        loading = self._routes = self._routes or asyncio.create_task(self._loaded(), name="routes")
        try:
            routes = await asyncio.shield(loading)  # others wait for them as well
        except Exception:
            if self._routes is loading:
                self._routes = None  # the next request tries again
            raise
        await routes(scope, receive, send)

    async def _loaded(self) -> ASGIApp:
        routes = await asyncio.to_thread(self._make_routes)
        gc.freeze()  # they stay as long as the process: the collector need not look at them again and again
        return routes


def create_app(engine: Engine) -> Application:
    """The application of an engine. It has no start-up of its own: the server starts and stops the engine."""
    posts: dict[str, ASGIApp] = {
        "/v1/messages": MessagesEndpoint(engine),
        "/v1/messages/count_tokens": CountTokensEndpoint(engine),
    }

    def make() -> ASGIApp:
        from proxy_core.api.routes import make_routes  # late: it imports FastAPI

        return make_routes(engine, posts, PREFIXES)

    guarded = {path: Gate(endpoint, engine.settings) for path, endpoint in posts.items()}
    direct = {prefix + path: endpoint for prefix in PREFIXES for path, endpoint in guarded.items()}
    logging.getLogger("uvicorn.error").addFilter(_is_not_a_cut)
    return Application(direct, make)


def _is_not_a_cut(record: logging.LogRecord) -> bool:
    """Keep connections that were cut on purpose out of the server's error log."""
    return not (record.exc_info and isinstance(record.exc_info[1], ConnectionCut))
