"""The books of the engine: which turns are running, what each one came to, and the events that tell of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from proxy_core.event_ring import EventRing
from proxy_core.events import ContextWarning, RequestCancelled, RequestFailed, RequestFinished, RequestStarted
from proxy_core.exchange import Outcome
from proxy_core.guardrails.policy import AGENT_ROLES
from proxy_core.sessions.monitor import LEVELS
from proxy_core.snapshot import Totals
from proxy_core.throughput import Throughput
from proxy_core.translate.errors import ApiError
from proxy_core.translate.usage import Usage
from proxy_core.turn import Stamp, Turn

NOTHING = Usage(0, 0, 0, 0)
"""What an answer of the proxy's own cost the model server."""


@dataclass(slots=True)
class Ledger:
    """Engine thread only."""

    events: EventRing
    throughput: Throughput
    active: dict[str, Turn] = field(default_factory=dict)
    changes: int = 0
    _requests: int = 0
    _failed: int = 0
    _cancelled: int = 0
    _prompt_tokens: int = 0
    _cached_tokens: int = 0
    _output_tokens: int = 0
    _drafted_tokens: int = 0
    _accepted_tokens: int = 0

    @property
    def totals(self) -> Totals:
        """Counts since the start."""
        return Totals(
            self._requests,
            self._failed,
            self._cancelled,
            self._prompt_tokens,
            self._cached_tokens,
            self._output_tokens,
            self._drafted_tokens,
            self._accepted_tokens,
        )

    @property
    def requests(self) -> int:
        """All requests since the start."""
        return self._requests

    @property
    def stages(self) -> tuple[object, ...]:
        """How far the running turns are: not equal to an earlier one when any of them went on."""
        return tuple([(turn.phase, turn.input_tokens, turn.prefill_done) for turn in self.active.values()])

    def begins(self, turn: Turn) -> None:
        """Count the turn as running, until `ends`."""
        self._requests += 1
        self.changes += 1
        self.active[turn.request_id] = turn
        turn.session.begin(time.time())
        self.throughput.request(time.time())
        self.events.publish(
            RequestStarted(
                **turn.stamp(),
                role=turn.role,
                model=turn.model,
                messages=len(turn.body["messages"]),
                stream=turn.stream,
            )
        )

    def ends(self, turn: Turn) -> None:
        """The turn is over, in whatever way."""
        del self.active[turn.request_id]
        turn.session.end(time.time())
        self.changes += 1

    def finished(self, turn: Turn, outcome: Outcome) -> None:
        """The turn ended well."""
        usage, timings = outcome.usage if outcome.asked else NOTHING, outcome.timings
        prompt, cached = usage.prompt_tokens, usage.cache_read_input_tokens
        decode_seconds = turn.seconds - (turn.ttft or 0.0)
        decode_rate = usage.output_tokens / decode_seconds if turn.ttft is not None and decode_seconds > 0 else None
        prefill_rate = timings.prompt_n / timings.prompt_ms * 1000 if timings and timings.prompt_ms else None
        if timings and timings.predicted_ms:
            decode_rate = timings.predicted_n / timings.predicted_ms * 1000
        if timings:
            self._drafted_tokens += timings.draft_n
            self._accepted_tokens += timings.draft_n_accepted
        self._prompt_tokens += prompt
        self._cached_tokens += cached
        self._output_tokens += usage.output_tokens
        self.throughput.prompt(time.time(), prompt, cached if usage.cache_told else None)
        self._record(turn, outcome, usage, decode_rate)
        self.events.publish(
            RequestFinished(
                **turn.stamp(),
                role=turn.role,
                stop_reason=outcome.stop_reason or "",
                prompt_tokens=prompt,
                cached_tokens=cached,
                output_tokens=usage.output_tokens,
                seconds=turn.seconds,
                ttft=turn.ttft,
                decode_rate=decode_rate,
                prefill_rate=prefill_rate,
                tools=tuple(outcome.tools_called),
                asked=outcome.asked,
            )
        )

    def _record(self, turn: Turn, outcome: Outcome, usage: Usage, decode_rate: float | None) -> None:
        """Bring the session's monitor up to date; side requests do not move its context figures."""
        session = turn.session
        monitor = session.monitor
        before = monitor.level
        monitor.record(
            prompt_tokens=usage.prompt_tokens,
            cached_tokens=usage.cache_read_input_tokens if usage.cache_told else None,
            output_tokens=usage.output_tokens,
            estimated=usage.estimated,
            ttft=turn.ttft,
            decode_rate=decode_rate,
            tools=tuple(outcome.tools_called),
            stop_reason=outcome.stop_reason or "",
            main=turn.role in AGENT_ROLES,
            at=time.time(),
        )
        if monitor.utilisation is not None and LEVELS.index(monitor.level) > LEVELS.index(before):
            self.events.publish(
                ContextWarning(
                    **turn.stamp(),
                    level=monitor.level,
                    utilisation=monitor.utilisation,
                    tokens=monitor.last_input_tokens,
                    window=monitor.window,
                )
            )

    def failed(self, turn: Turn, error: ApiError) -> None:
        """The turn ended with an error that its client was told of."""
        turn.session.failures += 1
        self._report(error, turn.stamp(), turn.phase)

    def refused(self, error: ApiError, request_id: str) -> None:
        """A request was refused before there was a turn."""
        self._requests += 1
        self._report(error, {"at": time.time(), "session": "", "request": request_id}, "admission")

    def _report(self, error: ApiError, stamp: Stamp, phase: str) -> None:
        self._failed += 1
        self.changes += 1
        self.events.publish(
            RequestFailed(**stamp, status=error.status, error=error.type, message=error.message, phase=phase)
        )

    def cancelled(self, turn: Turn) -> None:
        """The client left or the operator cancelled."""
        self._cancelled += 1
        self.events.publish(
            RequestCancelled(
                **turn.stamp(),
                phase=turn.phase,
                by=turn.cancelled_by,
                seconds=turn.seconds,
            )
        )
