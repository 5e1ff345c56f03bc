"""The last requests of each session, kept in memory for whoever wants to look into one; never written to disk.

While a request runs nothing is parsed and nothing is copied: records hold the bytes that exist anyway. All bounds are
in `RecordStore`. Texts are decoded and masked when a view is made, on the thread of whoever looks.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from struct import Struct
from typing import TYPE_CHECKING

from proxy_core.events import (
    EngineEvent,
    RequestCancelled,
    RequestFailed,
    RequestFinished,
    RequestStarted,
    SessionForgotten,
)
from proxy_core.record_making import record_view, request_view
from proxy_core.record_views import RecordView, RequestView
from proxy_core.recording import PIECE_OVERHEAD, Kept, Tape, kept, settled
from proxy_core.translate.types import Change

if TYPE_CHECKING:
    from proxy_core.turn import Turn

EVENTS_KEPT = MARKS_KEPT = 64
_TIME = Struct("d")
_ENDINGS = (RequestFinished, RequestFailed, RequestCancelled)

LATE = Tape.LATE
"""Bytes of an answer that are kept of what is sent after the request has ended: the error that tells why."""

OVERHEAD = 2048 + LATE
"""Bytes counted for a record's own objects and what may still come late."""

RESERVED = 2 * Tape.LIMIT + 2 * Kept.LIMIT
"""Bytes counted for a request that still runs, besides what it received: more cannot come."""


@dataclass(slots=True, eq=False)
class Record:
    """One request as it happens. The default records nothing and costs nothing.

    `marks` are the phases that the request entered, with the monotonic time of each; `began` is such a time too.
    `events` are the engine's events of it, but for its start and its end.
    """

    request_id: str = ""
    session: str = ""
    role: str = ""
    model: str = ""
    stream: bool = False
    messages: int = 0
    at: float = 0.0
    began: float = 0.0
    url: str = ""
    headers: str = ""
    """A line for each, as in HTTP: in a dictionary they take four times the memory."""
    bodies: bool = False
    received: Kept | None = None
    sent: tuple[Kept, ...] = ()
    upstream: Tape | None = field(default=None, init=False)
    answer: Tape | None = field(default=None, init=False)
    changes: tuple[Change, ...] = ()
    events: tuple[EngineEvent, ...] = ()
    ending: RequestFinished | RequestFailed | RequestCancelled | None = None
    counted: int = 0
    late: int = 0
    """Bytes that went to the client after the request had ended."""
    _marks: tuple[str, bytes] = ("", b"")
    """The phases in one text, which is the same one in all records of such a request, and their times."""

    def __post_init__(self) -> None:
        if self.bodies:
            self.upstream, self.answer = Tape(), Tape()

    def enters(self, phase: str) -> None:
        """The request went on to another phase."""
        phases, times = self._marks
        if len(times) < MARKS_KEPT * _TIME.size:
            self._marks = (_followed(phases, phase), times + _TIME.pack(time.monotonic()))

    @property
    def marks(self) -> list[tuple[str, float]]:
        """The phases and their times; any thread."""
        phases, times = self._marks
        return [(phase, at) for phase, (at,) in zip(phases.split(), _TIME.iter_unpack(times), strict=True)]

    def sends(self, body: bytes) -> None:
        """A Chat Completions body goes out; of more than two the first and the last are kept."""
        if self.bodies and self.ending is None:
            self.sent = (*self.sent[:1], kept(body))

    def hears(self, data: bytes) -> None:
        """Bytes of the model server's answer came."""
        if self.upstream is not None and self.ending is None:
            self.upstream.add(data)

    def tells(self, data: bytes) -> None:
        """Bytes of the answer went to the client; of what goes out behind the end, an error, the beginning is kept."""
        if self.answer is None:
            return
        if self.ending is not None:
            data = data[: max(LATE - PIECE_OVERHEAD - self.late, 0)]
            self.late += len(data) + PIECE_OVERHEAD
        if data:
            self.answer.add(data)

    @property
    def size(self) -> int:
        """Bytes that its texts take."""
        texts = (self.received, *self.sent, self.upstream, self.answer)
        return sum([text.held for text in texts if text is not None])

    def shares(self, other: Record) -> None:
        """Hold what is equal in another record only once: a client's headers hardly differ from turn to turn."""
        if self.headers == other.headers:
            self.headers = other.headers
        if self.url == other.url:
            self.url = other.url
        if self.model == other.model:
            self.model = other.model

    def settle(self) -> None:
        """The request has ended: hold its texts in no more memory than they need."""
        self.sent = tuple(map(settled, self.sent))
        self.upstream = self.upstream.settled() if self.upstream is not None else None
        self.answer = self.answer.settled() if self.answer is not None else None

    def empty(self) -> None:
        """Let go of the texts."""
        self.bodies, self.received, self.sent = False, None, ()
        self.upstream = self.answer = None


@lru_cache(256)
def _followed(phases: str, phase: str) -> str:
    """One text for all requests that went this way."""
    return f"{phases} {phase}"


