"""Sends a turn's request to the model server, and once more in another form after a refusal that this can mend."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from proxy_core.events import EngineEvent, RequestAltered, UpstreamRetried
from proxy_core.guardrails.grammar_memory import GrammarMemory
from proxy_core.throughput import Throughput
from proxy_core.translate.errors import ApiError, is_grammar_error
from proxy_core.translate.request import ChatRequest
from proxy_core.translate.types import Change, JsonObject
from proxy_core.translate.written import write
from proxy_core.turn import Turn
from proxy_core.upstream.client import Answer, UpstreamClient

Publish = Callable[[EngineEvent], None]

Recover = Callable[[Turn, ApiError, JsonObject], Awaitable[JsonObject | None]]
"""Gives the body to send in place of the refused one; may raise the `ApiError` that the client is to have instead."""


@dataclass(frozen=True, slots=True)
class Road:
    """What an exchange needs of the engine."""

    upstream: UpstreamClient
    url: str
    publish: Publish
    throughput: Throughput
    recover: Recover
    measure: Callable[[Turn, ChatRequest], None]
    """Told of each request that is on its way: what was not counted before is counted while the server works."""
    grammars: GrammarMemory

    def altered(self, turn: Turn, change: Change) -> None:
        """Tell of a change to a request or its answer."""
        self.publish(
            RequestAltered(**turn.stamp(), what=change.what, why=change.why, before=change.before, after=change.after)
        )


class Sending:
    """`chat` is the request as it goes out; after an overflow it is the one that was cut."""

    def __init__(self, turn: Turn, chat: ChatRequest, road: Road) -> None:
        self.chat = chat
        self._turn = turn
        self._road = road

    async def open(self, body: JsonObject, sent: Callable[[], None]) -> Answer:
        """Send the request; once more with simpler tool schemas after a refused grammar, or cut after an overflow.

        `sent` is told of each try that is on its way.
        """
        try:
            return await self._sent(self._expressible(body), sent)
        except ApiError as error:
            other = await self._other(body, error)
            if other is None:
                raise
            return await self._sent(other, sent)

    async def _other(self, body: JsonObject, error: ApiError) -> JsonObject | None:
        """The body to send after a refusal."""
        if is_grammar_error(error) and self._road.grammars.refuse(body):
            return self._expressible(body)
        if body is not self.chat.body:
            return None
        other = await self._road.recover(self._turn, error, body)
        self.chat = replace(self.chat, body=other or body)
        return self._expressible(other) if other is not None else None

    def _expressible(self, body: JsonObject) -> JsonObject:
        """The body with simpler tool schemas where the server refused these before; the session is told once."""
        simpler, changes = self._road.grammars.simplified(body)
        for change in self._turn.session.news(changes):
            self._road.altered(self._turn, change)
        return simpler

    async def _sent(self, body: JsonObject, sent: Callable[[], None]) -> Answer:
        road, turn, content = self._road, self._turn, write(body)
        turn.record.sends(content)
        return await road.upstream.open(road.url, content, turn.settings, self, sent)

    def retried(self, reason: str, attempt: int, pause: float) -> None:
        """There will be a further try."""
        self._road.publish(UpstreamRetried(**self._turn.stamp(), reason=reason, attempt=attempt, pause=pause))

    def waiting(self, waiting: bool, /) -> None:
        """The server cannot be reached now, or a try begins."""
        self._turn.enter("connect" if waiting else "queued")
