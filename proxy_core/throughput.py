"""Tokens and first-token times, second by second, for charts and rates."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from proxy_core.snapshot import Sample


@dataclass(slots=True)
class _Second:
    at: int
    decoded: int = 0
    prefilled: int = 0
    first_tokens: int = 0
    ttft_sum: float = 0.0
    requests: int = 0
    prompted: int = 0
    cached: int = 0

    def frozen(self) -> Sample:
        return Sample(
            self.at,
            self.decoded,
            self.prefilled,
            self.first_tokens,
            self.ttft_sum,
            self.requests,
            self.prompted,
            self.cached,
        )


HOUR = 3600


@dataclass(slots=True)
class Throughput:
    """The last hour of seconds in which anything happened. `now` is Unix time in seconds, given by the caller.

    A full hour takes at most about 1 MB.
    """

    moves: int = field(default=0, init=False)
    """Grows with every entry."""
    _seconds: deque[_Second] = field(init=False)
    _frozen: deque[Sample] = field(init=False)

    def __post_init__(self) -> None:
        self._seconds = deque(maxlen=1)
        self._frozen = deque(maxlen=HOUR)

    def _second(self, now: float) -> _Second:
        at = int(now)
        self.moves += 1
        if self._seconds:
            current = self._seconds[-1]
            if current.at >= at:
                return current
            self._frozen.append(current.frozen())
            while self._frozen and self._frozen[0].at <= at - HOUR:
                self._frozen.popleft()
        current = _Second(at)
        self._seconds.append(current)
        return current

    def decoded(self, now: float, tokens: int) -> None:
        """Tokens came out of the model."""
        self._second(now).decoded += tokens

    def prompt(self, now: float, tokens: int, cached: int | None) -> None:
        """A prompt was read, `cached` tokens of it from the cache; None: the server does not tell."""
        second = self._second(now)
        second.prefilled += max(tokens - (cached or 0), 0)
        if cached is not None:
            second.prompted += tokens
            second.cached += cached

    def first_token(self, now: float, ttft: float) -> None:
        """A request got its first token `ttft` seconds after it came in."""
        second = self._second(now)
        second.first_tokens += 1
        second.ttft_sum += ttft

    def request(self, now: float) -> None:
        """A request came in."""
        self._second(now).requests += 1

    def samples(self) -> tuple[Sample, ...]:
        """All kept seconds, oldest first; quiet seconds are left out."""
        current = tuple(second.frozen() for second in self._seconds)
        return (*self._frozen, *current)
