"""Who may talk to the proxy: the token where one is set, and no web page of a stranger."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Awaitable
from functools import lru_cache
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from proxy_core.api.client_link import ClientLink
from proxy_core.api.incoming import headers_of
from proxy_core.live_settings import LiveSettings
from proxy_core.translate.errors import ApiError
from proxy_core.turn import new_request_id

LOCAL_NAMES = frozenset({"localhost", "host.docker.internal", "host.containers.internal", "testserver"})


class Gate:
    """ASGI middleware in front of every route.

    With a token set, a request needs it. Without one (loopback only) a request that a browser sends for a foreign page
    is refused: by its `Origin`, and by a `Host` that is a public name, as in DNS rebinding.
    """

    def __init__(self, app: ASGIApp, settings: LiveSettings) -> None:
        self._app = app
        self._settings = settings

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Let the request in or answer it."""
        if scope["type"] == "http":
            error = self._refusal(scope)
            if error is not None:
                return ClientLink(receive, send, new_request_id()).fail(error)
        return self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> ApiError | None:
        token = self._settings.current.auth_token
        if token:
            open_to_all = scope["path"] in {"/health", "/"}
            return None if open_to_all or _presents(headers_of(scope), token) else _unauthorized()
        named: dict[bytes, bytes] = dict(scope["headers"])
        foreign = _foreign(named.get(b"origin", b""), named.get(b"host", b"localhost"))
        return ApiError(403, "permission_error", foreign) if foreign else None


def _presents(headers: dict[str, str], token: str) -> bool:
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    given = (headers.get("x-api-key", ""), bearer.strip() if scheme.lower() == "bearer" else "")
    return any(hmac.compare_digest(text.encode(), token.encode()) for text in given)


def _unauthorized() -> ApiError:
    message = "this Interlock wants its token (PROXY_AUTH_TOKEN) as x-api-key or Bearer"
    return ApiError(401, "authentication_error", message, headers={"x-should-retry": "false"})


@lru_cache(256)
def _foreign(origin: bytes, host: bytes) -> str:
    """Why a request with these headers is not served, "" if it is."""
    page, name = origin.decode("latin-1"), _host_of("//" + host.decode("latin-1"))
    if page and not _is_local(_host_of(page)):
        return f"requests from web pages of {page} are not served"
    if not name:
        return f"the Host header {host.decode('latin-1')!r} is no address"
    if not _is_local(name):
        return f"the host name {name} is not this machine's; set PROXY_AUTH_TOKEN to allow other names"
    return ""


def _host_of(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:  # such as half an IPv6 address
        return ""


def _is_local(host: str) -> bool:
    if host in LOCAL_NAMES or host.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
