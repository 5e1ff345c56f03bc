"""One session: its figures, how its context grew, its requests, how it behaves, and what an operator can do to it."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult

from console.format import visible
from console.frame import Frame
from console.keymap import EVERYWHERE, SESSION, bindings
from console.port import EnginePort
from console.screens.base import ConsoleScreen
from console.screens.confirm import ConfirmScreen, ask_to_cancel
from console.screens.inspector import InspectorScreen
from console.screens.override import OverrideScreen
from console.widgets.behaviour import Behaviour
from console.widgets.context_chart import ContextChart
from console.widgets.event_feed import EventFeed
from console.widgets.key_line import KeyLine
from console.widgets.request_list import RequestList
from console.widgets.session_figures import SessionFigures
from console.widgets.status_line import StatusLine
from console.widgets.window_fill import WindowFill
from proxy_core.commands import Command, HoldSession, PruneNow, ReleaseSession, ResetLoop
from proxy_core.record_views import RequestView, SessionDetail
from proxy_core.snapshot import SessionView, Snapshot


class SessionScreen(ConsoleScreen):
    """Opened with the key of a session and the order in which to step on to others.

    A session that is forgotten meanwhile is said to be so.
    """

    CSS_PATH = "session.tcss"
    BINDINGS = bindings(SESSION)
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
        if frame.snapshot is not self._seen:
            self._seen = frame.snapshot
            self._fetch()

    def _fetch(self) -> None:
        key = self._key

        def question(port: EnginePort) -> tuple[tuple[RequestView, ...], SessionDetail | None]:
            return port.requests(key), port.detail(key)

        def then(answer: tuple[tuple[RequestView, ...], SessionDetail | None]) -> None:
            if key == self._key and self.is_mounted:
                requests, detail = answer
                self.requests.fill(requests)
                self.query_one(ContextChart).mark(requests)
                self.query_one(Behaviour).fill(detail)

        self.console.ask(question, then, "session")

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
        """Stop what the session has in flight, after asking."""
        if self._view is not None:
            ask_to_cancel(self, self._view)

    def action_hold(self) -> None:
        """Hold the session after asking; release it at once."""
        view = self._view
        if view is not None and view.held:
            self.console.tell(ReleaseSession(self._key))
        else:
            consequence = "Its new requests wait until it is released with h; streaming agents are kept alive."
            self._confirm("Hold", HoldSession(self._key), consequence)

    def action_reset(self) -> None:
        """Begin the loop breaker's ladder anew, after asking."""
        self._confirm("Reset the loop breaker of", ResetLoop(self._key), "What came before no longer counts as a loop.")

    def action_prune(self) -> None:
        """Prune at the next request, after asking."""
        consequence = "Its next request is cut down as if the threshold were reached; what is cut stays cut, and the\n"
        consequence += "model server reads everything behind the cut anew."
        self._confirm("Prune", PruneNow(self._key), consequence)

    def _confirm(self, verb: str, command: Command, consequence: str) -> None:
        view = self._view
        if view is None:
            self.notify("this session is forgotten", severity="warning")
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.console.tell(command)

        name = visible(f"{view.short} {view.label}", ascii_only=self.console.look.glyphs.ascii_only)
        self.console.push_screen(ConfirmScreen(f"{verb} {name}?", consequence), answered)

    def action_override(self) -> None:
        """Guardrail settings for this session alone."""
        if self._view is not None:
            self.console.push_screen(OverrideScreen(self._key, self._view.short))

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
