"""How much a conversation goes in circles: one score, from calls and their results, since the last human message.

Measured on 1,525 real agent sessions: "nothing new is being learnt" covers every real loop (periods of 1 to 17, and
irregular ones), and legitimate sessions have at most three such turns in a row; rules on names or arguments alone flag
up to 65 % of legitimate work. The constants sit on a broad plateau.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Literal, TypeAlias, cast

import orjson

from proxy_core.guardrails.call_class import CallClass, class_of, is_shell, target_of
from proxy_core.guardrails.loop_text import normalised, without_digits
from proxy_core.guardrails.repetition import repeated_tail
from proxy_core.translate.types import JsonObject

THRESHOLDS = (4.0, 6.0, 8.0, 12.0)
"""Scores from which each level of the ladder holds."""

RESET_BELOW = 2.0
REPEATED_TURN, STALE_TURN, POLL_TURN = 1.5, 1.0, 0.25
PROGRESS, STATE_CHANGED = 2.0, 4.0

Novelty: TypeAlias = Literal["new", "stale", "poll", "neutral"]

NUDGES = frozenset({"continue", "please continue", "go on", "keep going", "proceed", "continue please", "resume"})
"""Words by which a harness or a tired person pushes on: they tell the model nothing new."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call as far as the score is concerned: `key` stands for name and normalised arguments."""

    id: str
    name: str
    key: int
    kind: CallClass
    target: str


@dataclass(frozen=True, slots=True)
class Result:
    """What a call gave back."""

    text: str
    error: bool


@dataclass(frozen=True, slots=True)
class Digest:
    """A message as far as the score is concerned."""

    assistant: bool
    human: bool
    calls: tuple[Call, ...] = ()
    results: tuple[tuple[str, Result], ...] = ()
    text: str = ""
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class TurnScore:
    """The score after an assistant turn (the `index`-th, from 0), and how each of its calls was judged."""

    index: int
    score: float
    novelty: tuple[Novelty, ...]
    stale_turns: int
    calls: tuple[Call, ...]
    errors: tuple[bool, ...]
    repeats: bool = False

    @property
    def level(self) -> int:
        """Number of thresholds reached, 0 to 4; a reply that repeats itself is at least level 1."""
        reached = sum(self.score >= threshold for threshold in THRESHOLDS)
        return max(reached, 1) if self.repeats else reached


@dataclass(slots=True)
class ScoreCache:
    """Digests by the hash of the message, and how far conversations were scored; a miss only costs time."""

    messages: int = 8192
    conversations: int = 128
    _digests: OrderedDict[int, Digest] = field(default_factory=OrderedDict[int, "Digest"])
    _progress: OrderedDict[int, _Progress] = field(default_factory=OrderedDict[int, "_Progress"])

    def digest(self, key: int, message: JsonObject) -> Digest:
        """The digest of a message; `key` is the hash of its content."""
        found = self._digests.get(key)
        if found is None:
            found = self._digests[key] = read_digest(message)
            if len(self._digests) > self.messages:
                self._digests.popitem(last=False)
        return found

    def resume(self, chain: list[int]) -> _Progress:
        """The furthest scoring of a beginning of this conversation; `chain[n]` stands for its first n messages.

        It is handed over: whoever asks next for the same beginning starts anew.
        """
        for length in range(len(chain) - 1, 0, -1):
            found = self._progress.pop(chain[length], None)
            if found is not None:
                return found
        return _Progress(0, _Scorer(), [])

    def keep(self, key: int, progress: _Progress) -> None:
        """Remember how far a conversation was scored."""
        self._progress[key] = progress
        if len(self._progress) > self.conversations:
            self._progress.popitem(last=False)


def score_turns(
    messages: list[JsonObject], cache: ScoreCache | None = None, keys: list[int] | None = None
) -> list[TurnScore]:
    """The score after each assistant turn. A pure function of the messages; time in proportion to their size.

    `keys` are the messages' content hashes, for a caller that has them already.
    """
    cache = cache or ScoreCache()
    keys = keys or [content_key(message) for message in messages]
    chain = list(accumulate(keys, _link, initial=0))
    progress = cache.resume(chain)
    while progress.done < len(messages):
        step = _advance(progress, messages, keys, cache)
        if step == 0:
            break
        progress.done += step
    turns = list(progress.turns)
    cache.keep(chain[progress.done], progress)
    if progress.done < len(messages):
        unanswered = cache.digest(keys[-1], messages[-1])
        turns.append(progress.scorer.peek(len(turns), unanswered))
    return turns


def last_human(messages: list[JsonObject], keys: list[int], cache: ScoreCache) -> int:
    """Stands for the last message in which a person speaks and its place; 0 when there is none."""
    for at in range(len(messages) - 1, -1, -1):
        if cache.digest(keys[at], messages[at]).human:
            return hash((at, keys[at]))
    return 0


def content_key(message: JsonObject) -> int:
    """A hash of a message's content, good within this process."""
    return hash(orjson.dumps(message))


def _link(chain: int, key: int) -> int:
    return hash((chain, key))


