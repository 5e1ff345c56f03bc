"""The feed of events, newest at the bottom; it follows, unless somebody scrolled up to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.strip import Strip

from console.changes import effect, letter
from console.columns import SHORT
from console.feed import FeedRow, FeedView
from console.filters import NO_FILTER, Filter
from console.format import clock, fit, visible
from console.frame import Frame
from console.theme import Look
from console.widgets.choice_list import filter_words
from console.widgets.lines import Panel, Span, cut, strip
from console.widgets.scrolled import Scrolled
from proxy_core.events import SettingChanged
from proxy_core.snapshot import ChangeView

WORD = 8
LABEL = 12
WITH_LABEL = 90
"""From this width on the name of a session stands beside its id."""


class EventFeed(Panel, Scrolled, can_focus=True):
    """Events as lines: time, sign, word, session and what happened. `only` is the key of a session, "" for all."""

    WHEEL = 3
    KEPT = 1

    def __init__(self, only: str = "") -> None:
        super().__init__(id="events")
        self.filter: Filter = NO_FILTER
        self._only = only
        self._view = FeedView()
        self._rows: list[FeedRow] = []
        self._made: dict[int, Strip] = {}
        self._made_for: tuple[object, ...] = ()
        self._until: int | None = None
        """The number of the lowest row in view, None while following."""

    @property
    def count(self) -> int:
        """How many events pass the filter."""
        return len(self._rows)

    def filtered(self, chosen: Filter) -> None:
        """Show only the events that a filter lets through."""
        self.filter = chosen
        self._until = None
        self.redraw()

    def concern(self, session: str) -> None:
        """Show the events of another session only."""
        self._only = session
        self._until = None
        self.redraw()

    def made_of(self, frame: Frame) -> tuple[object, ...]:
        """The events up to the newest that is shown, and what changes of settings did."""
        return frame.feed.next, frame.events, frame.settings, frame.snapshot.changes, frame.keys

    def draw(self, frame: Frame) -> list[Strip]:
        """The rows in view."""
        self._view.update(frame.feed, frame.settings.settings.log_level, self.filter)
        self._rows = [row for row in self._view.rows if self._concerns(row, frame)]
        width, height = self.size
        end = self._end()
        later = len(self._rows) - end
        self._entitle(frame, later)
        self._made = self._lines(self._rows[max(end - height, 0) : end], frame, width)
        return list(self._made.values())

    def _lines(self, rows: Sequence[FeedRow], frame: Frame, width: int) -> dict[int, Strip]:
        """The rows as lines by their numbers; what was told stays as it is, so lines of before are taken again."""
        look = frame.look
        made_for = (width, look, frame.snapshot.changes)
        before = self._made if made_for == self._made_for else {}
        self._made_for = made_for
        changes = {(change.at, change.session): change for change in frame.snapshot.changes}
        return {
            row.number: before.get(row.number)
            or strip(cut(self._line(row, look, width, changes), width, look.glyphs.ellipsis))
            for row in rows
        }

    def _concerns(self, row: FeedRow, frame: Frame) -> bool:
        return row.number <= frame.events and (not self._only or row.session == self._only)

    def _end(self) -> int:
        """How many rows there are up to the lowest in view."""
        if self._until is None:
            return len(self._rows)
        at_or_before = sum(row.number <= self._until for row in self._rows)
        return max(at_or_before, min(self.size.height, len(self._rows)))

    def _line(
        self, row: FeedRow, look: Look, width: int, changes: Mapping[tuple[float, str], ChangeView]
    ) -> list[Span]:
        glyphs = look.glyphs
        style = look.severity(row.severity)
        time = clock(row.at) if width >= 70 else clock(row.at)[:5]
        sign = getattr(glyphs, row.glyph)
        spans: list[Span] = [
            (f" {time} ", look.faint),
            (f"{sign} ", style),
            (fit(row.word, WORD, ellipsis=""), style),
            (" ", look.text),
        ]
        if row.session and not self._only:
            short = visible(row.short[:SHORT], ascii_only=glyphs.ascii_only)
            spans.append((fit(short, SHORT + 1, ellipsis=""), look.name))
            if width >= WITH_LABEL:
                label = visible(row.label, ascii_only=glyphs.ascii_only)
                spans.append((fit(label, LABEL, ellipsis=glyphs.ellipsis) + " ", look.muted))
        quiet = row.severity in {"debug", "info", "notice"}
        spans.append((visible(row.text, ascii_only=glyphs.ascii_only), look.text if quiet else style))
        change = changes.get((row.at, row.session)) if row.kind == SettingChanged.kind else None
        return spans if change is None else [*spans, *_told(change, look)]

    def _entitle(self, frame: Frame, later: int) -> None:
        look = frame.look
        middle = f" {look.glyphs.middle} "
        spans: list[Span] = [("events", look.strong), (f" {len(self._rows)}", look.muted)]
        spans += filter_words(self.filter, look)
        if self.filter:
            spans.append((f" {len(self._view.hidden)} hidden", look.muted))
        if later:
            spans.append((f"{middle}{later} below, {frame.key('list.last')} follows", look.warn))
        self.entitle(spans)

    def action_move(self, by: int) -> None:
        """Scroll; the end follows again."""
        end = self._end() + by
        if end >= len(self._rows):
            self._until = None
        elif self._rows:
            self._until = self._rows[max(end, min(self.size.height, len(self._rows))) - 1].number
        self.redraw()


def _told(change: ChangeView, look: Look) -> list[Span]:
    """The letter that marks a change in the charts, and what it did."""
    told = visible(f" {effect(change)}", ascii_only=look.glyphs.ascii_only)
    return [(f" {look.glyphs.middle} ", look.muted), (letter(change), look.warn), (told, look.muted)]
