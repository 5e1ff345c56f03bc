"""Under /_console: everything that a console in another process needs, for whoever may operate this proxy.

With a token the gate in front lets in only who has it. Without one only programs on this machine are let in, and in
both cases no web page: a browser names the page that it asks for, or wants to know first whether it may post JSON.
"""

from __future__ import annotations

import ipaddress
import secrets
import time
from bisect import bisect_left
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any, TypeVar, cast, get_origin

from fastapi import APIRouter, Depends, HTTPException
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from proxy_core import __version__
from proxy_core.api.incoming import ClientGone, parse_body, read_body
from proxy_core.engine import Engine
from proxy_core.glance import glance
from proxy_core.live_settings import SettingsView
from proxy_core.picture import session_views
from proxy_core.saving import save
from proxy_core.snapshot import Snapshot
from proxy_core.translate.errors import ApiError
from proxy_core.wire import (
    PROTOCOL,
    WireError,
    decode_command,
    encode,
    encode_settings,
    to_json,
)

T = TypeVar("T")

BODY_LIMIT = 2**20
BY = "attached console"


async def _read_object(request: Request) -> dict[str, Any]:
    """The JSON object that was posted. Its content type makes browsers ask before they post across sites."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "the content type must be application/json")
    try:
        data = parse_body(await read_body(request.receive, BODY_LIMIT))
    except ApiError as error:
        raise HTTPException(error.status, error.message) from None
    except ClientGone:
        data = None
    if not isinstance(data, dict):
        raise HTTPException(400, "the body must be a JSON object")
    return cast("dict[str, Any]", data)


Body = Annotated[dict[str, Any], Depends(_read_object)]


def console_router(engine: Engine) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/_console", dependencies=[Depends(_guard(engine))])
    api = ConsoleApi(engine)
    for path, answer in (
        ("/snapshot", api.snapshot),
        ("/events", api.events),
        ("/settings", api.settings),
        ("/detail", api.detail),
        ("/requests", api.requests),
        ("/record", api.record),
        ("/line", api.line),
    ):
        router.add_api_route(path, answer, methods=["GET"], response_model=None)
    for path, answer in (("/settings", api.update), ("/save", api.save), ("/command", api.command)):
        router.add_api_route(path, answer, methods=["POST"], response_model=None)
    return router


class ConsoleApi:
    """The answers. What may take milliseconds is made on a thread of its own, beside the traffic."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._run = secrets.token_hex(8)
        self._numbered = _Numbered(engine.settings.view)

    async def snapshot(self, since: int = -1, samples: int = 0) -> Response:
        """The picture, unless it is number `since`; of the samples those from that second on.

        `run` names this process: with another one all numbers begin anew. `settings` and `events` are the numbers of
        the newest, so that a face need not ask for what did not change.
        """
        picture = self._engine.snapshot()
        return _answer(
            {
                "interlock": __version__,
                "protocol": PROTOCOL,
                "run": self._run,
                "now": time.time(),
                "settings": self._numbered.number(self._engine.settings.view),
                "events": self._engine.events.count,
                "snapshot": None if picture.version == since else _from(picture, samples),
            }
        )

    async def events(self, since: int = 0) -> Response:
        """The events after that number."""
        return _answer(encode(self._engine.events.since(since)))

    async def settings(self) -> Response:
        """The settings in force and their number."""
        return _answer(self._settings())

    async def update(self, body: Body) -> Response:
        """`changes`: texts by environment name; all are taken or none is."""
        changes = {str(name): str(text) for name, text in _part(body, "changes", dict[str, object]).items()}
        result = self._engine.update(changes, BY)
        return _answer(self._settings() | {"changes": encode(result.changes), "errors": result.errors})

    async def save(self, body: Body) -> Response:
        """Save the settings `names` to the proxy's own env file; without `write` only say what would change."""
        names = [str(name) for name in _part(body, "names", list[object])]
        write, publish = body.get("write") is True, self._engine.events.publish
        result = await run_in_threadpool(save, self._engine.settings, names, publish, write=write)
        return _answer(self._settings() | {"result": encode(result)})

    async def command(self, body: Body) -> Response:
        """Carry out a command."""
        try:
            wanted = decode_command(body)
        except WireError as error:
            raise HTTPException(400, str(error)) from None
        return _answer(encode(await self._engine.command(wanted)))

    def detail(self, session: str) -> Response:
        """What is behind a session's state, or null."""
        return _answer(encode(self._engine.detail(session)))

    def requests(self, session: str) -> Response:
        """The last requests of a session."""
        return _answer(encode(self._engine.records.requests(session)))

    def record(self, request: str) -> Response:
        """All of one request, or null."""
        return _answer(encode(self._engine.records.record(request)))

    async def line(self, *, ascii: bool = False) -> Response:  # noqa: A002 - the name in the address
        """The state in one line of text."""
        picture = _fresh(self._engine)
        text = glance(picture, picture.at, ascii_only=ascii)
        return Response(text + "\n", media_type="text/plain; charset=utf-8")

    def _settings(self) -> dict[str, Any]:
        view = self._engine.settings.view
        return {"number": self._numbered.number(view), "view": encode_settings(view)}


@dataclass(slots=True)
class _Numbered:
    """Numbers the views of the settings, so that a face fetches one only when it is another."""

    view: SettingsView
    count: int = 1

    def number(self, view: SettingsView) -> int:
        if view is not self.view:
            self.view = view
            self.count += 1
        return self.count


def _guard(engine: Engine) -> Callable[[Request], Awaitable[None]]:
    async def guard(request: Request) -> None:
        if request.headers.get("origin"):
            raise HTTPException(403, "no web page is let in here")
        if not engine.settings.current.auth_token and not _is_this_machine(request):
            raise HTTPException(403, "without PROXY_AUTH_TOKEN only this machine is let in here")

    return guard


def _is_this_machine(request: Request) -> bool:
    """Whether the peer is on this machine and does not speak for somebody else."""
    forwarded = {"forwarded", "x-forwarded-for", "x-real-ip"} & set(request.headers.keys())
    if request.client is None or forwarded:
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def _part(body: dict[str, Any], name: str, kind: type[T]) -> T:
    value, plain = body.get(name), get_origin(kind)
    if not isinstance(value, cast("type", plain)):
        raise HTTPException(400, f"{name}: must be {'an object' if plain is dict else 'a list'}")
    return cast("T", value)


def _answer(body: Any) -> Response:
    return Response(to_json(body), media_type="application/json", headers={"cache-control": "no-store"})


def _from(picture: Snapshot, samples: int) -> Snapshot:
    """The picture without the samples before that second, which the other side has."""
    first = bisect_left(picture.samples, samples, key=lambda sample: sample.at)
    return replace(picture, samples=picture.samples[first:])


def _fresh(engine: Engine) -> Snapshot:
    """The sessions as they are now: a picture is only made anew while somebody watches."""
    picture, now = engine.snapshot(), time.time()
    return replace(
        picture,
        at=now,
        draining=engine.draining,
        active=engine.active,
        sessions=session_views(engine.sessions.all(), engine.ledger.active.values(), now),
        upstream=replace(picture.upstream, state=engine.watch.state),
        samples=engine.throughput.samples(),
    )
