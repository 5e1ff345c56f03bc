"""How much a conversation goes in circles: one score, from calls and their results, since the last human message.

Measured on 1,525 real agent sessions: "nothing new is being learnt" covers every real loop (periods of 1 to 17, and
irregular ones), and legitimate sessions have at most three such turns in a row; rules on names or arguments alone flag
up to 65 % of legitimate work. The constants sit on a broad plateau.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from typing import Literal, TypeAlias

from proxy_core.guardrails.call_class import is_shell
from proxy_core.guardrails.loop_digest import Call, Turn
from proxy_core.guardrails.loop_outcome import Outcome

THRESHOLDS = (4.0, 6.0, 8.0, 12.0)
"""Scores from which each level of the ladder holds."""

RESET_BELOW = 2.0
REPEATED_TURN, STALE_TURN, LATE_TURN, POLL_TURN = 1.5, 1.0, 0.75, 0.25
PROGRESS, STATE_CHANGED = 2.0, 4.0

LATE = 10
"""Turns after which a first look at something known counts a little less: people go back to a few files, too."""

_CHANGING = frozenset({"write", "exec"})
"""Kinds of calls whose new result means that the workspace may have changed."""

Novelty: TypeAlias = Literal["new", "stale", "poll", "neutral"]


@dataclass(slots=True)  # a frozen one takes three times as long to make, and each turn of the history makes one
class TurnScore:
    """The score after an assistant turn (the `index`-th, from 0), and how each of its calls was judged.

    `error`: the first line of its last result if that was an error. `said`: how often its text was written by now.
    `repeats`: its text goes in circles within itself; such a reply is cut while it is written.
    """

    index: int
    score: float
    novelty: tuple[Novelty, ...]
    stale_turns: int
    calls: tuple[Call, ...]
    errors: tuple[bool, ...]
    repeats: bool
    error: str
    said: int

    @property
    def level(self) -> int:
        """Number of thresholds reached, 0 to 4."""
        return bisect_right(THRESHOLDS, self.score)


Judged: TypeAlias = tuple[Novelty, Outcome, float]
"""Whether a call told anything new, what it came to, and what it counts when it did not."""


class Scorer:
    """Walks the turns since one human message. `characters`: of results that are kept for comparison."""

    def __init__(self) -> None:
        self.characters = 0
        self._epoch = 0
        self._number = 0
        self._score = 0.0
        self._stale = 0
        self._seen: dict[int, list[Outcome]] = {}
        self._failed: dict[tuple[str, str], int] = {}
        self._texts: Counter[str] = Counter()
        self._previous: list[Outcome] = []

    def peek(self, index: int, message: Turn) -> TurnScore:
        """A turn that nobody has answered yet: it has no results, so it changes nothing."""
        repeated = not message.calls and message.text in self._texts
        score = self._score + (REPEATED_TURN if repeated else 0.0)
        stale = self._stale + repeated
        said = self._texts[message.text] + 1
        errors = (False,) * len(message.calls)
        return TurnScore(index, score, (), stale, message.calls, errors, message.repeats, "", said)

    def turn(self, index: int, message: Turn, results: dict[str, Outcome]) -> TurnScore:
        """The next turn, with the results that answer its calls."""
        calls = message.calls
        if not calls:
            said = self._say(message.text)
            return TurnScore(index, self._score, (), self._stale, calls, (), message.repeats, "", said)
        before, self._number = self._epoch, self._number + 1
        novelty: list[Novelty] = []
        outcomes: list[Outcome] = []
        errors: list[bool] = []
        weight = 0.0
        for call in calls:
            result = results.get(call.id)
            errors.append(result is not None and result.error)
            if result is not None:
                found, outcome, counts = self._judge(call, result)
                novelty.append(found)
                outcomes.append(outcome)
                weight = max(weight, counts)
        if novelty:
            whole_again = outcomes == self._previous
            self._move(novelty, advanced=self._epoch > before, weight=REPEATED_TURN if whole_again else weight)
        self._previous = outcomes
        error = results[calls[-1].id].complaint if errors[-1] else ""
        stale, repeats = self._stale, message.repeats
        return TurnScore(index, self._score, tuple(novelty), stale, calls, tuple(errors), repeats, error, 0)

    def _say(self, text: str) -> int:
        """A turn of text alone; how often it was said by now."""
        if not text:
            return 0
        if self._texts[text]:
            self._score += REPEATED_TURN
            self._stale += 1
        self._texts[text] += 1
        return self._texts[text]

    def _move(self, novelty: list[Novelty], *, advanced: bool, weight: float) -> None:
        if "new" in novelty:
            self._score = max(0.0, self._score - (STATE_CHANGED if advanced else PROGRESS))
            self._stale = 0
        elif "stale" in novelty:
            self._score += weight
            self._stale += 1
        elif "poll" in novelty:
            self._score += POLL_TURN

    def _judge(self, call: Call, result: Outcome) -> Judged:
        outcomes = self._seen.get(call.key)
        known: Outcome | None = None
        if outcomes is None:
            self._seen[call.key] = outcomes = []
        else:
            known = next((other for other in outcomes if other.same(result)), None)
        novelty: Novelty = "new"
        if result.error or known is not None:
            novelty = self._novelty(call, result, known, outcomes)
        if known is None:
            outcomes.append(result)
            self.characters += len(result.text)
            if not result.error and call.kind in _CHANGING:
                self._epoch += 1
            known = result
        weight = 0.0
        if novelty == "stale":
            weight = LATE_TURN if known.seen == 1 and self._number - known.at >= LATE else STALE_TURN
        known.epoch, known.at, known.seen = self._epoch, self._number, known.seen + 1
        return novelty, known, weight

    def _novelty(self, call: Call, result: Outcome, known: Outcome | None, outcomes: list[Outcome]) -> Novelty:
        """What a failure, or a result that is known, tells."""
        stale = known is not None and known.epoch == self._epoch
        if result.error:
            stale = stale or any(other.epoch == self._epoch and other.alike(result) for other in outcomes)
            place = (call.name, call.target)
            stale = stale or (not is_shell(call.name) and self._failed.get(place) == self._epoch)
            self._failed[place] = self._epoch
        if stale:
            return "poll" if call.kind == "wait" else "stale"
        return "neutral" if result.error or call.kind in {"read", "meta"} else "new"
