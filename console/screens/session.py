"""One session: its figures, how its context grew, its requests, how it behaves, and what an operator can do to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.app import ComposeResult

from console.frame import Frame
from console.keymap import EVERYWHERE, SESSION, bindings
from console.port import EnginePort
from console.screens import session_acts
from console.screens.base import ConsoleScreen
from console.screens.inspector import InspectorScreen
from console.widgets.behaviour import Behaviour
from console.widgets.context_chart import ContextChart
from console.widgets.event_feed import EventFeed
from console.widgets.key_line import KeyLine
from console.widgets.request_list import RequestList
from console.widgets.session_figures import SessionFigures
from console.widgets.status_line import StatusLine
from console.widgets.window_fill import WindowFill
from proxy_core.record_views import RequestView, SessionDetail
from proxy_core.snapshot import SessionView, Snapshot

if TYPE_CHECKING:
    from console.app import ConsoleApp


class SessionScreen(ConsoleScreen):
    """Opened with the key of a session and the order in which to step on to others.

    A session that is forgotten meanwhile is said to be so.
    """

    CSS_PATH = "session.tcss"
    SCOPE = SESSION
    BINDINGS = bindings(SCOPE)
    AUTO_FOCUS = "#requests"

    def __init__(self, key: str, order: Callable[[], list[str]]) -> None:
        super().__init__()
        self._key = key
        self._order = order
        self._seen: Snapshot | None = None

    def compose(self) -> ComposeResult:
        """From the figures of now to the past."""
        yield StatusLine()
        yield SessionFigures(self._key)
        yield WindowFill(self._key)
        yield ContextChart(self._key)
        yield RequestList()
        yield Behaviour(self._key)
        yield EventFeed(self._key)
        yield KeyLine(SESSION, EVERYWHERE)

    def can(self, action: str) -> bool:
        """A session that is forgotten can only be left; some need requests, or others to step to."""
        view = self._view
        if action == "cancel":
            return view is not None and view.active > 0
        if action == "inspect":
            return self.requests.chosen is not None
        if action.startswith("step"):
            return len(self._sessions) > 1
        return view is not None or action not in {"hold", "reset", "prune", "override"}

    @property
    def requests(self) -> RequestList:
        """The list of requests."""
        return self.query_one(RequestList)

    @property
    def _sessions(self) -> tuple[SessionView, ...]:
        return self.console.frame.snapshot.sessions

    @property
    def _view(self) -> SessionView | None:
        return next((view for view in self._sessions if view.key == self._key), None)

    # -- what is shown ------------------------------------------------------------------------------------------------

    def show(self, frame: Frame) -> None:
        """With each new picture the requests and what is behind the state are asked for, beside the UI's thread."""
        super().show(frame)
        if self.children and frame.snapshot is not self._seen:  # before, there is nothing to show an answer in
            self._seen = frame.snapshot
            self._fetch()

    def _fetch(self) -> None:
        key = self._key

        def question(port: EnginePort) -> tuple[tuple[RequestView, ...], SessionDetail | None]:
            return port.requests(key), port.detail(key)

        def then(answer: tuple[tuple[RequestView, ...], SessionDetail | None]) -> None:
            if key == self._key:
                requests, detail = answer
                self.requests.fill(requests)
                self.query_one(ContextChart).mark(requests)
                self.query_one(Behaviour).fill(detail)

        self.console.ask(self, question, then, "session")

    # -- what keys do -------------------------------------------------------------------------------------------------

    def action_inspect(self) -> None:
        """Look into the chosen request."""
        chosen = self.requests.chosen
        if chosen is None:
            self.notify("there is no request to look into")
        else:
            self.console.push_screen(InspectorScreen(chosen.id, lambda: self.requests.keys))

    def on_choice_list_opened(self) -> None:
        """A double click does the same."""
        self.action_inspect()

    def action_cancel(self) -> None:
        """Stop what the session has in flight."""
        self._act(session_acts.cancel)

    def action_hold(self) -> None:
        """Hold the session, or release it."""
        self._act(session_acts.hold)

    def action_reset(self) -> None:
        """Begin the loop breaker's ladder anew."""
        self._act(session_acts.reset)

    def action_prune(self) -> None:
        """Prune at the next request."""
        self._act(session_acts.prune)

    def action_override(self) -> None:
        """Guardrail settings for this session alone."""
        self._act(session_acts.override)

    def _act(self, act: Callable[[ConsoleApp, SessionView], None]) -> None:
        if self._view is None:
            self.notify("this session is forgotten", severity="warning")
        else:
            act(self.console, self._view)

    def action_events(self) -> None:
        """Events on the whole screen, and back."""
        self.toggle_class("-only-events")
        (self.query_one(EventFeed) if self.has_class("-only-events") else self.requests).focus()

    def action_back(self) -> None:
        """Leave the whole-screen events, or the session."""
        if self.has_class("-only-events"):
            self.action_events()
        else:
            self.console.pop_screen()

    def action_step(self, by: int) -> None:
        """Go to another session, in the order of the dashboard."""
        known = {view.key for view in self._sessions}
        keys = [key for key in self._order() if key in known]
        if not keys:
            return
        here = keys.index(self._key) if self._key in keys else -by
        self._key = keys[(here + by) % len(keys)]
        for widget in (SessionFigures, WindowFill, ContextChart, Behaviour, EventFeed):
            self.query_one(widget).concern(self._key)
        self.requests.forget()
        self._fetch()
