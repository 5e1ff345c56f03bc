"""Curves over time from the engine's seconds: tokens written and read, times to the first token, and cached shares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal, TypeAlias

from proxy_core.snapshot import Sample

Measure: TypeAlias = Literal["decode", "prefill", "ttft", "reuse"]

MEASURES: tuple[Measure, ...] = ("decode", "prefill", "ttft", "reuse")

SETTLE = 10
"""A curve goes on for so many seconds and a step after the last traffic, to show the fall, and then stands still."""

SPANS = (300.0, 900.0, 3600.0)
"""Seconds that a curve can show."""

YOUNG = (60.0, 120.0)
"""Shorter spans, while there is no more to show and nobody chose one."""

UNRIPE = 0.5
"""The step that is under way is shown once so much of it is over: what came of less says little of the whole."""

RECENT = 5
"""The figure in a title is of so many seconds."""


RATES = frozenset[Measure]({"decode", "prefill"})
PARTS: dict[Measure, Callable[[Sample], tuple[float, float]]] = {
    "decode": lambda sample: (sample.decoded, 0),
    "prefill": lambda sample: (sample.prefilled, 0),
    "ttft": lambda sample: (sample.ttft_sum, sample.first_tokens),
    "reuse": lambda sample: (100 * sample.cached, sample.prompted),
}
"""What a second adds to a measure: an amount, and for means how much it is the amount of."""


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


def end_of(samples: Sequence[Sample], now: float, step: float = 0.0) -> float:
    """Where a curve with such steps ends: now, or shortly after the last traffic."""
    return min(now, samples[-1].at + SETTLE + step) if samples else now


def span_of(samples: Sequence[Sample], end: float, wish: float = 0.0) -> float:
    """The span that was wished for; without a wish the shortest that shows all there is, up to the first of `SPANS`."""
    age = end - samples[0].at if samples else 0.0
    return wish or next((span for span in YOUNG if span >= age), SPANS[0])


def step_of(span: float, steps: int) -> float:
    """The length of one step in seconds."""
    return max(span / steps, 1.0)


def curve(samples: Sequence[Sample], measure: Measure, end: float, span: float, steps: int) -> Curve:
    """The last `span` seconds before `end` in `steps` steps.

    Tokens a second are means over a step and zero in quiet ones. A time to first token is the mean of those in the
    step, a cached share that of all prompt tokens in it, in percent; there is none where nothing was. Steps are
    aligned to their own length, so that a curve moves by whole steps; the step under way counts for what is over.
    """
    length = step_of(span, steps)
    last = int(end // length)
    under_way = end - last * length
    if under_way < UNRIPE * length:
        last, under_way = last - 1, length
    first = last - steps + 1
    amounts, weights = [0.0] * steps, [0.0] * steps
    for sample in reversed(samples):
        index = int(sample.at // length) - first
        if index < 0:
            break
        if index < steps:
            amount, weight = PARTS[measure](sample)
            amounts[index] += amount
            weights[index] += weight
    if measure in RATES:
        weights = [length] * (steps - 1) + [max(under_way, 1.0)]
    values = tuple(amount / weight if weight else None for amount, weight in zip(amounts, weights, strict=True))
    return Curve(first * length, (last + 1) * length, values)


def recent(samples: Sequence[Sample], measure: Measure, now: float) -> float | None:
    """The figure for a title: the rate over the last whole seconds, else the newest mean time or share."""
    part = PARTS[measure]
    if measure not in RATES:
        newest = next((found for sample in reversed(samples) if (found := part(sample))[1]), None)
        return newest[0] / newest[1] if newest else None
    until = int(now)
    total = 0.0
    for sample in reversed(samples):
        if sample.at < until - RECENT:
            break
        if sample.at < until:
            total += part(sample)[0]
    return total / RECENT


def known(samples: Sequence[Sample], measure: Measure, since: int = 0) -> bool:
    """Whether there is anything to draw, from the second `since` on."""
    part = PARTS[measure]
    return any(any(part(sample)) for sample in takewhile(lambda sample: sample.at >= since, reversed(samples)))
