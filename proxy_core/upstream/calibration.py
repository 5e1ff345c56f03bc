"""Learns, model by model, how far estimates are from what the model server counts."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

MODELS_KEPT = 16
SMALLEST = 50
"""Tokens below which a prompt is mostly template and says little about text."""

LOWEST, HIGHEST = 0.25, 4.0
STEADY = 0.2
"""How much one more prompt moves what many have shown."""


@dataclass(slots=True)
class _Learnt:
    ratio: float = 1.0
    error: float = 0.0
    samples: int = 0


class Calibration:
    """Ratios of counted to estimated tokens; the models used longest ago are forgotten beyond sixteen."""

    def __init__(self) -> None:
        self._models: OrderedDict[str, _Learnt] = OrderedDict()

    def observe(self, model: str, estimated: int, counted: int) -> None:
        """A prompt that was estimated at `estimated` tokens, before calibration, was counted at `counted`."""
        if estimated < SMALLEST or counted < SMALLEST:
            return
        learnt = self._models.setdefault(model, _Learnt())
        self._models.move_to_end(model)
        if len(self._models) > MODELS_KEPT:
            self._models.popitem(last=False)
        ratio = min(max(counted / estimated, LOWEST), HIGHEST)
        error = abs(learnt.ratio * estimated / counted - 1)
        learnt.samples += 1
        share = max(1 / learnt.samples, STEADY)
        learnt.ratio += (ratio - learnt.ratio) * share
        # The first error is that of the bare estimate: the next prompt shows what calibration is worth.
        learnt.error = error if learnt.samples <= 2 else learnt.error + (error - learnt.error) * STEADY

    def ratio(self, model: str) -> float | None:
        """Counted tokens for each estimated one; None before the first observation."""
        learnt = self._models.get(model)
        return learnt.ratio if learnt else None

    def error(self, model: str) -> float | None:
        """The usual relative error of late (0.1 is ten per cent); None before the first observation."""
        learnt = self._models.get(model)
        return learnt.error if learnt else None
