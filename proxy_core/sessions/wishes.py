"""What an operator asked for in one session: hold it, judge it anew, prune it, other guardrail settings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from proxy_core.declaration import Value

Place = tuple[int, int]
"""How many messages a conversation had, and the content hash of the last of them: only there does a wish hold."""

PLACES_KEPT = 16


class Gate:
    """Lets requests through until it is closed; those that wait go on together when it opens."""

    __slots__ = ("_opened", "closed", "waiting")

    def __init__(self) -> None:
        self.closed = False
        self.waiting = 0
        """Requests that wait now."""
        self._opened: asyncio.Event | None = None
        """Made when the gate closes, which most never do."""

    def close(self) -> None:
        """Let nothing through from now on."""
        if not self.closed:
            self.closed, self._opened = True, asyncio.Event()

    def open(self) -> int:
        """Let through what waits and what comes; how many waited."""
        self.closed = False
        if self._opened is not None:
            self._opened.set()
        return self.waiting

    async def passed(self, held: Callable[[], object]) -> None:
        """Return once the gate is open; `held` is called if that takes waiting."""
        if not self.closed:
            return
        held()
        self.waiting += 1
        try:
            while self.closed and self._opened is not None:
                await self._opened.wait()
        finally:
            self.waiting -= 1


@dataclass(slots=True)
class Wishes:
    """Engine thread only."""

    gate: Gate = field(default_factory=Gate)
    overrides: dict[str, Value] = field(default_factory=dict[str, Value])
    """Live settings of this session alone, by environment name."""
    prune_next: bool = False
    """The next request of the conversation is to be pruned."""
    last_place: Place | None = None
    """Where the last request of the conversation ended."""
    _resets: tuple[Place, ...] = ()
    _prunes: tuple[Place, ...] = ()

    def reset_loop(self) -> bool:
        """Judge anew what comes behind the last request; whether there was one."""
        if self.last_place is None:
            return False
        self._resets = (*self._resets, self.last_place)[-PLACES_KEPT:]
        return True

    def prune_here(self, keys: Sequence[int]) -> bool:
        """Whether a prune was asked for; it is made in the conversation of these messages, and stays made there."""
        asked, self.prune_next = self.prune_next, False
        if asked:
            self._prunes = (*self._prunes, (len(keys), keys[-1]))[-PLACES_KEPT:]
        return asked

    def resets(self, keys: Sequence[int]) -> frozenset[int]:
        """The numbers of messages behind which the loop breaker begins anew, in a conversation of these messages."""
        return _holding(self._resets, keys)

    def prunes(self, keys: Sequence[int]) -> frozenset[int]:
        """The numbers of messages at which a prune was asked for."""
        return _holding(self._prunes, keys)


def _holding(places: tuple[Place, ...], keys: Sequence[int]) -> frozenset[int]:
    return frozenset(count for count, key in places if count <= len(keys) and keys[count - 1] == key)
