"""The web server of `interlock serve`: that of textual-serve, closed to the pages of strangers.

textual-serve has no login and looks at neither `Origin` nor `Host`, so that any page in the operator's browser could
open its web socket and press keys in the console.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web
from textual_serve.server import Server

LOCAL_NAMES = frozenset({"127.0.0.1", "localhost"})


class ConsoleServer(Server):
    """Quiet: the one line that a person needs is said by the command."""

    def initialize_logging(self) -> None:
        """Leave logging alone: theirs prints local variables with a traceback."""

    async def on_startup(self, app: web.Application) -> None:
        """Print no banner."""

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(only_own_pages)
        return app


@web.middleware
async def only_own_pages(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse what another page asks for, and a name that was made to point here."""
    origin = request.headers.get("Origin")
    if not is_own(request.headers.get("Host", ""), origin):
        raise web.HTTPForbidden(text="only the console's own page is served here")
    return await handler(request)


def is_own(host: str, origin: str | None) -> bool:
    """Whether a request with these headers comes from this machine's own page, or from no page at all."""
    if urlsplit(f"//{host}").hostname not in LOCAL_NAMES:
        return False
    return origin is None or urlsplit(origin).netloc == host
