"""What is kept of a conversation from one turn to the next, so that only what is new has to be made.

It follows from the requests alone; without it a turn takes longer and comes out the same.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from proxy_core.translate.conversation import Conversation
from proxy_core.upstream.outline import Beginning

THREADS_KEPT = 64
BYTES_KEPT = 32 * 2**20
"""Of bodies, about what their translations take."""

LEAST_MESSAGES = 8
"""Shorter conversations are made anew in no time."""


@dataclass(slots=True, eq=False)
class Thread:
    """The last turn's messages as they were sent, and their outline."""

    conversation: Conversation | None = None
    begun: Beginning | None = None
    size: int = 0


@dataclass(slots=True)
class Threads:
    """The conversations that had a turn last; engine thread only."""

    most: int = THREADS_KEPT
    most_bytes: int = BYTES_KEPT
    _threads: OrderedDict[tuple[str, str], Thread] = field(default_factory=OrderedDict[tuple[str, str], Thread])
    _bytes: int = 0

    def of(self, session: str, role: str, messages: int, size: int) -> Thread:
        """The thread of a session's requests of this role; the present one has so many messages and bytes."""
        if messages < LEAST_MESSAGES:
            return Thread()
        key = (session, role)
        thread = self._threads.setdefault(key, Thread())
        self._threads.move_to_end(key)
        self._bytes += size - thread.size
        thread.size = size
        while len(self._threads) > self.most or (self._bytes > self.most_bytes and len(self._threads) > 1):
            self._bytes -= self._threads.popitem(last=False)[1].size
        return thread
