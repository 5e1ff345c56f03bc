"""How much a conversation goes in circles: one score, from calls and their results, since the last human message.

Measured on 1,525 real agent sessions: "nothing new is being learnt" covers every real loop (periods of 1 to 17, and
irregular ones), and legitimate sessions have at most three such turns in a row; rules on names or arguments alone flag
up to 65 % of legitimate work. The constants sit on a broad plateau.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from proxy_core.guardrails.call_class import is_shell
from proxy_core.guardrails.loop_digest import Call, Result, Turn, is_human, place_key, read_results, read_turn
from proxy_core.guardrails.loop_text import normalised, without_digits
from proxy_core.translate.types import JsonObject

THRESHOLDS = (4.0, 6.0, 8.0, 12.0)
"""Scores from which each level of the ladder holds."""

RESET_BELOW = 2.0
REPEATED_TURN, STALE_TURN, LATE_TURN, POLL_TURN = 1.5, 1.0, 0.75, 0.25
PROGRESS, STATE_CHANGED = 2.0, 4.0

LONGEST_ERROR = 200

LATE = 10
"""Turns after which a first look at something known counts a little less: people go back to a few files, too."""

LATEST = 16
"""Messages by which a conversation may have grown since it was scored; more, and it is scored anew."""

Novelty: TypeAlias = Literal["new", "stale", "poll", "neutral"]


@dataclass(frozen=True, slots=True)
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
    repeats: bool = False
    error: str = ""
    said: int = 0

    @property
    def level(self) -> int:
        """Number of thresholds reached, 0 to 4."""
        return bisect_right(THRESHOLDS, self.score)


@dataclass(slots=True)
class ScoreCache:
    """How far conversations were scored; a miss only costs time."""

    conversations: int = 128
    _progress: OrderedDict[int, _Progress] = field(default_factory=OrderedDict[int, "_Progress"])

    def resume(self, keys: list[int], resets: frozenset[int]) -> _Progress:
        """The furthest scoring of a beginning of this conversation, at most a few messages shorter than it.

        It is handed over: whoever asks next for the same beginning starts anew.
        """
        for length in range(len(keys), max(len(keys) - LATEST, 0), -1):
            found = self._progress.pop(hash((resets, *keys[:length])), None)
            if found is not None:
                return found
        return _Progress(0, _Scorer(), [])

    def keep(self, keys: list[int], resets: frozenset[int], progress: _Progress) -> None:
        """Remember how far a conversation was scored."""
        self._progress[hash((resets, *keys[: progress.done]))] = progress
        if len(self._progress) > self.conversations:
            self._progress.popitem(last=False)


def score_turns(
    messages: list[JsonObject],
    cache: ScoreCache | None = None,
    keys: list[int] | None = None,
    resets: frozenset[int] = frozenset(),
) -> list[TurnScore]:
    """The score after each assistant turn. A pure function of the messages; time in proportion to their size.

    `keys` are the messages' place keys, for a caller that has them already. Behind each number of messages in
    `resets` the score begins anew.
    """
    cache = cache or ScoreCache()
    keys = keys or [place_key(message) for message in messages]
    progress = cache.resume(keys, resets)
    while progress.done < len(messages):
        if progress.done in resets:
            progress.scorer = _Scorer()
        step = _advance(progress, messages)
        if step == 0:
            break
        progress.done += step
    turns = list(progress.turns)
    cache.keep(keys, resets, progress)
    if progress.done < len(messages):
        turns.append(progress.scorer.peek(len(turns), read_turn(messages[-1])))
    return turns


def last_human(messages: list[JsonObject], keys: list[int]) -> int:
    """Stands for the last message in which a person speaks and its place; 0 when there is none."""
    for at in range(len(messages) - 1, -1, -1):
        if is_human(messages[at]):
            return hash((at, keys[at]))
    return 0


def begins_anew(messages: list[JsonObject]) -> bool:
    """Whether a person has spoken since the last assistant turn."""
    for message in reversed(messages):
        if message.get("role") == "assistant":
            return False
        if is_human(message):
            return True
    return False


def _advance(progress: _Progress, messages: list[JsonObject]) -> int:
    """Score the next turn with the message that answers it; the number of messages that took, 0 when none answers."""
    at = progress.done
    if messages[at].get("role") != "assistant":
        if is_human(messages[at]):
            progress.scorer = _Scorer()
        return 1
    if at + 1 == len(messages):
        return 0
    turn = read_turn(messages[at])
    if turn.ended:
        progress.scorer = _Scorer()
    progress.turns.append(progress.scorer.turn(len(progress.turns), turn, read_results(messages[at + 1])))
    return 1


@dataclass(slots=True)
class _Progress:
    """`done` messages are scored; the turns among them, and the scorer as it stands then."""

    done: int
    scorer: _Scorer
    turns: list[TurnScore]


class _Scorer:
    """Walks the turns since one human message."""

    def __init__(self) -> None:
        self._epoch = 0
        self._number = 0
        self._score = 0.0
        self._stale = 0
        self._seen: dict[int, list[_Outcome]] = {}
        self._failed: dict[tuple[str, str], int] = {}
        self._texts: Counter[str] = Counter()
        self._previous: tuple[object, ...] = ()

    def peek(self, index: int, message: Turn) -> TurnScore:
        """A turn that nobody has answered yet: it has no results, so it changes nothing."""
        repeated = not message.calls and message.text in self._texts
        score = self._score + (REPEATED_TURN if repeated else 0.0)
        stale = self._stale + repeated
        said = self._texts[message.text] + 1
        errors = (False,) * len(message.calls)
        return TurnScore(index, score, (), stale, message.calls, errors, message.repeats, said=said)

    def turn(self, index: int, message: Turn, results: dict[str, Result]) -> TurnScore:
        errors = tuple(results[call.id].error if call.id in results else False for call in message.calls)
        novelty: tuple[Novelty, ...] = ()
        if message.calls:
            before, self._number = self._epoch, self._number + 1
            answered = [(call, results[call.id]) for call in message.calls if call.id in results]
            outcomes = [self._judge(call, result) for call, result in answered]
            novelty = tuple(outcome[0] for outcome in outcomes)
            whole = tuple(outcome[1] for outcome in outcomes)
            weight = REPEATED_TURN if whole == self._previous else max((outcome[2] for outcome in outcomes), default=0)
            if novelty:
                self._move(novelty, advanced=self._epoch > before, weight=weight)
            self._previous = whole
        elif message.text:
            if self._texts[message.text]:
                self._score += REPEATED_TURN
                self._stale += 1
            self._texts[message.text] += 1
        return TurnScore(
            index=index,
            score=self._score,
            novelty=novelty,
            stale_turns=self._stale,
            calls=message.calls,
            errors=errors,
            repeats=message.repeats,
            error=_last_error(message.calls, results),
            said=self._texts[message.text],
        )

    def _move(self, novelty: tuple[Novelty, ...], *, advanced: bool, weight: float) -> None:
        if "new" in novelty:
            self._score = max(0.0, self._score - (STATE_CHANGED if advanced else PROGRESS))
            self._stale = 0
        elif "stale" in novelty:
            self._score += weight
            self._stale += 1
        elif "poll" in novelty:
            self._score += POLL_TURN

    def _judge(self, call: Call, result: Result) -> tuple[Novelty, tuple[object, ...], float]:
        """Whether a call told anything new, what it came to (for comparing whole turns), and what it counts if not."""
        outcomes = self._seen.setdefault(call.key, [])
        outcome = _Outcome(result)
        known = next((other for other in outcomes if other.same(outcome)), None)
        alike = result.error and any(other.epoch == self._epoch and other.alike(outcome) for other in outcomes)
        place = (call.name, call.target)
        failed_here = result.error and not is_shell(call.name) and self._failed.get(place) == self._epoch
        novelty: Novelty
        if (known is not None and known.epoch == self._epoch) or alike or failed_here:
            novelty = "poll" if call.kind == "wait" else "stale"
        elif result.error or (known is not None and call.kind in {"read", "meta"}):
            novelty = "neutral"
        else:
            novelty = "new"
        if known is None and not result.error and call.kind in {"write", "exec"}:
            self._epoch += 1
        if known is None:
            outcomes.append(outcome)
        remembered = known or outcome
        weight = LATE_TURN if remembered.seen == 1 and self._number - remembered.at >= LATE else STALE_TURN
        remembered.epoch, remembered.at, remembered.seen = self._epoch, self._number, remembered.seen + 1
        if result.error:
            self._failed[place] = self._epoch
        return novelty, (call.key, id(remembered)), weight if novelty == "stale" else 0.0


def _last_error(calls: tuple[Call, ...], results: dict[str, Result]) -> str:
    """The first line of the last result of a turn when that is an error."""
    last = results.get(calls[-1].id) if calls else None
    lines = last.text.strip().splitlines() if last is not None and last.error else []
    return lines[0][:LONGEST_ERROR] if lines else ""


class _Outcome:
    """A result that is normalised only when it has to be compared: most calls are never made twice."""

    def __init__(self, result: Result) -> None:
        self.error = result.error
        self.epoch = -1
        self.at = self.seen = 0
        self._text = result.text
        self._normal: str | None = None

    @property
    def normal(self) -> str:
        if self._normal is None:
            self._normal = normalised(self._text)
        return self._normal

    def same(self, other: _Outcome) -> bool:
        return self.error == other.error and (self._text == other._text or self.normal == other.normal)

    def alike(self, other: _Outcome) -> bool:
        return self.error == other.error and without_digits(self.normal) == without_digits(other.normal)
