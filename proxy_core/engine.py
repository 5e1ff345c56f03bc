"""Wires the rooms: the one object that the HTTP face and the console's port hold."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import partial

from proxy_core.commands import Command, CommandResult
from proxy_core.detail import session_detail
from proxy_core.effects import Effects
from proxy_core.event_ring import EventRing
from proxy_core.events import (
    EngineEvent,
    ServerDraining,
    ServerStarted,
    SessionForgotten,
    SessionOpened,
    SettingChanged,
    UpstreamChanged,
    UpstreamLearned,
)
from proxy_core.exchange import Exchange, Outcome
from proxy_core.fitting import Fitting
from proxy_core.gallery import Gallery
from proxy_core.guardrails.grammar_memory import GrammarMemory
from proxy_core.ledger import Ledger
from proxy_core.live_settings import LiveSettings, UpdateResult
from proxy_core.measurement import Measurement, most_of_small, shared_memory_full
from proxy_core.orders import Orders
from proxy_core.picture import session_views, upstream_view
from proxy_core.preparation import Preparation, Prepared
from proxy_core.record_views import SessionDetail
from proxy_core.records import RecordStore, new_record
from proxy_core.sending import Road
from proxy_core.sessions.identity import identify
from proxy_core.sessions.purpose import request_kind
from proxy_core.sessions.store import Session, SessionStore
from proxy_core.snapshot import Snapshot, UpstreamView
from proxy_core.throughput import Throughput
from proxy_core.translate.errors import ApiError
from proxy_core.translate.types import JsonObject
from proxy_core.turn import Turn
from proxy_core.upstream.client import UpstreamClient, auth_headers
from proxy_core.upstream.discovery import UpstreamFacts, UpstreamWatch
from proxy_core.upstream.load import LoadWatch
from proxy_core.upstream.slots import SlotBook
from proxy_core.upstream.tokens import TokenCount, TokenCounter
from proxy_core.upstream.urls import chat_completions, normalise_base

SNAPSHOT_SECONDS = 0.25


class Engine:
    """Made on any thread without I/O; `start` and everything with a turn run on the engine's own event loop."""

    def __init__(self, settings: LiveSettings, *, url: str = "") -> None:
        self.settings = settings
        self._started_at = time.time()
        self.events = EventRing()
        self.throughput = Throughput()
        self.ledger = Ledger(self.events, self.throughput)
        self.url = url
        self.draining = False
        self.root = normalise_base(settings.current.llama_cpp_base)
        self.sessions = SessionStore(self._forgotten)
        self.records = RecordStore(self._secrets)
        self._effects = Effects(self._started_at)
        for sink in (self.records.take, self._effects.take):
            self.events.add_sink(sink)
        self.fitting = Fitting(self._publish, self.count_tokens, lambda: self.window)
        self.preparation = Preparation(self._publish, self.fitting.cut)
        self._grammars = GrammarMemory()
        self._upstream_since = self._started_at
        self._lag = 0.0
        self._tasks: list[asyncio.Task[None]] = []
        unknown = upstream_view(self.root, "connecting", self._started_at, "", UpstreamFacts.unknown(), 0, None)
        self._gallery = Gallery(self._make_picture(unknown, 1))

    # -- life -----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open the upstream client and begin to watch the model server."""
        current = self.settings.current
        self.loop = asyncio.get_running_loop()
        self.upstream = UpstreamClient(current)
        url = chat_completions(self.root)
        headers = auth_headers(current)
        self.watch = UpstreamWatch(self.upstream.http, self.root, headers, self._upstream_changed)
        self.load = LoadWatch(self.upstream.http, self.root, headers, self._asked_of_its_load)
        self.counter = TokenCounter(self.upstream.http, self.root)
        self.measurement = Measurement(self.counter, SlotBook(), self._publish)
        measure = self.measurement.ensure_estimated
        self._road = Road(self.upstream, url, self._publish, self.throughput, self._recovered, measure, self._grammars)
        self._tasks = [asyncio.create_task(work) for work in (self.watch.run(), self.load.run(), self._tick())]
        self._publish(ServerStarted(at=time.time(), url=self.url))

    async def stop(self) -> None:
        """End the background tasks and close the client."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        self._refresh()
        await self.upstream.aclose()

    def begin_drain(self) -> None:
        """Take no new requests; those in flight go on."""
        if not self.draining:
            self.draining = True
            self.sessions.release()
            self._publish(ServerDraining(at=time.time(), active=self.active))

    def end_turns(self) -> None:
        """End what is still in flight; each client is told that the proxy shuts down."""
        for turn in tuple(self.ledger.active.values()):
            turn.cancel("shutdown")

    # -- the road of a request ------------------------------------------------------------------------------------

    def admit(self, headers: Mapping[str, str], body: JsonObject, request_id: str, raw: bytes = b"") -> Turn:
        """Make the turn of a validated body: whose it is, what for, and under which settings. `raw`: as it came."""
        current = self.settings.current
        identity = identify(headers, body)
        now = time.time()
        session, is_new = self.sessions.get_or_create(
            identity, body, now=now, ttl=current.session_ttl_secs, limit=current.max_sessions
        )
        session.monitor.window = self.window
        if is_new:
            self._publish(
                SessionOpened(
                    at=now, session=session.key, label=session.label, client=identity.client, agent=identity.agent
                )
            )
        role = request_kind(headers, body)
        current = current.changed(session.wishes.overrides)
        turn = Turn(request_id, body, identity, role, session, current, stream=body.get("stream") is True)
        turn.record = new_record(turn, headers, self._road.url)
        self.records.begin(turn.record, raw)
        return turn

    async def exchange(self, turn: Turn) -> Exchange:
        """Translate the turn and make ready to send it. Raises `InvalidRequest`."""
        prepared = await self._ready(turn)
        turn.session.model, turn.record.changes = prepared.chat.body["model"], prepared.chat.changes
        return Exchange(turn, prepared.chat, self._road, prepared.policy, prepared.ending)

    async def _ready(self, turn: Turn) -> Prepared:
        """The turn's request as it goes out: cut, translated, counted, with an answer that fits. Raises `ApiError`."""
        facts = self.watch.facts
        prepared = await self.preparation.prepare(turn, facts)
        chat, most = prepared.chat, most_of_small(turn)
        turn.count = None
        if most is None or not self.fitting.is_far(turn, chat, most):
            count = await self.measurement.count(turn, chat, facts, self.window)
            if self.fitting.corrected(turn, count):
                prepared = await self.preparation.prepare(turn, facts)
                chat = prepared.chat
                count = await self.measurement.count(turn, chat, facts, self.window)
            chat = self.fitting.budgeted(turn, chat, count)
        chat = self.measurement.placed(turn, chat, facts, self.ledger.active.values())
        return prepared if chat is prepared.chat else Prepared(chat, prepared.policy, prepared.ending)

    async def _recovered(self, turn: Turn, error: ApiError, sent: JsonObject) -> JsonObject | None:
        """The body to send after the model server refused one as too long; None when that cannot help."""

        async def again() -> JsonObject:
            self.learn(turn, error)
            prepared = await self._ready(turn)
            self.measurement.ensure_estimated(turn, prepared.chat)
            return prepared.chat.body

        return await self.fitting.recovered(turn, error, sent, again)

    async def count_tokens(self, body: JsonObject) -> TokenCount:
        """What the request would cost. Raises `InvalidRequest`."""
        current = self.settings.current
        chat = await self.preparation.translated(body, current, self.watch.facts)
        return await self.counter.count(chat.body, self.watch.facts)

    def finished(self, turn: Turn, outcome: Outcome) -> None:
        """The turn ended well: learn from it and book it."""
        if turn.outline is not None and outcome.asked and not outcome.usage.estimated:
            self.measurement.finished(turn, turn.outline, outcome, self.ledger.requests)
            self.fitting.finished(turn, outcome.usage.prompt_tokens)
        self.ledger.finished(turn, outcome)

    def learn(self, turn: Turn, error: ApiError) -> None:
        """Take from an error what it says of the model server and of the turn's prompt."""
        self.measurement.overflowed(turn, error, self.watch.facts)
        if shared_memory_full(error, turn.input_tokens + turn.decoded, self.window):
            self.watch.learn_shared_memory()
        if error.overflow is not None:
            self.watch.learn_window(error.overflow.limit)
        elif error.status >= 500:
            self.watch.poke()

    # -- what others may ask ----------------------------------------------------------------------------------------

    @property
    def active(self) -> int:
        """Requests in flight."""
        return len(self.ledger.active)

    @property
    def window(self) -> int:
        """The context window in tokens: the operator's, else the model server's; 0 while unknown."""
        return self.settings.current.context_window or self.watch.facts.window

    def snapshot(self) -> Snapshot:
        """The newest picture; any thread."""
        return self._gallery.look()

    def update(self, changes: Mapping[str, str], by: str) -> UpdateResult:
        """Change live settings; any thread. Each change is an event."""
        result = self.settings.update(changes)
        for change in result.changes:
            self._publish(
                SettingChanged(at=time.time(), name=change.name, before=change.before, after=change.after, by=by)
            )
        return result

    async def command(self, command: Command) -> CommandResult:
        """Carry out an operator's command."""
        return Orders(self.sessions, self.ledger, self.settings, self._publish, self.watch.poke).carry_out(command)

    def detail(self, key: str) -> SessionDetail | None:
        """What is behind a session's state; any thread."""
        session = self.sessions.get(key)
        return session_detail(session) if session is not None else None

    # -- background -------------------------------------------------------------------------------------------------

    async def _tick(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(SNAPSHOT_SECONDS)
            self._lag = max(time.monotonic() - before - SNAPSHOT_SECONDS, 0.0)
            self.sessions.expire(time.time(), self.settings.current.session_ttl_secs)
            if self._gallery.watched:
                self._refresh()

    def _refresh(self) -> None:
        window = self.settings.current.context_window
        state, facts, detail = self.watch.state, self.watch.facts, self.watch.detail
        upstream = upstream_view(self.root, state, self._upstream_since, detail, facts, window, self.load.load)
        of = (self.events.count, self.ledger.changes, self.ledger.stages, self.throughput.moves, upstream)
        self._gallery.refresh(of, partial(self._make_picture, upstream))

    def _make_picture(self, upstream: UpstreamView, version: int) -> Snapshot:
        now = time.time()
        return Snapshot(
            version=version,
            at=now,
            started_at=self._started_at,
            url=self.url,
            draining=self.draining,
            active=self.active,
            sessions=session_views(self.sessions.all(), self.ledger.active.values(), now),
            upstream=upstream,
            samples=self.throughput.samples(),
            totals=self.ledger.totals,
            loop_lag=self._lag,
            changes=self._effects.views(now),
        )

    def _asked_of_its_load(self) -> UpstreamFacts | None:
        """The facts of a llama.cpp that is up while somebody looks on: no other server has slots to tell of."""
        facts = self.watch.facts
        return facts if self._gallery.watched and self.watch.state == "up" and facts.kind == "llama.cpp" else None

    def _upstream_changed(self, before: str, after: str, facts: UpstreamFacts, detail: str) -> None:
        now = time.time()
        if before != after:
            self._upstream_since = now
            self._publish(UpstreamChanged(at=now, before=before, after=after, detail=detail))
        if after == "up":
            self.measurement.slots.reset(facts.slots or 0)
            self.fitting.forget_limits()
            self._publish(
                UpstreamLearned(
                    at=now, server=facts.kind, model=facts.model, window=facts.window, window_source=facts.window_source
                )
            )
            for session in self.sessions.all():
                session.monitor.window = self.window

    def _forgotten(self, session: Session, reason: str) -> None:
        self._publish(SessionForgotten(at=time.time(), session=session.key, reason=reason))

    def _secrets(self) -> tuple[str, ...]:
        return (self.settings.current.upstream_api_key, self.settings.current.auth_token)

    def _publish(self, event: EngineEvent) -> None:
        self.events.publish(event)
