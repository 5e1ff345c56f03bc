"""The scripted server's slots and what it remembers: a few answers at a time, prompts kept for the next turn."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

Parts = tuple[tuple[str, int], ...]
"""A prompt as digests of its parts, each with its token count."""

KEPT_PROMPTS = 8
"""As llama.cpp with its prompt cache in memory: a conversation that lost its slot need not be read again."""


@dataclass(slots=True)
class Slot:
    """One place for an answer in the making."""

    number: int
    busy: bool = False
    held: int = 0
    """Tokens of the prompt that it read last."""


class Slots:
    """Gives out slots in the order of asking."""

    def __init__(self, count: int) -> None:
        self.all = tuple(Slot(number) for number in range(count))
        self._free = asyncio.Semaphore(count)
        self._kept: deque[Parts] = deque(maxlen=KEPT_PROMPTS)

    @asynccontextmanager
    async def hold(self) -> AsyncGenerator[Slot]:
        """A slot for as long as the block lasts."""
        async with self._free:
            slot = next(slot for slot in self.all if not slot.busy)
            slot.busy = True
            try:
                yield slot
            finally:
                slot.busy = False

    def known_tokens(self, parts: Parts) -> int:
        """Tokens at the beginning of a prompt that were read before; never the whole prompt."""
        known = max((_shared(parts, kept) for kept in self._kept), default=0)
        return min(known, sum(count for _, count in parts) - 1)

    def remember(self, parts: Parts) -> None:
        """Keep a prompt that was read, in place of those that it continues."""
        others = [kept for kept in self._kept if kept != parts[: len(kept)]]
        self._kept = deque([*others, parts], maxlen=KEPT_PROMPTS)


def _shared(parts: Parts, kept: Parts) -> int:
    tokens = 0
    for mine, theirs in zip(parts, kept, strict=False):
        if mine != theirs:
            break
        tokens += mine[1]
    return tokens
