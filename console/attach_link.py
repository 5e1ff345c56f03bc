"""The first and every later contact of an attached console with its proxy: what it may be told, in plain words."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from console.http_link import Link, LinkFailed, Reply
from proxy_core import __version__
from proxy_core.translate.types import JsonObject
from proxy_core.wire import PROTOCOL, WireError, decode

T = TypeVar("T")
ROOT = "/_console"


class CannotAttach(Exception):
    """The proxy cannot be operated from here; the message is one plain sentence."""


def fetch(link: Link, path: str, **query: object) -> Any:
    """The JSON of an answer. Raises `CannotAttach` and `LinkFailed`."""
    return _content(link, link.get(f"{ROOT}/{path}", **query))


def send(link: Link, path: str, body: object) -> JsonObject:
    """The JSON object that answers what is posted. Raises `CannotAttach` and `LinkFailed`."""
    return as_object(link, _content(link, link.post(f"{ROOT}/{path}", body)))


def fetch_picture(link: Link, since: int, samples: int) -> JsonObject:
    """The envelope of a snapshot, of a version that is understood. Raises `CannotAttach` and `LinkFailed`."""
    found = as_object(link, fetch(link, "snapshot", since=since, samples=samples))
    protocol = found.get("protocol")
    if protocol != PROTOCOL:
        theirs = f"{link.url} is Interlock {found.get('interlock', '?')}"
        raise CannotAttach(f"{theirs}, which this console (of {__version__}) does not understand; use the same version")
    return found


def understood(link: Link, kind: type[T], data: object) -> T:
    """The value of a dataclass. Raises `CannotAttach`."""
    try:
        return decode(kind, data)
    except WireError as error:
        raise CannotAttach(f"{link.url} sent what is not understood here: {error}") from None


def as_object(link: Link, data: object) -> JsonObject:
    """`data` if it is a JSON object. Raises `CannotAttach`."""
    if not isinstance(data, dict):
        raise _stranger(link)
    return cast("JsonObject", data)


def _content(link: Link, reply: Reply) -> Any:
    if reply.status == 404:
        raise _without_interface(link)
    if reply.status == 401:
        hint = "give it with --token or in PROXY_AUTH_TOKEN" if not link.has_token else "the token given is another one"
        raise CannotAttach(f"{link.url} wants its token; {hint}")
    if reply.status != 200:
        raise CannotAttach(f"{link.url} refuses: {reply.message}")
    try:
        return reply.json()
    except ValueError:
        raise _stranger(link) from None


def _without_interface(link: Link) -> CannotAttach:
    try:
        found = link.get("/").json()
    except (LinkFailed, ValueError):
        return _stranger(link)
    if isinstance(found, dict) and cast("JsonObject", found).get("name") == "interlock":
        version = cast("JsonObject", found).get("version", "?")
        return CannotAttach(f"{link.url} is Interlock {version}, which cannot be attached to")
    return _stranger(link)


def _stranger(link: Link) -> CannotAttach:
    return CannotAttach(f"{link.url} is not an Interlock")
