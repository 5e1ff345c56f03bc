"""One session: its figures, how its context grew, and what happened in it."""

from __future__ import annotations

from textual.app import ComposeResult

from console.keymap import EVERYWHERE, SESSION, bindings
from console.screens.base import ConsoleScreen
from console.screens.confirm import ask_to_cancel
from console.widgets.context_chart import ContextChart
from console.widgets.event_feed import EventFeed
from console.widgets.key_line import KeyLine
from console.widgets.session_figures import SessionFigures
from console.widgets.status_line import StatusLine
from proxy_core.snapshot import SessionView


class SessionScreen(ConsoleScreen):
    """Opened with the key of a session; a session that is forgotten meanwhile is said to be so."""

    CSS_PATH = "session.tcss"
    BINDINGS = bindings(SESSION)
    AUTO_FOCUS = "#events"

    def __init__(self, key: str) -> None:
        super().__init__()
        self._key = key

    def compose(self) -> ComposeResult:
        """From the figures of now to the past."""
        yield StatusLine()
        yield SessionFigures(self._key)
        yield ContextChart(self._key)
        yield EventFeed(self._key)
        yield KeyLine(SESSION, EVERYWHERE)

    @property
    def _sessions(self) -> tuple[SessionView, ...]:
        return self.console.frame.snapshot.sessions

    def action_cancel(self) -> None:
        """Stop what the session has in flight, after asking."""
        view = next((view for view in self._sessions if view.key == self._key), None)
        if view is not None:
            ask_to_cancel(self, view)

    def action_step(self, by: int) -> None:
        """Go to another session, in the order in which they began."""
        keys = [view.key for view in sorted(self._sessions, key=lambda view: view.created_at)]
        if not keys:
            return
        here = keys.index(self._key) if self._key in keys else -by
        self._key = keys[(here + by) % len(keys)]
        self.query_one(SessionFigures).concern(self._key)
        self.query_one(ContextChart).concern(self._key)
        self.query_one(EventFeed).concern(self._key)
