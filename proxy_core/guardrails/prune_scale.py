"""How many real tokens one unit of pruning's fixed measure is, held so firmly that the cut does not wander.

A new figure after each answer would move every earlier cut a little, and each move costs a whole prefill. So the first
good figure is kept until the truth leaves it by more than it can be wrong, or until the prompt no longer fits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

STEP = 1.05
"""The grid on which scales lie: two counts of the same beginning that differ slightly give the same scale."""

BAND = 1.3
"""A recalibration by up to this factor changes nothing."""

PRESSURE = 0.92
"""Share of the window, by the server's count, from which even a small underestimate counts."""


@dataclass(slots=True)
class PruneScale:
    """The scale of one conversation. `counted`: it rests on an exact count, not on the assumption of 1."""

    value: float = 1.0
    counted: bool = False

    def counted_exactly(self, tokens: int, weight: int) -> None:
        """The server counted `tokens` for a beginning of the conversation that weighs `weight`."""
        if tokens > 0 and weight > 0:
            self.value, self.counted = on_grid(tokens / weight), True

    def answered(self, tokens: int, weight: int, window: int) -> None:
        """A request that weighed `weight` had `tokens` by the server's own count."""
        if tokens <= 0 or weight <= 0:
            return
        ratio = tokens / weight
        drifted = not self.value / BAND <= ratio <= self.value * BAND
        pressed = window > 0 and tokens > window * PRESSURE and ratio > self.value * STEP
        if drifted or pressed:
            self.value = on_grid(ratio)

    def overflowed(self, tokens: int, weight: int) -> None:
        """A request that weighed `weight` was refused with `tokens`; never lowers the scale."""
        if tokens > 0 and weight > 0:
            self.value = max(self.value, on_grid(tokens / weight))


def on_grid(ratio: float) -> float:
    """The next scale of the grid at or above `ratio`."""
    return STEP ** math.ceil(math.log(ratio, STEP) - 1e-9)
