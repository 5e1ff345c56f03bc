"""Learns, model by model, how far estimates are from what the model server counts.

One factor for each kind of text, fitted to the last prompts that the server counted. The fit is drawn towards one
factor for all kinds, the median of what was seen, so that few or uniform prompts teach no nonsense; single prompts far
from the rest weigh little.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from proxy_core.upstream.estimate import Mix

MODELS_KEPT = 16
SMALLEST = 50
"""Tokens below which a count is mostly template and says little about text."""

LOWEST, HIGHEST = 0.2, 8.0
KEPT = 16
"""Counts remembered of each main kind of text: a thousand turns of prose do not wipe out what Chinese costs."""

PULL = 0.02
"""How strongly each factor is drawn to the common one, against a prompt's weight of 1."""

TOLERANCE = 0.1
"""Relative error up to which a count weighs fully; beyond it the weight falls with the error."""

ROUNDS = 3
GOOD_ENOUGH = 0.01
"""Relative error of a prediction up to which the fit is left as it is."""

REPEATS = 4
"""Beyond so many, only each so-manieth repetition of the very same count makes the fit anew: it moves little."""

ERRORS_KEPT = 64
SURE = 0.9
"""Share of prompts that came nearer to the truth than `error` tells."""

LEAST_ERROR = 0.005


@dataclass(slots=True)
class _Learnt:
    seen: dict[int, deque[tuple[Mix, int]]] = field(default_factory=dict[int, deque[tuple[Mix, int]]])
    errors: deque[float] = field(default_factory=lambda: deque[float](maxlen=ERRORS_KEPT))
    factors: Mix | None = None
    stale: bool = False


class Calibration:
    """Factors by model; the models used longest ago are forgotten beyond sixteen."""

    def __init__(self) -> None:
        self._models: OrderedDict[str, _Learnt] = OrderedDict()

    def observe(self, model: str, mix: Mix, counted: int) -> None:
        """Text that was estimated as `mix` was counted at `counted` tokens."""
        if mix.total < SMALLEST or counted < SMALLEST or min(mix) < 0:
            return
        learnt = self._models.setdefault(model, _Learnt())
        self._models.move_to_end(model)
        if len(self._models) > MODELS_KEPT:
            self._models.popitem(last=False)
        known = self._factors(learnt)
        error = 1.0 if known is None else abs(_dot(known, mix) / counted - 1)
        if known is not None:
            learnt.errors.append(error)
        kind = max(range(len(mix)), key=mix.__getitem__)
        seen = learnt.seen.setdefault(kind, deque(maxlen=KEPT))
        repeats = seen.count((mix, counted))
        seen.append((mix, counted))
        learnt.stale = learnt.stale or (error > GOOD_ENOUGH and (repeats < REPEATS or repeats % REPEATS == REPEATS - 1))

    def tokens(self, model: str, mix: Mix) -> float | None:
        """The corrected estimate in tokens; None before the first observation."""
        learnt = self._models.get(model)
        factors = self._factors(learnt) if learnt else None
        return None if factors is None else _dot(factors, mix)

    def error(self, model: str) -> float | None:
        """Relative error that nine of ten prompts stayed below of late (0.1 is a tenth); None before the second."""
        learnt = self._models.get(model)
        if learnt is None or not learnt.errors:
            return None
        errors = sorted(learnt.errors)
        return max(errors[min(int(SURE * len(errors)), len(errors) - 1)], LEAST_ERROR)

    def _factors(self, learnt: _Learnt) -> Mix | None:
        if learnt.stale:
            learnt.factors, learnt.stale = _fit([row for rows in learnt.seen.values() for row in rows]), False
        return learnt.factors


def _fit(rows: list[tuple[Mix, int]]) -> Mix:
    """Factors with the least relative errors, by least squares with weights that are found in a few rounds."""
    common = min(max(median(counted / mix.total for mix, counted in rows), LOWEST), HIGHEST)
    shares = [Mix(*(value / counted for value in mix)) for mix, counted in rows]
    factors = _solve(shares, [1.0] * len(shares), common)
    for _ in range(ROUNDS):
        weights = [TOLERANCE / max(abs(_dot(factors, share) - 1), TOLERANCE) for share in shares]
        factors = _solve(shares, weights, common)
    return factors


def _solve(shares: Sequence[Sequence[float]], weights: list[float], common: float) -> Mix:
    """The normal equations of the weighted fit, by elimination; PULL makes them solvable whatever was seen.

    Kinds of text that were never seen have the common factor; most prompts have four or five of the seven.
    """
    kinds = [kind for kind, column in enumerate(zip(*shares, strict=True)) if any(column)]
    shares = [[share[kind] for kind in kinds] for share in shares]
    size = len(kinds)
    rows = [[0.0] * size + [PULL * common] for _ in range(size)]
    for weight, share in zip(weights, shares, strict=True):
        for i, value in enumerate(share):
            if value:
                weighed, row = weight * value, rows[i]
                row[size] += weighed
                for j, other in enumerate(share):
                    row[j] += weighed * other
    for i in range(size):
        rows[i][i] += PULL
    for pivot in range(size):
        for row in range(pivot + 1, size):
            share = rows[row][pivot] / rows[pivot][pivot]
            rows[row] = [value - share * above for value, above in zip(rows[row], rows[pivot], strict=True)]
    found = [0.0] * size
    for pivot in reversed(range(size)):
        rest = sum(rows[pivot][place] * found[place] for place in range(pivot + 1, size))
        found[pivot] = (rows[pivot][size] - rest) / rows[pivot][pivot]
    factors = [common] * len(Mix._fields)
    for kind, factor in zip(kinds, found, strict=True):
        factors[kind] = min(max(factor, LOWEST), HIGHEST)
    return Mix(*factors)


def _dot(factors: Mix, mix: Mix) -> float:
    return sum(factor * value for factor, value in zip(factors, mix, strict=True))
