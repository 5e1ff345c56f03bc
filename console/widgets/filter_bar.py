"""The line in which a filter is typed."""

from __future__ import annotations

from typing import Protocol

from console.filters import Filter, parse
from console.widgets.entry_bar import EntryBar


class Filtered(Protocol):
    """A panel that shows only what a filter lets through."""

    filter: Filter

    @property
    def id(self) -> str | None:
        """What it is called."""
        ...

    def filtered(self, chosen: Filter) -> None:
        """Show only what passes."""
        ...

    def focus(self) -> object:
        """Take the keys."""
        ...


class FilterBar(EntryBar):
    """Filters one panel at a time."""

    def __init__(self) -> None:
        super().__init__("loop|retry  !idle  s:a3f9  ctx>80", id="filter")

    def filter(self, panel: Filtered) -> None:
        """Take the keys for the filter of a panel, and give them to the panel at the end."""

        def apply(text: str) -> str:
            chosen = parse(text)
            panel.filtered(chosen)
            return chosen.problem

        self.open(f"filter {panel.id}", panel.filter.text, apply, panel.focus)
