"""The web server of `interlock serve`: that of textual-serve, closed to the pages of strangers.

textual-serve has no login and looks at neither `Origin` nor `Host`, so that any page in the operator's browser could
open its web socket and press keys in the console. Its own page fetches a font from another site; ours fetches nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web
from textual_serve.server import Server

LOCAL_NAMES = frozenset({"127.0.0.1", "localhost"})
PAGE = Path(__file__).parent / "browser_page"
POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self' ws:; "
    "frame-ancestors 'none'; form-action 'none'; base-uri 'none'"
)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ConsoleServer(Server):
    """Quiet: the one line that a person needs is said by the command."""

    def __init__(self, command: str, host: str, port: int) -> None:
        """`command` runs the console of one tab, through a shell."""
        super().__init__(command, host, port, title="Interlock", templates_path=PAGE)  # pyright: ignore[reportUnknownMemberType]

    def initialize_logging(self) -> None:
        """Leave logging alone: theirs prints local variables with a traceback."""

    async def on_startup(self, app: web.Application) -> None:
        """Print no banner."""

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.router.add_static("/page", PAGE)
        app.middlewares.append(self._only_own_page)
        return app

    @web.middleware
    async def _only_own_page(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse what another page asks for, and a name that was made to point here."""
        host, own = request.headers.get("Host", ""), urlsplit(self.public_url).netloc
        if not is_own(host, request.headers.get("Origin")):
            raise web.HTTPForbidden(text="only the console's own page is served here")
        if request.path == "/" and host != own:
            raise web.HTTPFound(self.public_url)  # its web socket is there
        answer = await handler(request)
        if not answer.prepared:
            answer.headers["Content-Security-Policy"] = POLICY
        return answer


def is_own(host: str, origin: str | None) -> bool:
    """Whether a request with these headers comes from this machine's own page, or from no page at all."""
    try:
        names_this_machine = urlsplit(f"//{host}").hostname in LOCAL_NAMES
        return names_this_machine and (origin is None or urlsplit(origin).netloc == host)
    except ValueError:
        return False
