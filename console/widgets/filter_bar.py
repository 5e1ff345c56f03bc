"""The line in which a filter is typed."""

from __future__ import annotations

from console.filters import parse
from console.widgets.entry_bar import EntryBar
from console.widgets.event_feed import EventFeed
from console.widgets.sessions_table import SessionsTable
from console.widgets.settings_table import SettingsTable


class FilterBar(EntryBar):
    """Filters one panel at a time."""

    def __init__(self) -> None:
        super().__init__("loop|retry  !idle  s:a3f9  ctx>80", id="filter")

    def filter(self, panel: SessionsTable | EventFeed | SettingsTable) -> None:
        """Take the keys for the filter of a panel, and give them to the panel at the end."""

        def apply(text: str) -> str:
            chosen = parse(text)
            panel.filtered(chosen)
            return chosen.problem

        self.open(f"filter {panel.id}", panel.filter.text, apply, panel)
