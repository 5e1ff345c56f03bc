"""How many real tokens one unit of pruning's fixed measure is, held so firmly that the cut does not wander.

A new figure after each answer would move every earlier cut a little, and each move costs a whole prefill. So the first
good figure is kept until the truth leaves it by more than it can be wrong, or until the prompt no longer fits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

STEP = 1.05
"""The grid on which scales lie: two counts of the same beginning that differ slightly give the same scale."""

LEAST, MOST = 0.66, 1.31
"""A recalibration by up to 30 % either way changes nothing; what is held may lie a grid step above what was counted."""

LEAST_WEIGHT = 500
"""A lighter request tells more of the chat template than of the tokenizer."""

PRESSURE = 0.92
"""Share of the window, by the server's count, from which even a small underestimate counts."""


@dataclass(slots=True)
class PruneScale:
    """The scale of one conversation. `counted`: it rests on an exact count of its beginning, else on an answer's usage
    (`answered_once`) or on the assumption of 1.
    """

    value: float = 1.0
    counted: bool = False
    asked: bool = False
    """Whether the server was asked for that count: one that cannot give it is not asked on every turn."""
    answered_once: bool = False

    def counted_exactly(self, tokens: int, weight: int) -> None:
        """The server counted `tokens` for a beginning of the conversation that weighs `weight`."""
        if tokens > 0 and weight > 0:
            self.value, self.counted = on_grid(tokens / weight), True

    def answered(self, tokens: int, weight: int, window: int, *, cut: bool) -> None:
        """A request that weighed `weight` had `tokens` by the server's own count; `cut`: something was left out of it.

        While nothing is cut, a better scale costs nothing.
        """
        if tokens <= 0 or weight < LEAST_WEIGHT:
            return
        ratio = tokens / weight
        if not cut and not self.counted and not self.answered_once:
            self.value, self.answered_once = on_grid(ratio), True
            return
        drifted = not self.value * LEAST <= ratio <= self.value * MOST
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
