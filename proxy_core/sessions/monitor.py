"""What a conversation has used of its context window, and how long it will last."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from dataclasses import dataclass, field

LEVELS = ("ok", "warning", "high", "critical")
"""Warning levels, mildest first."""

THRESHOLDS = (0.75, 0.85, 0.95)
"""Utilisation from which each level after "ok" holds."""

HISTORY = 120
RECENT_TURNS = 8
RESTART_SHARE = 0.8
"""A prompt below this share of the one before is a shortened conversation: growth is measured anew from there.

Smaller steps back are no restart: many templates drop the reasoning of earlier turns.
"""


def level_of(utilisation: float | None) -> str:
    """The warning level of a share of the window: one of `LEVELS`; "ok" for an unknown one."""
    return LEVELS[bisect_right(THRESHOLDS, utilisation or 0.0)]


@dataclass(slots=True)
class SessionMonitor:
    """Figures of one agent's conversation; pure arithmetic.

    Tokens are counts. The context figures (`last_`, `peak_`, history, level, forecast) are those of main requests:
    side requests such as titles have a context of their own. `window` 0 is unknown. `estimated` marks prompt tokens
    that the model server did not count.
    """

    window: int = 0
    requests: int = 0
    last_input_tokens: int = 0
    last_output_tokens: int = 0
    last_cached_tokens: int | None = None
    peak_input_tokens: int = 0
    total_prompt_tokens: int = 0
    total_cached_tokens: int = 0
    total_output_tokens: int = 0
    estimated: bool = False
    ttft: float | None = None
    decode_rate: float | None = None
    stop_reason: str = ""
    last_tools: tuple[str, ...] = ()
    count_label: str = ""
    """How the last prompt's tokens were known before its answer: "exact", "calibrated ±3 %", "estimate"."""
    fill: dict[str, int] = field(default_factory=dict[str, int])
    """Tokens of the last main prompt by what they are: tools, system, files, results, calls, chat, thinking."""
    _history: array[int] = field(default_factory=lambda: array("i"))
    _times: array[float] = field(default_factory=lambda: array("d"))
    """Of the last of them, as many as the pace needs. Arrays: an empty deque takes 0.7 KB, most sessions are short."""

    def record(  # noqa: PLR0913 - the figures of one request
        self,
        *,
        prompt_tokens: int,
        cached_tokens: int | None,
        output_tokens: int,
        estimated: bool,
        ttft: float | None,
        decode_rate: float | None,
        tools: tuple[str, ...],
        stop_reason: str,
        main: bool,
        at: float = 0.0,
    ) -> None:
        """Take in a finished request. `prompt_tokens` includes `cached_tokens` (None: the server does not tell).

        Times are in seconds, rates in tokens a second.

        `at` is Unix time. `main` is false for side requests. A request that the server gave no prompt tokens for
        changes no context figure.
        """
        self.requests += 1
        self.total_prompt_tokens += prompt_tokens
        self.total_cached_tokens += cached_tokens or 0
        self.total_output_tokens += output_tokens
        if not main:
            return
        self.ttft = ttft
        self.decode_rate = decode_rate
        self.stop_reason = stop_reason
        self.last_tools = tools or self.last_tools
        if prompt_tokens <= 0:
            return
        self.last_input_tokens = prompt_tokens
        self.last_cached_tokens = cached_tokens
        self.last_output_tokens = output_tokens
        self.peak_input_tokens = max(self.peak_input_tokens, prompt_tokens)
        self.estimated = estimated
        self._history.append(min(prompt_tokens, 2**31 - 1))  # more only a broken server says
        self._times.append(at)
        del self._history[:-HISTORY], self._times[: -RECENT_TURNS - 1]

    @property
    def history(self) -> tuple[int, ...]:
        """Prompt tokens of the last main requests, oldest first."""
        return tuple(self._history)

    @property
    def last_tool(self) -> str:
        """The tool that the model called last, "" before the first call."""
        return self.last_tools[-1] if self.last_tools else ""

    @property
    def utilisation(self) -> float | None:
        """Share of the window that the last prompt took, 0 and up; None while the window is unknown."""
        return self.share(self.last_input_tokens)

    @property
    def level(self) -> str:
        """The warning level: one of `LEVELS`; "ok" while the window is unknown."""
        return level_of(self.utilisation)

    def share(self, tokens: int) -> float | None:
        """Share of the window that so many tokens take; None while the window is unknown."""
        return tokens / self.window if self.window else None

    @property
    def cached_share(self) -> float | None:
        """Share of the last prompt that came from the server's cache, 0 to 1; None where the server did not tell."""
        if self.last_cached_tokens is None or not self.last_input_tokens:
            return None
        return self.last_cached_tokens / self.last_input_tokens

    @property
    def turns_left(self) -> int | None:
        """Turns that still fit at the recent pace; None while window or pace are unknown."""
        steps = self._steps()
        pace = sum(steps) / len(steps) if steps else 0.0
        if pace <= 0 or not self.window:
            return None
        return max(int((self.window - self.last_input_tokens) / pace), 0)

    @property
    def turns_basis(self) -> str:
        """What the forecast rests on, in words for a person."""
        if not self.window:
            return "the context window is not known"
        steps = self._steps()
        pace = round(sum(steps) / len(steps)) if steps else 0
        if pace <= 0:
            return "no growth seen yet"
        return (
            f"{pace:,} tokens a turn, {'the last turn' if len(steps) == 1 else f'mean of the last {len(steps)} turns'}"
        )

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the window is full at the recent pace, pauses included; None while that is unknown."""
        grown, seconds = self._pace()
        if grown <= 0 or not self.window:
            return None
        return max((self.window - self.last_input_tokens) * seconds / grown, 0.0)

    @property
    def seconds_basis(self) -> str:
        """What `seconds_left` rests on, in words for a person; "" while it is unknown."""
        grown, seconds = self._pace()
        if grown <= 0 or not self.window:
            return ""
        minutes = seconds / 60
        return f"{grown:,} tokens in the last {f'{minutes:.0f} min' if minutes >= 2 else f'{seconds:.0f} s'}"

    def _pace(self) -> tuple[int, float]:
        """Tokens by which the conversation grew over its last turns, and the seconds that took; zeros if unknown."""
        turns = min(len(self._steps()) + 1, len(self._times))
        if turns < 2:
            return 0, 0.0
        seconds = self._times[-1] - self._times[-turns]
        return (self._history[-1] - self._history[-turns], seconds) if seconds > 0 else (0, 0.0)

    def _steps(self) -> list[int]:
        """Growth in tokens of the last turns since the conversation began or was last shortened.

        The same prompt again is a retry, not a turn.
        """
        prompts = self._history
        steps: list[int] = []
        for before, after in zip(reversed(prompts[:-1]), reversed(prompts[1:]), strict=True):
            if after < before * RESTART_SHARE or len(steps) == RECENT_TURNS:
                break
            if after != before:
                steps.append(after - before)
        return steps
