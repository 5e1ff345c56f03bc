"""The main screen: sessions, events, live settings, the model server and the throughput."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from textual.app import ComposeResult, SystemCommand
from textual.containers import Container

from console.columns import ORDERS
from console.filters import NO_FILTER
from console.keymap import DASHBOARD, EVERYWHERE, bindings
from console.screens.base import ConsoleScreen
from console.screens.inspector import InspectorScreen
from console.screens.session import SessionScreen
from console.screens.session_acts import ACTS, cancel, name_of
from console.series import MEASURES, SPANS
from console.widgets.changes_panel import ChangesPanel
from console.widgets.controls import ControlsLine, ControlsPanel
from console.widgets.event_feed import EventFeed
from console.widgets.filter_bar import FilterBar
from console.widgets.key_line import KeyLine
from console.widgets.sessions_table import SessionsTable
from console.widgets.status_line import StatusLine
from console.widgets.throughput import SPAN_NAMES, ThroughputChart
from console.widgets.upstream_panel import UpstreamPanel
from proxy_core.record_views import RequestView


class DashboardScreen(ConsoleScreen):
    """Wide: live settings and model server beside the events. Narrow: settings in a line. Tiny: sessions and events."""

    CSS_PATH = "dashboard.tcss"
    SCOPE = DASHBOARD
    BINDINGS = bindings(SCOPE)
    AUTO_FOCUS = "#sessions"
    VERTICAL_BREAKPOINTS = [(0, "-short"), (20, "-usual"), (29, "-tall")]  # noqa: RUF012 - as Textual declares it

    def compose(self) -> ComposeResult:
        """The panels in the order in which Tab goes through them."""
        yield StatusLine()
        with Container(id="body"):
            yield SessionsTable()
            with Container(id="main"):
                yield EventFeed()
                with Container(id="right"):
                    yield ControlsPanel(id="live")
                    yield UpstreamPanel(id="upstream")
            with Container(id="charts"):
                yield from map(ThroughputChart, MEASURES)
            with Container(id="below"):
                yield ChangesPanel(id="changes")
                yield UpstreamPanel(id="server")
        yield FilterBar()
        yield ControlsLine()
        yield KeyLine(DASHBOARD, EVERYWHERE)

    def can(self, action: str) -> bool:
        """Some need a session, `back` something to leave."""
        chosen = self.table.chosen
        if action == "cancel":
            return False  # among what the chosen session is offered
        if action == "back":
            return self._only_one or bool(self.panel.filter)
        return chosen is not None or action not in {"open", "inspect"}

    def offers(self) -> Iterable[SystemCommand]:
        """Every order of the sessions, and what can be done to the chosen one."""
        for name in ORDERS:
            if name != self.table.order:
                yield SystemCommand(f"sort sessions by {name}", "largest first", partial(self.table.sort, name))
        view = self.table.chosen
        if view is not None:
            for act in ACTS:
                if act.applies(view):
                    title = f"session {name_of(self.console, view)}: {act.words}"
                    yield SystemCommand(title, "the chosen session", partial(act.run, self.console, view))

    @property
    def table(self) -> SessionsTable:
        """The sessions."""
        return self.query_one(SessionsTable)

    @property
    def panel(self) -> SessionsTable | EventFeed:
        """The panel that keys go to."""
        feed = self.query_one(EventFeed)
        return feed if feed.has_focus else self.table

    def action_open(self) -> None:
        """Look at the chosen session."""
        if self.table.chosen is not None:
            self.console.push_screen(SessionScreen(self.table.chosen.key, lambda: self.table.keys))

    def on_choice_list_opened(self) -> None:
        """A double click does the same."""
        self.action_open()

    def action_filter(self) -> None:
        """Type a filter for the panel that has the focus."""
        self.query_one(FilterBar).filter(self.panel)

    def action_sort(self) -> None:
        """Sort by the next column."""
        self.table.sort()

    def action_reverse(self) -> None:
        """Turn the order around."""
        self.table.turn()

    def action_sort_by(self, name: str) -> None:
        """A click on a column's title: sort by it, or turn the order around."""
        if self.table.order == name:
            self.table.turn()
        else:
            self.table.sort(name)

    def action_inspect(self) -> None:
        """Look into the newest request of the chosen session."""
        chosen = self.table.chosen
        if chosen is not None:
            key = chosen.key
            self.console.ask(self, lambda port: port.requests(key), self._inspect, "inspect")

    def _inspect(self, requests: tuple[RequestView, ...]) -> None:
        if requests:
            ids = [view.id for view in requests]
            self.console.push_screen(InspectorScreen(ids[-1], lambda: ids))
        else:
            self.notify("no requests are kept of this session")

    def action_cancel(self) -> None:
        """Stop what the chosen session has in flight, after asking."""
        if self.table.chosen is not None:
            cancel(self.console, self.table.chosen)

    def action_events(self) -> None:
        """Events on the whole screen, and back."""
        self._only("-only-events")
        self.query_one(EventFeed).focus()

    def action_charts(self) -> None:
        """Charts on the whole screen, and back."""
        self._only("-only-charts")

    def action_span(self) -> None:
        """Charts over 5 minutes, 15 minutes, an hour, or again over what suits the data."""
        charts = list(self.query(ThroughputChart))
        spans = (0.0, *SPANS)
        span = spans[(spans.index(charts[0].span) + 1) % len(spans)]
        for chart in charts:
            chart.span = span
            chart.redraw()
        self.console.clear_notifications()
        self.notify(f"charts show {SPAN_NAMES[span]}" if span else "charts show what there is, up to 5 min")

    def action_back(self) -> None:
        """Leave the whole-screen panel, or clear the filter."""
        if self._only_one:
            self._only("")
        else:
            self.panel.filtered(NO_FILTER)

    @property
    def _only_one(self) -> bool:
        return self.has_class("-only-events") or self.has_class("-only-charts")

    def _only(self, name: str) -> None:
        for other in ("-only-events", "-only-charts"):
            self.set_class(other == name and not self.has_class(other), other)
        if not self.has_class("-only-events"):
            self.table.focus()
