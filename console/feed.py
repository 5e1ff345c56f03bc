"""The event feed as rows of text: what each event is called, whom it concerns and what it says."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from console.event_text import describe, tokens
from console.filters import NO_FILTER, Facts, Filter
from console.format import percent, rate, seconds
from proxy_core.event_ring import EventBatch
from proxy_core.events import EngineEvent, RequestFinished, SessionOpened, Severity
from proxy_core.snapshot import SessionView

KEPT = 2000
RANKS: dict[str, int] = {"debug": 0, "info": 1, "notice": 2, "warning": 3, "error": 4}
WORDS = {
    "server.started": ("note", "server"),
    "server.draining": ("stop", "drain"),
    "upstream.changed": ("note", "upstream"),
    "upstream.learned": ("note", "upstream"),
    "session.opened": ("plus", "session"),
    "session.forgotten": ("quiet", "forgot"),
    "request.started": ("ring", "start"),
    "request.finished": ("dot", "done"),
    "request.failed": ("cross", "failed"),
    "request.cancelled": ("stop", "cancel"),
    "request.retried": ("again", "retry"),
    "request.altered": ("change", "altered"),
    "loop.acted": ("again", "loop"),
    "answer.continued": ("again", "continue"),
    "context.warning": ("rising", "context"),
    "context.pruned": ("change", "pruned"),
    "context.overflow": ("rising", "overflow"),
    "output.capped": ("change", "capped"),
    "prefix.broken": ("note", "prefix"),
    "setting.changed": ("change", "setting"),
    "operator.acted": ("note", "operator"),
    "log": ("note", "log"),
}
"""For each kind of event the name of its sign and its word; other kinds go by the last part of their name."""


@dataclass(frozen=True, slots=True)
class FeedRow:
    """One event, ready to be shown. Its texts may still hold whatever strangers wrote."""

    number: int
    at: float
    kind: str
    severity: Severity
    glyph: str
    word: str
    session: str
    short: str
    label: str
    text: str

    @property
    def facts(self) -> Facts:
        """What a filter sees of it."""
        return Facts((self.kind, self.word, self.severity, self.text), (self.short, self.label))


@dataclass(slots=True)
class Feed:
    """The last events as rows, oldest first."""

    rows: deque[FeedRow] = field(default_factory=lambda: deque[FeedRow](maxlen=KEPT))
    next: int = 0
    """The number to ask the engine with for what is new."""
    missed: int = 0
    """Events that were pushed out of the engine's ring before they were read."""
    _names: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    """Of the sessions that there were last time, for what is told of them when they are gone."""

    def take(self, batch: EventBatch, sessions: Iterable[SessionView]) -> int:
        """Append what is new; how many rows that were."""
        now = {session.key: (session.short, session.label) for session in sessions}
        self._names |= now
        first = batch.next - len(batch.events) + 1
        for number, event in enumerate(batch.events, first):
            self.rows.append(self._row(number, event))
        self._names = now
        self.next = batch.next
        self.missed += batch.missed
        return len(batch.events)

    def _row(self, number: int, event: EngineEvent) -> FeedRow:
        glyph, word = WORDS.get(event.kind, ("note", event.kind.rpartition(".")[2]))
        short, label = self._names.get(event.session, (event.session[:6], ""))
        if isinstance(event, SessionOpened) and event.session not in self._names:
            label = event.label
        return FeedRow(
            number, event.at, event.kind, event.severity, glyph, word, event.session, short, label, told(event)
        )


def told(event: EngineEvent) -> str:
    """What a row says. The end of a request begins with what came of it, for rows are cut at their end."""
    if not isinstance(event, RequestFinished):
        return describe(event)
    outcome = ", ".join(event.tools) if event.tools else event.stop_reason
    if not event.asked:
        return f"{outcome} · answered by the proxy, the model was not asked"
    cached = event.cached_tokens / event.prompt_tokens if event.prompt_tokens else 0.0
    parts = (
        outcome if event.role == "main" else f"{event.role}: {outcome}",
        f"{tokens(event.prompt_tokens)} in, {percent(cached)} cached",
        f"{tokens(event.output_tokens)} out at {rate(event.decode_rate)} tok/s",
        f"TTFT {seconds(event.ttft)}",
    )
    return " · ".join(parts)


@dataclass(slots=True)
class FeedView:
    """The rows of a feed that a filter and a least severity let through, kept up to date by what is new."""

    rows: deque[FeedRow] = field(default_factory=lambda: deque[FeedRow](maxlen=KEPT))
    hidden: deque[int] = field(default_factory=lambda: deque[int](maxlen=KEPT))
    """The numbers of the rows that the filter hides; those below the least severity are not counted."""
    _chosen: Filter = NO_FILTER
    _least: str = "info"
    _seen: int = 0

    def update(self, feed: Feed, least: str, chosen: Filter) -> None:
        """Take in what is new, or everything once more when filter or severity changed."""
        if chosen is not self._chosen or least != self._least:
            self._chosen, self._least, self._seen = chosen, least, 0
            self.rows.clear()
            self.hidden.clear()
        if feed.next == self._seen:
            return
        new = len(feed.rows) if not self._seen else min(feed.next - self._seen, len(feed.rows))
        for row in islice(feed.rows, len(feed.rows) - new, None):
            if RANKS[row.severity] < RANKS[least]:
                continue
            if chosen.matches(row.facts):
                self.rows.append(row)
            else:
                self.hidden.append(row.number)
        self._seen = feed.next
        oldest = feed.rows[0].number if feed.rows else 0
        for kept in (self.rows, self.hidden):
            while kept and (kept[0] if isinstance(kept[0], int) else kept[0].number) < oldest:
                kept.popleft()
