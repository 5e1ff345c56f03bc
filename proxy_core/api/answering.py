"""Brings the events of an exchange to its client, one by one as a stream or all together as a Message."""

from __future__ import annotations

import asyncio

from proxy_core.api.client_link import ClientLink, Watcher
from proxy_core.exchange import Exchange, Give
from proxy_core.guardrails.usage_scale import UsageScale
from proxy_core.translate.response import MessageAssembler
from proxy_core.translate.sse import encode
from proxy_core.translate.types import Event
from proxy_core.turn import Turn


async def stream_answer(turn: Turn, exchange: Exchange, link: ClientLink, scale: UsageScale) -> None:
    """Write the events as they come, those of one read at once."""
    scaled = scale.factor != 1.0

    async def give(events: list[Event]) -> None:
        if not events:
            return
        data = written(events)
        if link.committed:
            await link.write(data)
        else:
            await link.commit(opening + data)

    def written(events: list[Event]) -> bytes:
        events = scale.events(events) if scaled else events
        return encode(events[0]) if len(events) == 1 else b"".join(map(encode, events))

    async with Running(exchange, give) as running:
        opening = written(exchange.opening())
        with Watcher(turn, link, opening):
            last = await running
            if link.committed:
                await link.end(written(last))
            else:
                await link.whole_stream(opening + written(last))


async def whole_answer(turn: Turn, exchange: Exchange, link: ClientLink, scale: UsageScale) -> None:
    """Write the Message that the events make."""
    assembler = MessageAssembler()

    async def give(events: list[Event]) -> None:
        for event in scale.events(events):
            assembler.add(event)

    async with Running(exchange, give) as running:
        await give(exchange.opening())
        with Watcher(turn, link, None):
            await give(await running)
            await link.respond(200, assembler.message())


class Running:
    """The exchange, begun: what the block does first is done while the model server works.

    It runs in a task of its own: a read that wakes the request's task would pass the frames of the whole web framework
    first, each time.
    """

    def __init__(self, exchange: Exchange, give: Give) -> None:
        self._task = asyncio.create_task(exchange.run(give))

    async def __aenter__(self) -> asyncio.Task[list[Event]]:
        try:
            await asyncio.sleep(0)
        except BaseException:
            self._task.cancel()
            raise
        return self._task

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
