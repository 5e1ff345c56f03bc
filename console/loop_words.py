"""The loop breaker's judgement for people: repeated calls put in brackets, and the score in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from proxy_core.record_views import CallView, SessionDetail

LONGEST_PERIOD = 6
STEPS = ("", "a note to the model", "a free tool choice", "the tool left out", "the turn ended")
"""What each step of the ladder does."""


@dataclass(frozen=True, slots=True)
class Group:
    """Calls one after the other, `times` over."""

    calls: tuple[CallView, ...]
    times: int


def grouped(calls: Sequence[CallView]) -> list[Group]:
    """The calls with immediate repeats of one to six of them put together."""
    found: list[Group] = []
    at = 0
    while at < len(calls):
        length, times = _repeat(calls, at)
        found.append(Group(tuple(calls[at : at + length]), times))
        at += length * times
    return found


def _repeat(calls: Sequence[CallView], at: int) -> tuple[int, int]:
    """How long the unit is that is repeated from here on and how often: the one that covers most calls."""
    best = (1, 1)
    for length in range(1, LONGEST_PERIOD + 1):
        unit = [call.same for call in calls[at : at + length]]
        times = 1
        while [call.same for call in calls[at + length * times : at + length * (times + 1)]] == unit:
            times += 1
        if times > 1 and length * times > best[0] * best[1]:
            best = (length, times)
    return best


def loop_sentences(detail: SessionDetail) -> list[str]:
    """Where the session stands, why, and what would come next."""
    if not detail.calls:
        return ["no calls of tools yet"]
    reached = sum(detail.score >= step for step in detail.steps)
    standing = f"score {detail.score:g}"
    if detail.level:
        standing += f", step {detail.level} of {len(detail.steps)}: {STEPS[detail.level]}"
    else:
        standing += ", nothing to act on"
    if reached < len(detail.steps):
        standing += f"; from {detail.steps[reached]:g}: {STEPS[reached + 1]}"
    sentences = [standing]
    if detail.why:
        sentences.append(detail.why.partition(" (score")[0])
    elif detail.stale_turns:
        turns = "the last turn" if detail.stale_turns == 1 else f"the last {detail.stale_turns} turns"
        sentences.append(f"{turns} brought nothing new")
    else:
        sentences.append("the last turn brought something new")
    return sentences


RULE = "a turn without news adds 1 (1.5 when it is the turn before once more), news takes 2 off, a changed world 4"
"""How the score moves."""
