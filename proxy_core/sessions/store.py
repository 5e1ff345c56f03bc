"""The sessions that are remembered: at most so many, none idle for longer than its time to live."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from proxy_core.guardrails.loop_score import TurnScore
from proxy_core.sessions.first_words import label
from proxy_core.sessions.identity import Identity, short
from proxy_core.sessions.monitor import SessionMonitor
from proxy_core.sessions.prefix import PrefixMonitor
from proxy_core.sessions.purpose import is_title
from proxy_core.sessions.tool_order import ToolOrder
from proxy_core.sessions.wishes import Wishes
from proxy_core.translate.types import Change, JsonObject

NEWS_KEPT = 1024

Evicted = Callable[["Session", str], None]
"""Told of each session that is dropped, and why in plain words."""


@dataclass(slots=True, eq=False)
class Session:
    """One agent's conversation: a sub-agent has its own, under the session that it belongs to.

    Times are Unix time in seconds. `touched` is the last moment at which this session or one of its sub-agents was
    asked for; `last_at` the last at which it began or ended a request itself.
    """

    key: str
    identity: Identity
    label: str
    created_at: float
    last_at: float
    touched: float
    model: str = ""
    active: int = 0
    failures: int = 0
    monitor: SessionMonitor = field(default_factory=SessionMonitor)
    prefix: PrefixMonitor = field(default_factory=PrefixMonitor)
    label_is_borrowed: bool = False
    tools: ToolOrder = field(default_factory=ToolOrder)
    continued_after: dict[str, int] = field(default_factory=dict[str, int])
    """By the reason of a further try the `Turn.human` after which it was made: once is enough."""
    loop_level: int = 0
    loop_why: str = ""
    loop_turns: tuple[TurnScore, ...] = ()
    """How the turns of the last request were judged."""
    wishes: Wishes = field(default_factory=Wishes)
    acts: Counter[str] = field(default_factory=Counter)
    """How often each guardrail acted here, by its name."""
    _told: OrderedDict[int, int] | None = None
    """By the hash of a change how often it was told; made for the first one, which most sessions never have."""

    @property
    def short(self) -> str:
        """Four to six characters for people."""
        return short(self.identity.agent or self.identity.session)

    def begin(self, now: float) -> None:
        """A request starts."""
        self.active += 1
        self.last_at = now

    def end(self, now: float) -> None:
        """A request ended, in whatever way."""
        self.active -= 1
        self.last_at = now

    def news(self, changes: Sequence[Change]) -> list[Change]:
        """Those changes that are new to this session.

        A conversation carries its history on every turn, so what was dropped from an old message would be told again
        each time. Equal changes are told as often as one request had them.
        """
        fresh: list[Change] = []
        if not changes:
            return fresh
        if self._told is None:
            self._told = OrderedDict()
        for change, count in Counter(changes).items():
            known = hash(change)
            told = self._told.get(known, 0)
            fresh += [change] * (count - told)
            self._told[known] = max(count, told)
            self._told.move_to_end(known)
        while len(self._told) > NEWS_KEPT:
            self._told.popitem(last=False)
        return fresh


class SessionStore:
    """Sessions by identity, the longest untouched first. A session with requests in flight is never dropped."""

    def __init__(self, evicted: Evicted) -> None:
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._evicted = evicted

    def __len__(self) -> int:
        return len(self._sessions)

    def get(self, key: str) -> Session | None:
        """The session of a key, without touching it."""
        return self._sessions.get(key)

    def get_or_create(
        self, identity: Identity, body: JsonObject, *, now: float, ttl: float, limit: int
    ) -> tuple[Session, bool]:
        """The session of an identity and whether it is new; drops what is idle for `ttl` seconds or over `limit`."""
        self.expire(now, ttl)
        session = self._sessions.get(identity.key)
        new = session is None
        if session is None:
            session = Session(identity.key, identity, label(body), now, now, now, label_is_borrowed=is_title(body))
            self._sessions[session.key] = session
        elif session.label_is_borrowed and not is_title(body):
            session.label, session.label_is_borrowed = label(body) or session.label, False
        self._touch(identity.session, now)
        self._touch(identity.key, now)
        self._shrink(limit)
        return session, new

    def expire(self, now: float, ttl: float) -> None:
        """Drop the sessions that are idle for longer than `ttl` seconds."""
        if self._sessions and next(iter(self._sessions.values())).touched >= now - ttl:
            return
        for session in self.all():
            if session.touched >= now - ttl:
                break
            if not session.active and session.last_at < now - ttl:
                self._drop(session, "idle for too long")

    def all(self) -> tuple[Session, ...]:
        """All sessions now, longest untouched first."""
        return tuple(self._sessions.values())

    def release(self) -> None:
        """Let everything go on that an operator holds."""
        for session in self.all():
            session.wishes.gate.open()

    def _touch(self, key: str, now: float) -> None:
        """A main agent waits without a request while its sub-agents work: it lives as long as they do."""
        if session := self._sessions.get(key):
            session.touched = now
            self._sessions.move_to_end(key)

    def _shrink(self, limit: int) -> None:
        excess = len(self._sessions) - limit
        if excess <= 0:
            return
        newest = next(reversed(self._sessions))
        idle = [session for session in self.all() if not session.active and session.key != newest]
        for session in idle[:excess]:
            self._drop(session, "more sessions than are kept")

    def _drop(self, session: Session, reason: str) -> None:
        del self._sessions[session.key]
        self._evicted(session, reason)
