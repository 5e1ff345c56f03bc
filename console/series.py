"""Curves over time from the engine's seconds: tokens written and read a second, and times to the first token."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from proxy_core.snapshot import Sample

Measure: TypeAlias = Literal["decode", "prefill", "ttft"]

SETTLE = 10
"""A curve goes on for so many seconds after the last traffic, to show the fall, and then stands still."""

SPANS = (60.0, 120.0, 300.0)
"""Seconds that a curve can show."""

RECENT = 5
"""The figure in a title is of so many seconds."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Values from `start` to `end` (Unix time) in equal steps; None where there is no value."""

    start: float
    end: float
    values: tuple[float | None, ...]

    @property
    def top(self) -> float:
        """The largest value."""
        return max((value for value in self.values if value is not None), default=0.0)


def end_of(samples: Sequence[Sample], now: float) -> float:
    """Where a curve ends: now, or shortly after the last traffic."""
    return min(now, samples[-1].at + SETTLE) if samples else now


def span_of(samples: Sequence[Sample], end: float) -> float:
    """The shortest of `SPANS` that shows all there is, else the longest."""
    age = end - samples[0].at if samples else 0.0
    return next((span for span in SPANS if span >= age), SPANS[-1])


def curve(samples: Sequence[Sample], measure: Measure, end: float, span: float, steps: int) -> Curve:
    """The last `span` seconds before `end` in `steps` steps.

    Tokens a second are means over a step and zero in quiet ones; a time to first token is the mean of those in the
    step, and none where nothing began. Steps are aligned to their own length, so that a curve moves by whole steps.
    """
    length = max(span / steps, 1.0)
    last = int(end // length)
    first = last - steps + 1
    sums, counts = [0.0] * steps, [0] * steps
    for sample in reversed(samples):
        index = int(sample.at // length) - first
        if index < 0:
            break
        if index < steps:
            amount, count = _amount(sample, measure)
            sums[index] += amount
            counts[index] += count
    if measure == "ttft":
        values = tuple(total / count if count else None for total, count in zip(sums, counts, strict=True))
    else:
        values = tuple(total / length for total in sums)
    return Curve(first * length, (last + 1) * length, values)


def recent(samples: Sequence[Sample], measure: Measure, now: float) -> float | None:
    """The figure for a title: the rate over the last whole seconds, or the newest mean time to the first token."""
    if measure == "ttft":
        return next((s.ttft_sum / s.first_tokens for s in reversed(samples) if s.first_tokens), None)
    taker: Callable[[Sample], int] = (lambda s: s.decoded) if measure == "decode" else (lambda s: s.prefilled)
    until = int(now)
    total = 0
    for sample in reversed(samples):
        if sample.at < until - RECENT:
            break
        if sample.at < until:
            total += taker(sample)
    return total / RECENT


def _amount(sample: Sample, measure: Measure) -> tuple[float, int]:
    if measure == "ttft":
        return sample.ttft_sum, sample.first_tokens
    return (sample.decoded if measure == "decode" else sample.prefilled), 1
