"""Chooses the slot of llama.cpp that a request runs in, so that side requests do not push a conversation out of it.

A slot keeps the prompt that it read last. Left to itself the server gives a title request the slot that was used
longest ago, which may hold a long conversation. So each conversation gets a slot of its own and side requests the last
one, as long as there are slots for all; beyond that the server chooses, for it can also bring prompts back from memory,
which it does not for a request with a chosen slot.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

PATIENCE = 1800.0
"""Seconds without a request after which a conversation gives its slot back."""

HOMES_KEPT = 256
"""More conversations than any server has slots; beyond that the one that asked longest ago gives its slot back."""

SIDE_ROLES = frozenset({"title", "web_search"})
NONE = -1


@dataclass(slots=True)
class SlotBook:
    """Which conversation has which slot; engine thread only. Times in seconds of any clock that only goes forward."""

    slots: int = 0
    _homes: OrderedDict[str, tuple[int, float]] = field(default_factory=OrderedDict[str, tuple[int, float]])

    def reset(self, slots: int) -> None:
        """The server was started anew or is another one, with so many slots: none holds anything."""
        self.slots = slots
        self._homes.clear()

    def choose(self, conversation: str, role: str, now: float, busy: AbstractSet[int]) -> int | None:
        """The slot for a request, from 0; None leaves the choice to the server. `busy`: chosen for what runs now.

        A side request may have to wait for another one. A conversation never waits: when it asks twice at once, the
        server finds a place for the second.
        """
        if self.slots < 2:
            return None
        self._expire(now)
        if role in SIDE_ROLES:
            return self.slots - 1 if len(self._homes) < self.slots else None
        slot = self._home(conversation, now)
        return None if len(self._homes) > self.slots or slot in busy else slot

    def _home(self, conversation: str, now: float) -> int:
        slot, _ = self._homes.pop(conversation, (NONE, now))
        if slot == NONE:
            taken = {home for home, _ in self._homes.values()}
            slot = next((home for home in range(self.slots) if home not in taken), NONE)
        self._homes[conversation] = (slot, now)
        if len(self._homes) > max(HOMES_KEPT, self.slots + 1):
            self._homes.popitem(last=False)
        return slot

    def _expire(self, now: float) -> None:
        for conversation, (_, at) in tuple(self._homes.items()):
            if now - at < PATIENCE:
                break
            del self._homes[conversation]
