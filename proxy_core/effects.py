"""What a change of a live setting did: middle values of the answers before it and after it.

A request keeps the settings that it began with, so an answer counts for the time at which its request began.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from proxy_core.events import EngineEvent, RequestFinished, SettingChanged
from proxy_core.guardrails.policy import AGENT_ROLES
from proxy_core.snapshot import ChangeView, Medians

LONGEST = 900.0
"""Seconds before and after a change that are compared at most."""

TOGETHER = 10.0
"""Changes within so many seconds of each other are one step: nothing can be said of what lies between them."""

ENOUGH = 5
"""Answers on each side from which middle values are given."""

CHANGES_KEPT = 32
ANSWERS_KEPT = 2000


def began(answer: RequestFinished) -> float:
    """When its request began, in Unix time."""
    return answer.at - answer.seconds


def medians(answers: Iterable[RequestFinished]) -> Medians:
    """The middle values, which only enough answers have."""
    listed = list(answers)
    rates = [answer.decode_rate for answer in listed if answer.decode_rate is not None]
    times = [answer.ttft for answer in listed if answer.ttft is not None]
    return Medians(len(listed), _middle(rates), _middle(times))


def _middle(values: Sequence[float]) -> float | None:
    return median(values) if len(values) >= ENOUGH else None


def compared(
    index: int, changes: Sequence[SettingChanged], answers: Iterable[RequestFinished], now: float, since: float
) -> ChangeView:
    """One of the changes, oldest first, with the answers of the same length of time before and after it.

    That length ends at the changes before and after, at `now`, at `since` (when the answers begin) and at `LONGEST`.
    """
    change = changes[index]
    first, last = _step(index, changes)
    start, end = changes[first].at, changes[last].at
    before = changes[first - 1].at if first else since
    after = changes[last + 1].at if last + 1 < len(changes) else now
    span = max(min(start - before, after - end, LONGEST), 0.0)
    own = [answer for answer in answers if change.session in {"", answer.session}]
    return ChangeView(
        number=index + 1,
        at=change.at,
        name=change.name,
        before=change.before,
        after=change.after,
        session=change.session,
        span=span,
        earlier=medians(answer for answer in own if start - span <= began(answer) < start),
        later=medians(answer for answer in own if end <= began(answer) < end + span),
    )


def _step(index: int, changes: Sequence[SettingChanged]) -> tuple[int, int]:
    """The first and the last of the changes that were made together with this one."""
    first = last = index
    while first and changes[first].at - changes[first - 1].at <= TOGETHER:
        first -= 1
    while last + 1 < len(changes) and changes[last + 1].at - changes[last].at <= TOGETHER:
        last += 1
    return first, last


@dataclass(slots=True)
class Effects:
    """Takes the engine's events, from any thread; `views` are made anew only when there is something new.

    `since`: Unix time from which on answers were seen.
    """

    since: float
    _changes: deque[SettingChanged] = field(default_factory=deque[SettingChanged])
    _answers: deque[RequestFinished] = field(default_factory=lambda: deque[RequestFinished](maxlen=ANSWERS_KEPT))
    """The events themselves, which the records of the requests hold as well."""
    _dropped: int = 0
    _settled: dict[int, ChangeView] = field(default_factory=dict[int, ChangeView])
    _views: tuple[ChangeView, ...] | None = ()
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, event: EngineEvent) -> None:
        """Keep what counts."""
        if isinstance(event, SettingChanged):
            with self._lock:
                self._changes.append(event)
                self._views = None
                if len(self._changes) > CHANGES_KEPT:
                    self.since = self._changes.popleft().at
                    self._dropped += 1
                    self._settled.pop(self._dropped, None)
        elif isinstance(event, RequestFinished) and event.role in AGENT_ROLES:
            # side requests are short, and come with other changes of the traffic
            with self._lock:
                self._answers.append(event)
                self._views = None if self._changes else self._views

    def views(self, now: float) -> tuple[ChangeView, ...]:
        """The last changes, oldest first. `now` is Unix time."""
        with self._lock:
            if self._views is None:
                self._views = tuple(self._view(index, now) for index in range(len(self._changes)))
            return self._views

    def _view(self, index: int, now: float) -> ChangeView:
        """One change. Long after its time it stands for good: the answers that it rests on will be forgotten."""
        number = self._dropped + index + 1
        if number in self._settled:
            return self._settled[number]
        since = max(self.since, began(self._answers[0])) if len(self._answers) == ANSWERS_KEPT else self.since
        view = replace(compared(index, self._changes, self._answers, now, since), number=number)
        if now > view.at + 2 * LONGEST:
            self._settled[number] = view
        return view