def _advance(progress: _Progress, messages: list[JsonObject], keys: list[int], cache: ScoreCache) -> int:
    """Score the next turn with the message that answers it; the number of messages that took, 0 when none answers."""
    at = progress.done
    message = cache.digest(keys[at], messages[at])
    if not message.assistant:
        if message.human:
            progress.scorer = _Scorer()
        return 1
    if at + 1 == len(messages):
        return 0
    following = cache.digest(keys[at + 1], messages[at + 1])
    results = {} if following.assistant else dict(following.results)
    progress.turns.append(progress.scorer.turn(len(progress.turns), message, results))
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
        self._score = 0.0
        self._stale = 0
        self._seen: dict[int, list[_Outcome]] = {}
        self._failed: dict[tuple[str, str], int] = {}
        self._texts: set[str] = set()
        self._previous: tuple[object, ...] = ()

    def peek(self, index: int, message: Digest) -> TurnScore:
        """A turn that nobody has answered yet: it has no results, so it changes nothing."""
        repeated = not message.calls and message.text in self._texts
        score = self._score + (REPEATED_TURN if repeated else 0.0)
        stale = self._stale + repeated
        return TurnScore(index, score, (), stale, message.calls, (False,) * len(message.calls), message.repeats)

    def turn(self, index: int, message: Digest, results: dict[str, Result]) -> TurnScore:
        errors = tuple(results[call.id].error if call.id in results else False for call in message.calls)
        novelty: tuple[Novelty, ...] = ()
        if message.calls:
            before = self._epoch
            answered = [(call, results[call.id]) for call in message.calls if call.id in results]
            outcomes = [self._judge(call, result) for call, result in answered]
            novelty = tuple(outcome[0] for outcome in outcomes)
            whole = tuple(outcome[1] for outcome in outcomes)
            if novelty:
                self._move(novelty, advanced=self._epoch > before, repeated=whole == self._previous)
            self._previous = whole
        elif message.text:
            if message.text in self._texts:
                self._score += REPEATED_TURN
                self._stale += 1
            self._texts.add(message.text)
        return TurnScore(index, self._score, novelty, self._stale, message.calls, errors, message.repeats)

    def _move(self, novelty: tuple[Novelty, ...], *, advanced: bool, repeated: bool) -> None:
        if "new" in novelty:
            self._score = max(0.0, self._score - (STATE_CHANGED if advanced else PROGRESS))
            self._stale = 0
        elif "stale" in novelty:
            self._score += REPEATED_TURN if repeated else STALE_TURN
            self._stale += 1
        elif "poll" in novelty:
            self._score += POLL_TURN

    def _judge(self, call: Call, result: Result) -> tuple[Novelty, tuple[object, ...]]:
        """Whether a call told anything new, and what it came to (for comparing whole turns)."""
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
        remembered.epoch = self._epoch
        if result.error:
            self._failed[place] = self._epoch
        return novelty, (call.key, id(remembered))


class _Outcome:
    """A result that is normalised only when it has to be compared: most calls are never made twice."""

    def __init__(self, result: Result) -> None:
        self.error = result.error
        self.epoch = -1
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


def read_digest(message: JsonObject) -> Digest:
    """Read a message; pure."""
    content: Any = message.get("content")
    blocks = cast("list[JsonObject]", content) if isinstance(content, list) else [{"type": "text", "text": content}]
    if message.get("role") == "assistant":
        text = _text_of(blocks)
        calls = tuple(_call(block) for block in blocks if block.get("type") == "tool_use")
        return Digest(True, False, calls, (), normalised(text) if text and not calls else "", repeated_tail(text) > 0)
    if message.get("role") != "user":
        return Digest(False, False)
    results = tuple(
        (str(block.get("tool_use_id")), _result(block)) for block in blocks if block.get("type") == "tool_result"
    )
    return Digest(False, _is_human(blocks), (), results)


def _call(block: JsonObject) -> Call:
    name = str(block.get("name", ""))
    given: Any = block.get("input")
    arguments = cast("JsonObject", given) if isinstance(given, dict) else {"input": given}
    text = orjson.dumps(arguments, option=orjson.OPT_SORT_KEYS).decode()
    key = hash((name, normalised(text)))
    return Call(str(block.get("id", "")), name, key, class_of(name, arguments), target_of(name, arguments))


def _result(block: JsonObject) -> Result:
    content: Any = block.get("content")
    if isinstance(content, list):
        parts = cast("list[JsonObject]", content)
        text = "\n".join(str(part.get("text", part.get("type", ""))) for part in parts)
    else:
        text = content if isinstance(content, str) else ""
    return Result(text, block.get("is_error") is True or text.startswith("<tool_use_error>"))


def _text_of(blocks: list[JsonObject]) -> str:
    return "\n".join(str(block["text"]) for block in blocks if block.get("type") == "text" and block.get("text"))


def _is_human(blocks: list[JsonObject]) -> bool:
    """Whether a person (not a tool, a reminder or a bare push to go on) speaks in a user message."""
    for block in blocks:
        if block.get("type") == "tool_result":
            return False
        text = block.get("text")
        if isinstance(text, str):
            bare = text.strip()
            if bare and not bare.startswith("<system-reminder>") and bare.rstrip(".!").lower() not in NUDGES:
                return True
        elif block.get("type") in {"image", "document"}:
            return True
    return False
