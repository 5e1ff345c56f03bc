"""The scripted server's slots: a few conversations at a time, each with the prompt it remembers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

Parts = tuple[tuple[str, int], ...]


@dataclass(slots=True)
class Slot:
    """One place for a conversation. `cached` are the parts of the prompt that need no second reading."""

    number: int
    cached: Parts = ()
    busy: bool = False

    def known_tokens(self, parts: Parts) -> int:
        """Tokens at the beginning of a prompt that this slot has read before; never the whole prompt."""
        known = 0
        for (digest, count), (cached, _) in zip(parts, self.cached, strict=False):
            if digest != cached:
                break
            known += count
        return min(known, sum(count for _, count in parts) - 1)


class Slots:
    """Gives out slots in the order of asking; a conversation gets the free one that remembers most of it."""

    def __init__(self, count: int) -> None:
        self.all = tuple(Slot(number) for number in range(count))
        self._free = asyncio.Semaphore(count)

    @asynccontextmanager
    async def hold(self, parts: Parts) -> AsyncGenerator[Slot]:
        """A slot for as long as the block lasts; it remembers the prompt afterwards."""
        async with self._free:
            slot = max((slot for slot in self.all if not slot.busy), key=lambda slot: slot.known_tokens(parts))
            slot.busy = True
            try:
                yield slot
            finally:
                slot.busy = False
