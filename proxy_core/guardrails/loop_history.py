"""Scores a conversation turn by turn, and goes on where it stopped when the conversation comes back longer."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from proxy_core.guardrails.loop_digest import content_key, is_human, read_results, read_turn
from proxy_core.guardrails.loop_score import RESET_BELOW, Scorer, TurnScore
from proxy_core.translate.types import JsonObject

LATEST = 16
"""Messages by which a conversation may have grown since it was scored; more, and it is scored anew."""

CONVERSATIONS_KEPT = 64
CHARACTERS_KEPT = 2**25
"""Of results in all conversations together; a text that the memory of messages keeps, too, is the same one."""


@dataclass(frozen=True, slots=True)
class Scores:
    """The score after each assistant turn, and the `climbs`: turns at which a level was newly reached, and which.

    `human` stands for the last message in which a person speaks and its place, as in `last_human`.
    """

    turns: tuple[TurnScore, ...]
    climbs: tuple[tuple[TurnScore, int], ...]
    human: int


@dataclass(slots=True)
class _Progress:
    """`done` messages are scored; what came of it, and the scorer and the level of the ladder as they stand then.

    `human`: the number of the last message in which a person speaks, -1 before there is one.
    """

    done: int = 0
    human: int = -1
    scorer: Scorer = field(default_factory=Scorer)
    level: int = 0
    turns: list[TurnScore] = field(default_factory=list[TurnScore])
    climbs: list[tuple[TurnScore, int]] = field(default_factory=list[tuple[TurnScore, int]])

    def advance(self, messages: list[JsonObject], resets: frozenset[int]) -> None:
        """Score every turn that was answered."""
        for at in range(self.done, len(messages)):
            message = messages[at]
            if at in resets:
                self.scorer = Scorer()
            if message.get("role") == "assistant":
                if at + 1 == len(messages):
                    return
                self._turn(message, messages[at + 1])
            elif is_human(message):
                self.human, self.scorer = at, Scorer()
            self.done = at + 1

    def _turn(self, message: JsonObject, answer: JsonObject) -> None:
        turn = read_turn(message)
        if turn.ended:
            self.scorer = Scorer()
        scored = self.scorer.turn(len(self.turns), turn, read_results(answer))
        self.turns.append(scored)
        if scored.score < RESET_BELOW:
            self.level = 0
        elif turn.calls and scored.level > self.level:
            self.level = scored.level
            self.climbs.append((scored, self.level))


class ScoreCache:
    """How far conversations were scored; a miss only costs time."""

    def __init__(self, conversations: int = CONVERSATIONS_KEPT, characters: int = CHARACTERS_KEPT) -> None:
        self._most = conversations
        self._most_characters = characters
        self._characters = 0
        self._progress: OrderedDict[int, _Progress] = OrderedDict()

    def resume(self, keys: list[int], resets: frozenset[int]) -> _Progress:
        """The furthest scoring of a beginning of this conversation, at most a few messages shorter than it.

        It is handed over: whoever asks next for the same beginning starts anew.
        """
        for length in range(len(keys), max(len(keys) - LATEST, 0), -1):
            found = self._progress.pop(hash((resets, *keys[:length])), None)
            if found is not None:
                self._forget(found)
                return found
        return _Progress()

    def keep(self, keys: list[int], resets: frozenset[int], progress: _Progress) -> None:
        """Remember how far a conversation was scored."""
        key = hash((resets, *keys[: progress.done]))
        self._forget(self._progress.pop(key, None))
        self._progress[key] = progress
        self._characters += progress.scorer.characters
        while len(self._progress) > 1 and (
            len(self._progress) > self._most or self._characters > self._most_characters
        ):
            self._forget(self._progress.popitem(last=False)[1])

    def _forget(self, progress: _Progress | None) -> None:
        if progress is not None:
            self._characters -= progress.scorer.characters


def score_conversation(
    messages: list[JsonObject],
    cache: ScoreCache | None = None,
    keys: list[int] | None = None,
    resets: frozenset[int] = frozenset(),
) -> Scores:
    """Score each assistant turn. A pure function of the messages; time in proportion to those that are new.

    `keys` are the messages' content keys, for a caller that has them already. Behind each number of messages in
    `resets` the score begins anew. A turn that nobody has answered yet stands last and climbs nothing.
    """
    cache = cache or ScoreCache()
    keys = keys or [content_key(message) for message in messages]
    progress = cache.resume(keys, resets)
    progress.advance(messages, resets)
    turns, climbs = tuple(progress.turns), tuple(progress.climbs)
    if progress.done < len(messages):
        turns = (*turns, progress.scorer.peek(len(turns), read_turn(messages[-1])))
    cache.keep(keys, resets, progress)
    return Scores(turns, climbs, _place(progress.human, keys))


def last_human(messages: list[JsonObject], keys: list[int]) -> int:
    """Stands for the last message in which a person speaks and its place; 0 when there is none."""
    for at in range(len(messages) - 1, -1, -1):
        if is_human(messages[at]):
            return _place(at, keys)
    return 0


def _place(at: int, keys: list[int]) -> int:
    return hash((at, keys[at])) if at >= 0 else 0


def begins_anew(messages: list[JsonObject]) -> bool:
    """Whether a person has spoken since the last assistant turn."""
    for message in reversed(messages):
        if message.get("role") == "assistant":
            return False
        if is_human(message):
            return True
    return False
