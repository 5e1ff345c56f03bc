"""A cursor in a list that moves under it: it stays on its entry, and on its place when the entry is gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(slots=True)
class Cursor:
    """The entry by key, its place, and the first entry in view."""

    key: str = ""
    index: int = 0
    top: int = 0
    moved: bool = False
    """Until somebody moved it, the cursor is at the first entry, whichever that is."""

    def settle(self, keys: Sequence[str], height: int) -> None:
        """Find the entry again in a new list, of which `height` entries are in view."""
        if self.moved and self.key in keys:
            self.index = keys.index(self.key)
        self._take(keys, self.index if self.moved else 0)
        self.keep_in_view(len(keys), height)

    def move(self, keys: Sequence[str], by: int) -> None:
        """Go `by` entries down, and no further than the ends."""
        self.moved = True
        self._take(keys, self.index + by)

    def keep_in_view(self, count: int, height: int) -> None:
        """Scroll as little as is needed to see the entry."""
        self.top = max(min(self.top, self.index, count - height), self.index - height + 1, 0)

    def _take(self, keys: Sequence[str], index: int) -> None:
        self.index = min(max(index, 0), max(len(keys) - 1, 0))
        self.key = keys[self.index] if keys else ""
