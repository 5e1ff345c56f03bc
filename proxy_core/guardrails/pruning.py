"""Pruning: at a share of the window the conversation is cut down, and then only grows until it is cut again.

Cutting costs a prefill of all that stands behind the cut, so it is done seldom and much at a time, and what was cut
once stays cut. The plan is a pure function of messages, head, window, settings and scale; the messages that came in
stay as they are.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from proxy_core.guardrails.loop_digest import content_key
from proxy_core.guardrails.prune_measure import DigestCache
from proxy_core.guardrails.prune_replay import Bounds, Prune, Replay
from proxy_core.guardrails.prune_rules import Cut, with_removal_note, without
from proxy_core.translate.types import JsonObject
from proxy_core.value_types import value_type

PruneMode: TypeAlias = Literal["all", "results", "none"]
"""What may be cut: results and whole turns, results only, nothing."""

LATEST = 32
"""Messages by which a conversation may have grown since it was walked over; more, and it is walked anew."""

SHORT = 8
"""Messages below which a conversation that was never near its trigger is summed up, not walked over."""

ANSWER_SHARE = 0.15
"""Share of the window that is left for an answer and the next results."""


@value_type
class PruneSettings:
    """`threshold` and `target` are shares of the window. `at_end`: a new cut may begin with this request.

    `asked`: numbers of messages at whose request an operator had the conversation cut.
    """

    threshold: float = 0.75
    target: float = 0.50
    keep_last: int = 6
    mode: PruneMode = "all"
    at_end: bool = True
    asked: frozenset[int] = frozenset()


@value_type
class PrunePlan:
    """What of a conversation is sent. All figures are tokens by the estimate: fixed measure times scale.

    `full` and `size` are the whole prompt uncut and cut, `weight` is `size` in units of the fixed measure. `cuts` name
    results by message and content index; the messages from `first` up to `dropped` are left out. `fresh`: the newest
    prune point is this very request. `over_wall`: too little room is left for an answer.
    """

    full: int
    size: int
    weight: int
    cuts: Mapping[tuple[int, int], Cut]
    first: int
    dropped: int
    prunes: tuple[Prune, ...]
    fresh: bool
    over_wall: bool

    @property
    def changes_nothing(self) -> bool:
        """Whether everything is sent."""
        return not self.cuts and self.dropped == self.first

    def apply(self, messages: list[JsonObject]) -> list[JsonObject]:
        """The messages to send: a new list, with new messages only where something was cut."""
        if self.changes_nothing:
            return messages
        by_message: dict[int, list[tuple[int, Cut]]] = {}
        for (index, block), cut in self.cuts.items():
            by_message.setdefault(index, []).append((block, cut))
        sent: list[JsonObject] = []
        for index, message in enumerate(messages):
            if self.first <= index < self.dropped:
                continue
            cuts = by_message.get(index)
            sent.append(_cut(message, cuts) if cuts else message)
        if self.dropped > self.first:
            asked = max(at for at in range(self.first) if messages[at]["role"] == "user")
            sent[asked] = with_removal_note(sent[asked])
        return sent


@dataclass(slots=True)
class PruneCache:
    """What makes a further turn cheap: digests of messages, and how far conversations were walked. A miss costs time
    and changes nothing.
    """

    conversations: int = 64
    digests: DigestCache = field(default_factory=DigestCache)
    _walks: OrderedDict[tuple[int, Bounds], Replay] = field(default_factory=OrderedDict[tuple[int, Bounds], Replay])

    def take(self, head: int, keys: list[int], bounds: Bounds) -> Replay | None:
        """The furthest walk over a beginning of a conversation, at most a few messages shorter than it.

        It is handed over: whoever asks next for the same beginning walks anew.
        """
        for length in range(len(keys), max(len(keys) - LATEST, -1), -1):
            walk = self._walks.pop((_link(head, keys[:length]), bounds), None)
            if walk is not None:
                return walk
        return None

    def keep(self, link: int, bounds: Bounds, walk: Replay) -> None:
        """Remember a walk."""
        self._walks[link, bounds] = walk
        if len(self._walks) > self.conversations:
            self._walks.popitem(last=False)


def plan_pruning(  # noqa: PLR0913 - all that the decision rests on
    messages: list[JsonObject],
    head: int,
    window: int,
    settings: PruneSettings,
    *,
    scale: float = 1.0,
    cache: PruneCache | None = None,
    keys: list[int] | None = None,
) -> PrunePlan:
    """Plan what to send of validated `messages` behind system prompt and tools of weight `head`.

    `window` in tokens, 0 unknown: then nothing is cut. `keys` are the messages' content hashes, for a caller that has
    them already. Time in proportion to the messages.
    """
    cache = cache or PruneCache()
    keys = keys or [content_key(message) for message in messages]
    if len(messages) < SHORT and not settings.asked:
        weight = head + sum([digest.weight for digest in cache.digests.digests(messages, keys)])
        _, wall, trigger = _limits(window, settings, scale)
        if weight <= trigger:
            size = round(weight * scale)
            return PrunePlan(size, size, weight, {}, 0, 0, (), fresh=False, over_wall=weight > wall)
    bounds = _bounds(window, settings, scale)
    replay = _replayed(messages, head, bounds, cache, keys)
    weight = replay.size
    fresh = bool(replay.prunes) and replay.prunes[-1].at == len(messages)
    return PrunePlan(
        full=round(replay.full * scale),
        size=round(weight * scale),
        weight=weight,
        cuts=dict(replay.cuts),
        first=replay.first,
        dropped=replay.dropped,
        prunes=tuple(replay.prunes),
        fresh=fresh,
        over_wall=weight > bounds.wall,
    )


def _replayed(messages: list[JsonObject], head: int, bounds: Bounds, cache: PruneCache, keys: list[int]) -> Replay:
    """The walk over all messages, from where an earlier one ended."""
    walk = cache.take(head, keys, bounds)
    digests = cache.digests.digests(messages, keys)
    if walk is None or not walk.goes_on_with(digests):
        walk = Replay(bounds, head, head)
    walk.run(digests[len(walk.digests) :])
    cache.keep(_link(head, keys), bounds, walk)
    return walk


def _link(head: int, keys: list[int]) -> int:
    return hash((head, *keys))


def _limits(window: int, settings: PruneSettings, scale: float) -> tuple[float, float, float]:
    """The window, the size that leaves room for an answer, and the one from which on is cut, in the fixed measure."""
    measured = window / scale if window else float("inf")
    wall = measured * (1 - ANSWER_SHARE)
    return measured, wall, min(measured * settings.threshold, wall) if settings.mode != "none" else float("inf")


def _bounds(window: int, settings: PruneSettings, scale: float) -> Bounds:
    measured, wall, trigger = _limits(window, settings, scale)
    return Bounds(
        window=measured,
        trigger=trigger,
        target=min(measured * settings.target, trigger * 0.9),
        wall=wall,
        keep_last=settings.keep_last,
        results=settings.mode != "none",
        turns=settings.mode == "all",
        at_end=settings.at_end,
        asked=settings.asked,
    )


def _cut(message: JsonObject, cuts: list[tuple[int, Cut]]) -> JsonObject:
    blocks: list[JsonObject] = list(message["content"])
    for block, cut in cuts:
        blocks[block] = without(blocks[block], cut)
    return {**message, "content": blocks}
