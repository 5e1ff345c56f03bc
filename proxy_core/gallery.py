"""Keeps the newest picture of the engine, and makes it anew only while somebody looks at it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from proxy_core.snapshot import Snapshot

STALE_SECONDS = 5.0
"""A picture is made anew so often for what changes with time alone."""

WATCHED_SECONDS = 3.0
"""Somebody looks as long as the last question is no older."""


@dataclass(slots=True)
class Gallery:
    """`look` may be called on any thread, the rest on the engine's."""

    picture: Snapshot
    _asked: float = float("-inf")
    _made: float = float("-inf")
    _of: tuple[object, ...] = ()

    def look(self) -> Snapshot:
        """The newest picture; it will be kept current from now on."""
        self._asked = time.monotonic()
        return self.picture

    @property
    def watched(self) -> bool:
        """Whether somebody looked lately."""
        return time.monotonic() - self._asked < WATCHED_SECONDS

    def refresh(self, of: tuple[object, ...], make: Callable[[int], Snapshot]) -> None:
        """Take the picture that `make` makes with a version number, if what it is made `of` moved or it is stale.

        A picture that only shows the same again is dropped, so that faces see by its identity that nothing moved.
        """
        now, moved = time.monotonic(), of != self._of
        if not moved and now - self._made < STALE_SECONDS:
            return
        made = make(self.picture.version + 1)
        if moved or made.sessions != self.picture.sessions:
            self.picture = made
        self._of, self._made = of, now
