"""Brings the events of an exchange to its client, one by one as a stream or all together as a Message."""

from __future__ import annotations

from proxy_core.api.client_link import ClientLink, Watcher
from proxy_core.exchange import Exchange
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
            await link.commit(opening() + data)

    def written(events: list[Event]) -> bytes:
        events = scale.events(events) if scaled else events
        return encode(events[0]) if len(events) == 1 else b"".join(map(encode, events))

    def opening() -> bytes:
        return written(exchange.opening())

    with Watcher(turn, link, opening):
        last = await exchange.run(give)
        if link.committed:
            await link.end(written(last))
        else:
            await link.whole_stream(opening() + written(last))


async def whole_answer(turn: Turn, exchange: Exchange, link: ClientLink, scale: UsageScale) -> None:
    """Write the Message that the events make."""
    assembler = MessageAssembler()

    async def give(events: list[Event]) -> None:
        for event in scale.events(events):
            assembler.add(event)

    await give(exchange.opening())
    with Watcher(turn, link, None):
        await give(await exchange.run(give))
        await link.respond(200, assembler.message())
