"""Short questions to the model server while it is being discovered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import aiohttp
import httpx
import orjson

from proxy_core.translate.types import JsonObject
from proxy_core.upstream.client import transport_error
from proxy_core.upstream.connection import Dropped, LinkError, Silent, SlowConnect, Unreachable
from proxy_core.upstream.facts import UpstreamLoading, UpstreamRefused, UpstreamUnreachable

PROBE_SECONDS = 5.0


class Probe:
    """GETs of JSON with a bounded time."""

    def __init__(self, client: httpx.AsyncClient, root: str, headers: Mapping[str, str]) -> None:
        self.root = root
        self._client = client
        self._headers = dict(headers)

    async def ask(self, path: str, **query: str) -> object:
        """The answer to a question that every such server should know; None when it has no such path or no JSON.

        Raises `UpstreamUnreachable` (also for an answer of 5xx), `UpstreamLoading`, `UpstreamRefused`.
        """
        answer = await self._get(path, query)
        status = answer.status_code
        if status in {401, 403}:
            raise UpstreamRefused(status)
        if status == 503:
            raise UpstreamLoading(_message(answer) or "the model server answers 503: not ready yet")
        if status >= 500 and status != 501:
            raise UpstreamUnreachable(f"the model server answers {status} {answer.reason_phrase}".rstrip())
        return _json(answer) if answer.is_success else None

    async def ask_if_there(self, path: str, **query: str) -> JsonObject | None:
        """The object that a server may answer; None in every case but a connection that fails.

        LM Studio answers 200 with an `error` to paths that it does not know.
        """
        answer = await self._get(path, query)
        document = _json(answer) if answer.is_success else None
        known = cast("JsonObject", document) if isinstance(document, dict) else {}
        return known if known and "error" not in known else None

    async def list_if_there(self, path: str) -> list[JsonObject]:
        """The objects of a list that a server may answer."""
        answer = await self._get(path, {})
        return dicts(_json(answer)) if answer.is_success else []

    async def text_if_there(self, path: str) -> str:
        """The text that a server may answer, else ""."""
        answer = await self._get(path, {})
        return answer.text if answer.is_success else ""

    async def _get(self, path: str, query: Mapping[str, str]) -> httpx.Response:
        url = self.root + path
        try:
            return await self._client.get(url, params=query or None, headers=self._headers, timeout=PROBE_SECONDS)
        except (httpx.HTTPError, aiohttp.ClientError, OSError) as error:
            cause = error.__cause__ or error
            silent = isinstance(cause, TimeoutError | httpx.ReadTimeout)
            raise UpstreamUnreachable(transport_error(_meant(error), url).message, silent=silent) from error


def _meant(error: Exception) -> LinkError:
    """What a failure means: httpx calls a server that hung up a connect timeout, so aiohttp's own error decides."""
    cause = error if isinstance(error, aiohttp.ClientError) else error.__cause__
    if isinstance(cause, aiohttp.ConnectionTimeoutError):
        return SlowConnect(str(error))
    if isinstance(cause, aiohttp.ClientConnectorError):
        return Unreachable(str(error))
    silent = isinstance(error, TimeoutError) or isinstance(cause, TimeoutError)
    return Silent(str(error)) if silent else Dropped(str(error))


def dicts(value: object) -> list[JsonObject]:
    """The objects of a list, whatever else it holds."""
    return [item for item in cast("list[Any]", value) if isinstance(item, dict)] if isinstance(value, list) else []


def count(value: object) -> int:
    """A count above zero as it is, everything else 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def at(value: object, *path: str) -> object:
    """What lies at a path of names; None when there is nothing."""
    for name in path:
        value = cast("JsonObject", value).get(name) if isinstance(value, dict) else None
    return value


def _json(answer: httpx.Response) -> object:
    try:
        return cast("object", orjson.loads(answer.content))
    except orjson.JSONDecodeError:
        return None


def _message(answer: httpx.Response) -> str:
    message = at(_json(answer), "error", "message")
    return message if isinstance(message, str) else ""
