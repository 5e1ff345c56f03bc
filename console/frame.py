"""What a screen gets at each tick: one consistent picture of everything it may show."""

from __future__ import annotations

from dataclasses import dataclass

from console.feed import Feed
from console.key_table import KeyTable
from console.theme import Look
from proxy_core.live_settings import SettingsView
from proxy_core.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Frozen:
    """The view is held still: since when (Unix time), the newest event shown, and how many came after."""

    since: float
    last_event: int
    news: int = 0


@dataclass(frozen=True, slots=True)
class Frame:
    """The picture. `now` is Unix time; while frozen it and the snapshot stand still, the settings do not."""

    snapshot: Snapshot
    settings: SettingsView
    feed: Feed
    events: int
    """The number of the newest event in the feed."""
    now: float
    look: Look
    keys: KeyTable
    frozen: Frozen | None = None

    def key(self, name: str) -> str:
        """The key of an id as it is written on this terminal, for sentences that name it."""
        return self.keys.of(name, ascii_only=self.look.glyphs.ascii_only)
