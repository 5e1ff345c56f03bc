"""One request in full: both bodies, both answers, the raw streams and the times."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from textual.app import ComposeResult
from textual.events import Resize

from console.frame import Frame
from console.inspect.export import curl_command, export
from console.inspect.page import Page, Paper, Side
from console.inspect.pages import TABS, Tab, body_of, raw_page, request_page, response_page, timing_page
from console.keymap import EVERYWHERE, INSPECTOR, bindings
from console.screens.base import ConsoleScreen
from console.widgets.body_pane import BodyPane
from console.widgets.entry_bar import EntryBar
from console.widgets.inspector_head import InspectorHead
from console.widgets.key_line import KeyLine
from console.widgets.status_line import StatusLine
from proxy_core.live_settings import SettingsView
from proxy_core.record_views import RecordView

SIDE_BY_SIDE = 120
"""Cells from which both sides have room beside each other."""

MOST_COPIED = 74_000
"""Bytes that every terminal takes into its clipboard; some take more."""


class InspectorScreen(ConsoleScreen):
    """Opened with the id of a request and the ids among which to step. Pages are made beside the UI's thread."""

    CSS_PATH = "inspector.tcss"
    SCOPE = INSPECTOR
    BINDINGS = bindings(SCOPE)
    AUTO_FOCUS = "#body"

    def __init__(self, request_id: str, order: Callable[[], list[str]]) -> None:
        super().__init__()
        self._id = request_id
        self._order = order
        self._record: RecordView | None = None
        self._tab: Tab = "request"
        self._side: Side = "anthropic"
        self._changed = False
        self._everything = False
        self._asked_at = 0.0

    def compose(self) -> ComposeResult:
        """Head, page, search line."""
        yield StatusLine()
        yield InspectorHead()
        yield BodyPane()
        frame = self.console.frame
        on = f"{frame.key('request.next-match')} and {frame.key('request.previous-match')}"
        yield EntryBar(f"words on this page; {on} go on", id="search")
        yield KeyLine(INSPECTOR, EVERYWHERE)

    def can(self, action: str) -> bool:
        """Some need a request that is still kept, places that were found, or neighbours."""
        if action.startswith("match"):
            return self.pane.matches > 0
        if action.startswith("step"):
            ids = self._order()
            at = ids.index(self._id) if self._id in ids else -1
            return 0 <= at + (1 if action == "step(1)" else -1) < len(ids)
        if action == "everything":
            return self.pane.page.cut > 0 or self._everything
        if action == f"tab('{self._tab}')":
            return False
        return self._record is not None or action == "back"

    @property
    def pane(self) -> BodyPane:
        """The page."""
        return self.query_one(BodyPane)

    def show(self, frame: Frame) -> None:
        """A request that still runs is looked at again every second."""
        super().show(frame)
        if not self.children:
            return  # before, there is nothing to show an answer in
        running = self._record is not None and self._record.request.state == "running"
        if frame.frozen is None and (self._record is None or running) and frame.now - self._asked_at >= 1:
            self._fetch(keep=self._record is not None)

    def on_resize(self, _event: Resize) -> None:
        """Pages are made for a width."""
        if self._record is not None:
            self._make(keep=True)

    # -- making pages -------------------------------------------------------------------------------------------------

    def _fetch(self, *, keep: bool) -> None:
        self._asked_at = self.console.frame.now
        request_id = self._id
        self.console.ask(
            self, lambda port: port.record(request_id), partial(self._got, request_id, keep=keep), "record"
        )

    def _got(self, request_id: str, record: RecordView | None, *, keep: bool) -> None:
        if request_id != self._id:
            return
        self._record = record
        if record is None:
            self.pane.put(Page((), 1))
            self._tell_head(0)
        else:
            self._make(keep=keep)

    def _make(self, *, keep: bool = False) -> None:
        record = self._record
        if record is None or not self.pane.size.width:
            return
        paper = self._paper()
        make = partial(_page, record, paper, self._tab, self._side, changed=self._changed)
        self.console.ask(self, lambda _port: make(), partial(self._put, keep=keep), "page")

    def _paper(self) -> Paper:
        frame = self.console.frame
        two = self._columns == 2 and self._tab != "timing"
        return Paper(
            self.pane.size.width,
            2 if two else 1,
            frame.look.glyphs.ascii_only,
            self._everything,
            frame.key("request.everything"),
        )

    @property
    def _columns(self) -> int:
        return 2 if self.size.width >= SIDE_BY_SIDE else 1

    def _put(self, page: Page, *, keep: bool) -> None:
        self.pane.put(page, keep=keep)
        self._tell_head(page.cut)

    def _tell_head(self, cut: int) -> None:
        head = self.query_one(InspectorHead)
        ids = self._order()
        head.request = self._record.request if self._record is not None else None
        head.place = f"{ids.index(self._id) + 1} of {len(ids)}" if self._id in ids else ""
        head.tab, head.side, head.changed = self._tab, self._side, self._changed
        head.columns = self._columns
        more = self.console.frame.key("request.everything")
        head.note = f"64 of {cut // 1024:,} KB, {more} shows all" if cut else ""
        if self.pane.needle:
            head.note = f"{self.pane.matches} lines with {self.pane.needle!r}"
        head.redraw()

    # -- what keys do -------------------------------------------------------------------------------------------------

    def action_tab(self, name: str) -> None:
        """Go to a page."""
        for tab in TABS:
            if tab == name:
                self._tab = tab
        self._make()

    def action_turn(self, by: int) -> None:
        """Go to the next page, or the one before."""
        self.action_tab(TABS[(TABS.index(self._tab) + by) % len(TABS)])

    def action_side(self) -> None:
        """The other side."""
        self._side = "openai" if self._side == "anthropic" else "anthropic"
        self._make(keep=True)

    def action_changed(self) -> None:
        """Only what the proxy changed, or all again."""
        self._changed, self._tab = not self._changed or self._tab != "request", "request"
        self._make()

    def action_everything(self) -> None:
        """All of a long body, or its beginning again."""
        self._everything = not self._everything
        self._make(keep=True)

    def action_step(self, by: int) -> None:
        """Another request of the session; the page stays."""
        ids = self._order()
        if not ids:
            return
        here = ids.index(self._id) if self._id in ids else -by
        if not 0 <= here + by < len(ids):
            self.notify("there is none further on")
            return
        self._id, self._record = ids[here + by], None
        self._fetch(keep=False)

    def action_search(self) -> None:
        """Type what to look for."""
        self.query_one(EntryBar).open("search", self.pane.needle, self._search, self.pane)

    def action_match(self, by: int) -> None:
        """The next place, or the one before."""
        self.pane.next_match(by)

    def action_back(self) -> None:
        """Take the search away, or leave."""
        if self.pane.needle:
            self._search("")
        else:
            self.console.pop_screen()

    def _search(self, words: str) -> str:
        self.pane.search(words)
        self._tell_head(self.pane.page.cut)
        return ""

    def action_copy(self) -> None:
        """Put the text of the chosen side into the terminal's clipboard."""
        body = body_of(self._record, self._tab, self._side) if self._record is not None else None
        if body is None:
            self.notify("there is nothing to copy", severity="warning")
            return
        self._copy(body.text, body.name)

    def action_curl(self) -> None:
        """The same for a command that sends the request again."""
        if self._record is None:
            return
        try:
            command = curl_command(self._record, self._side, self.console.frame.snapshot.url)
        except ValueError as reason:
            self.notify(f"no command: {reason}", severity="warning", markup=False)
            return
        self._copy(command, "curl command")

    def _copy(self, text: str, name: str) -> None:
        size = len(text.encode())
        self.console.copy_to_clipboard(text)
        doubt = "; some terminals do not take that much" if size > MOST_COPIED else ""
        self.notify(f"copied: {name}, {size:,} bytes, secrets masked{doubt}", markup=False)

    def action_export(self) -> None:
        """Write all of the request to a file in the current folder."""
        record, settings, at = self._record, self.console.frame.settings, self.console.frame.now
        if record is not None:
            self.console.ask(None, lambda _port: _export(record, settings, at), self._exported, "export")

    def _exported(self, result: Path | OSError) -> None:
        if isinstance(result, OSError):
            self.notify(f"not written: {result.strerror}", severity="error", markup=False)
        else:
            self.notify(f"written, secrets masked: {result}", markup=False)


def _page(record: RecordView, paper: Paper, tab: Tab, side: Side, *, changed: bool) -> Page:
    if tab == "request":
        return request_page(record, paper, side, changed=changed)
    if tab == "timing":
        return timing_page(record, paper)
    return (response_page if tab == "response" else raw_page)(record, paper, side)


def _export(record: RecordView, settings: SettingsView, at: float) -> Path | OSError:
    try:
        return export(record, settings, Path.cwd(), at)
    except OSError as error:
        return error