def new_record(turn: Turn, headers: Mapping[str, str], url: str) -> Record:
    """The record of a turn that begins; what it holds follows from the turn's settings."""
    return Record(
        request_id=turn.request_id,
        session=turn.session.key,
        role=turn.role,
        model=turn.model,
        stream=turn.stream,
        messages=len(turn.body["messages"]),
        at=time.time(),
        began=turn.started,
        url=url,
        headers="\n".join([f"{name}: {value}" for name, value in headers.items() if name != "content-length"]),
        bodies=turn.settings.record_bodies,
    )


@dataclass(slots=True)
class RecordStore:
    """Bounded four ways: requests a session, requests in all, and of texts in all their requests and their bytes.

    Agents' requests take some 200 KB with their answers, so bytes and number of texts run out at about the same time;
    the number keeps thousands of small requests from growing the process by as many small texts.

    What goes first is what is oldest in the session that had no request for longest. Written on the engine's thread;
    views may be asked for on any. `secrets` gives the program's own secrets, which no view shows.
    """

    secrets: Callable[[], tuple[str, ...]] = tuple
    per_session: int = 200
    most: int = 2_000
    most_texts: int = 256
    most_bytes: int = 64 * 2**20
    held: int = field(default=0, init=False)
    """Bytes counted now."""
    texts: int = field(default=0, init=False)
    """Records that hold texts now."""
    _sessions: OrderedDict[str, list[Record]] = field(default_factory=OrderedDict[str, "list[Record]"], init=False)
    _heavy: OrderedDict[str, list[Record]] = field(default_factory=OrderedDict[str, "list[Record]"], init=False)
    """The records that hold texts, by session, both in the order in which they go. An empty deque would take 0.7 KB."""
    _by_id: dict[str, Record] = field(default_factory=dict[str, Record], init=False)
    _newest: Record = field(default_factory=Record, init=False)

    def begin(self, record: Record, raw: bytes) -> None:
        """Take in a new request; `raw` is its body as received, kept if the record holds bodies."""
        mine = self._sessions.setdefault(record.session, [])
        self._sessions.move_to_end(record.session)
        record.shares(mine[-1] if mine else self._newest)
        self._newest = record
        if len(mine) >= self.per_session:
            self._forget(mine.pop(0))
        while len(self._by_id) >= self.most:
            self._forget_oldest()
        mine = self._sessions.setdefault(record.session, mine)
        mine.append(record)
        self._by_id[record.request_id] = record
        if record.bodies:
            record.received = kept(raw)
            self._heavy.setdefault(record.session, []).append(record)
            self._heavy.move_to_end(record.session)
            self.texts += 1
        self._count(record, record.size + RESERVED * record.bodies)

    def take(self, event: EngineEvent) -> None:
        """Note an event with the request that it belongs to; a sink of the event ring."""
        if isinstance(event, SessionForgotten):
            self._drop_session(event.session)
            return
        record = self._by_id.get(event.request) if event.request else None
        if record is None:
            return
        if isinstance(event, _ENDINGS):
            record.ending = event
            record.settle()
            self._count(record, record.size)
        elif len(record.events) < EVENTS_KEPT and not isinstance(event, RequestStarted):
            record.events = (*record.events, event)

    def __len__(self) -> int:
        return len(self._by_id)

    def find(self, request_id: str) -> Record | None:
        """The record itself."""
        return self._by_id.get(request_id)

    def requests(self, session: str) -> tuple[RequestView, ...]:
        """The kept requests of a session, oldest first; any thread."""
        mine = self._sessions.get(session)
        now = time.monotonic()
        return tuple(request_view(record, now) for record in mine.copy()) if mine else ()

    def record(self, request_id: str) -> RecordView | None:
        """All of one request; None when it is not kept (any more). Takes milliseconds; any thread."""
        found = self._by_id.get(request_id)
        return record_view(found, self.secrets(), time.monotonic()) if found is not None else None

    # -- bounds -------------------------------------------------------------------------------------------------------

    def _count(self, record: Record, size: int) -> None:
        """Count a record anew, and let go of the oldest texts while there are too many bytes."""
        size += OVERHEAD
        self.held += size - record.counted
        record.counted = size
        while self._heavy and (self.held > self.most_bytes or self.texts > self.most_texts):
            _, oldest = next(iter(self._heavy.items()))
            gone = oldest[0]
            self._lighten(gone)
            self.held -= gone.counted - OVERHEAD
            gone.counted = OVERHEAD

    def _lighten(self, record: Record) -> None:
        """Let go of the texts of a record, the oldest of its session if it holds any."""
        heavy = self._heavy.get(record.session)
        if heavy and heavy[0] is record:
            heavy.pop(0)
            self.texts -= 1
            if not heavy:
                del self._heavy[record.session]
        record.empty()

    def _forget(self, record: Record) -> None:
        del self._by_id[record.request_id]
        self.held -= record.counted
        self._lighten(record)
        record.counted = 0

    def _forget_oldest(self) -> None:
        key, oldest = next(iter(self._sessions.items()))
        if oldest:
            self._forget(oldest.pop(0))
        if not oldest:
            del self._sessions[key]

    def _drop_session(self, key: str) -> None:
        for record in self._sessions.pop(key, ()):
            self._forget(record)
