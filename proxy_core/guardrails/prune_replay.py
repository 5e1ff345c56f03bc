"""Replays a conversation request by request and decides at each what is cut, so that an earlier cut is found again.

What a request carried was decided by the messages up to its own end. Walking over those ends in order, with a running
size and the cuts so far, gives the same cuts in any process at any later time. Linear: every message is passed once,
every result and turn is cut once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from proxy_core.guardrails.prune_measure import MessageDigest
from proxy_core.guardrails.prune_rules import REMOVED_TURNS_WEIGHT, SUPERSEDED_WEIGHT, Cut

LEAST_GAIN = 0.1
"""Share of the window that shortening results must win where turns may not go: less would mean cutting all the time."""

ASKED_SHARE = 0.6
"""A cut that was asked for goes down to this share of the conversation if that is below the target."""

LAST_GAIN = 0.03
"""The same before the client is asked to compact."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Sizes in units of the fixed measure. A cut begins above `trigger` and ends at `target`.

    `wall` leaves room for an answer; past it a client is asked to compact. `keep_last`: messages at the end that stay.
    `results` and `turns` tell what may be cut; `at_end` whether a new cut may begin at the newest request. `asked`:
    numbers of messages at whose request an operator had the conversation cut, whatever its size.
    """

    window: float
    trigger: float
    target: float
    wall: float
    keep_last: int
    results: bool = True
    turns: bool = True
    at_end: bool = True
    asked: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Prune:
    """One prune point: the request that ended before message `at`, its weight before and after, and what was cut."""

    at: int
    before: int
    after: int
    superseded: int
    shortened: int
    turns: int


@dataclass(slots=True)
class Replay:
    """The state of a walk; `run` goes on to the end of the messages. It begins with `size` and `full` at the head's
    weight: what is sent, and what would be sent uncut.
    """

    bounds: Bounds
    size: int
    full: int
    digests: list[MessageDigest] = field(default_factory=list[MessageDigest])
    cuts: dict[tuple[int, int], Cut] = field(default_factory=dict[tuple[int, int], Cut])
    prunes: list[Prune] = field(default_factory=list[Prune])
    first: int = 0
    """Where the first answer stands; nothing before it, so not the first user message either, is ever cut."""
    dropped: int = 0
    """Messages from `first` up to here are gone."""
    _trigger: float = math.inf
    _target: float = 0.0
    _wanted: bool = False
    _asked_until: int = 0
    _speaking: bool = False
    _cut_at_end: bool = False
    _seen: int = 0
    _asked: bool = False
    _turn_starts: list[int] = field(default_factory=list[int])
    _next_turn: int = 0
    _results: list[tuple[int, int, int, int]] = field(default_factory=list[tuple[int, int, int, int]])
    """Large results in order: message, block, and the weight that shortening or dropping wins."""
    _next_result: int = 0
    _superseded: list[tuple[int, int, int]] = field(default_factory=list[tuple[int, int, int]])
    _latest: dict[int, tuple[int, int, int]] = field(default_factory=dict[int, tuple[int, int, int]])
    _reads: dict[int, list[tuple[int, int, int]]] = field(default_factory=dict[int, list[tuple[int, int, int]]])
    _open: dict[str, tuple[int, int, bool]] = field(default_factory=dict[str, tuple[int, int, bool]])
    _saved: dict[int, int] = field(default_factory=dict[int, int])

    def __post_init__(self) -> None:
        self._trigger = self.bounds.trigger

    def goes_on_with(self, digests: list[MessageDigest]) -> bool:
        """Whether all these messages, of which the first were walked over, have the cuts made so far.

        A cut at the end of a request stays when an answer follows; more from the user's side moves that end.
        """
        done = len(self.digests)
        return not self._cut_at_end or len(digests) == done or digests[done].assistant

    def run(self, following: list[MessageDigest]) -> None:
        """Walk on over the messages that follow those walked over before."""
        digests = self.digests
        index = len(digests)
        digests += following
        for digest in following:
            if digest.assistant:
                if not self._speaking:
                    if index and not self._cut_at_end and self._due(index):
                        self._trigger = self._prune(index)
                    self._speaking = True
            elif not digest.void:
                self._speaking = False
            self._cut_at_end = False
            self.size += digest.weight
            self.full += digest.weight
            index += 1
        if self.bounds.at_end and not self._cut_at_end and self._due(index):
            self._trigger, self._cut_at_end = self._prune(index), True

    def _due(self, end: int) -> bool:
        """Whether the request of the messages before `end` is cut, and how far down."""
        self._wanted = any(self._asked_until < place <= end for place in self.bounds.asked)
        self._asked_until = end
        self._target = min(self.bounds.target, self.size * ASKED_SHARE) if self._wanted else self.bounds.target
        return self._wanted or self.size > self._trigger

    def _prune(self, end: int) -> float:
        """Cut what the request of the messages before `end` carries; the size from which to cut again."""
        bounds, before = self.bounds, self.size
        self._take_in(end)
        free_until = self._protected(end)
        if not bounds.turns and not self._wanted:
            gain = self._gain(free_until) if bounds.results else 0
            worth = LAST_GAIN if self.size > bounds.wall else LEAST_GAIN
            if self.size - gain > bounds.target and gain < worth * bounds.window:
                return bounds.wall if self.size <= bounds.wall else math.inf
        known = len(self.cuts)
        superseded = self._cut_superseded(free_until) if bounds.results else 0
        shortened = self._shorten(free_until) if bounds.results else 0
        turns = self._drop(free_until) if bounds.turns else 0
        if len(self.cuts) > known or turns:
            self.prunes.append(Prune(end, before, self.size, superseded, shortened, turns))
        if self.size <= (bounds.target + bounds.trigger) / 2:
            return bounds.trigger
        return max(bounds.trigger, self.size, (self.size + bounds.wall) / 2)

    def _protected(self, end: int) -> int:
        """Messages from here on stay: the last ones, and the newest calls with what answers them."""
        last_turn = self._turn_starts[-1] if self._turn_starts else end
        return min(end - self.bounds.keep_last, last_turn)

    def _take_in(self, end: int) -> None:
        """Note calls, results and turns of the messages up to `end` that were not noted before."""
        speaking = False
        for index in range(self._seen, end):
            digest = self.digests[index]
            if digest.assistant:
                if not self._asked:
                    continue
                if not speaking:
                    if not self._turn_starts:
                        self.first = self.dropped = index
                    self._turn_starts.append(index)
                    self._open = {}
                speaking = True
                for call in digest.calls:
                    self._open[call.id] = (call.same, call.place, call.whole)
            elif not digest.void:
                speaking = False
                self._asked = self._asked or not digest.system
                self._answers(index, digest)
        self._seen = end

    def _answers(self, index: int, digest: MessageDigest) -> None:
        for result in digest.results:
            call = self._open.pop(result.call_id, None)
            spot = (index, result.block, result.weight)
            if result.weight > result.shortened:
                self._results.append((index, result.block, result.weight, result.weight - result.shortened))
            if call is None or result.error:
                continue
            same, place, whole = call
            earlier = self._latest.get(same)
            if earlier is not None:
                self._superseded.append(earlier)
            self._latest[same] = spot
            if place:
                reads = self._reads.setdefault(place, [])
                if whole:
                    self._superseded += reads
                    reads.clear()
                reads.append(spot)

    def _gain(self, free_until: int) -> int:
        """What cutting every result that may be cut would win."""
        gain = 0
        counted: set[tuple[int, int]] = set()
        for index, block, weight in self._superseded:
            if self._may_cut(index, block, free_until) and (index, block) not in counted:
                counted.add((index, block))
                gain += max(weight - SUPERSEDED_WEIGHT, 0)
        for index, block, _, win in self._results[self._next_result :]:
            if index >= free_until:
                break
            if self._may_cut(index, block, free_until) and (index, block) not in counted:
                gain += win
        return gain

    def _may_cut(self, index: int, block: int, free_until: int) -> bool:
        return self.dropped <= index < free_until and (index, block) not in self.cuts

    def _cut_superseded(self, free_until: int) -> int:
        later: list[tuple[int, int, int]] = []
        number = 0
        for index, block, weight in self._superseded:
            if index >= free_until:
                later.append((index, block, weight))
            elif weight > 2 * SUPERSEDED_WEIGHT and self._may_cut(index, block, free_until):
                self._cut(index, block, "superseded", weight - SUPERSEDED_WEIGHT)
                number += 1
        self._superseded = later
        return number

    def _shorten(self, free_until: int) -> int:
        number = 0
        while self.size > self._target and self._next_result < len(self._results):
            index, block, _, win = self._results[self._next_result]
            if index >= free_until:
                break
            self._next_result += 1
            if self._may_cut(index, block, free_until):
                self._cut(index, block, "shortened", win)
                number += 1
        return number

    def _cut(self, index: int, block: int, cut: Cut, win: int) -> None:
        self.cuts[index, block] = cut
        self._saved[index] = self._saved.get(index, 0) + win
        self.size -= win

    def _drop(self, free_until: int) -> int:
        """Whole turns, the oldest first: the assistant's side with all that answered it."""
        number = 0
        while self.size > self._target and self._next_turn + 1 < len(self._turn_starts):
            start, end = self._turn_starts[self._next_turn], self._turn_starts[self._next_turn + 1]
            if end > free_until:
                break
            if self.dropped == self.first:
                self.size += REMOVED_TURNS_WEIGHT
            self.size -= sum(self.digests[at].weight - self._saved.get(at, 0) for at in range(start, end))
            self.dropped = end
            self._next_turn += 1
            number += 1
        return number
