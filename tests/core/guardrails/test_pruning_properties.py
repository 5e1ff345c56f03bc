"""What holds of pruning for any conversation, growth and settings."""

from __future__ import annotations

import copy
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy_core.guardrails import pruning
from proxy_core.guardrails.prune_measure import read_digest
from proxy_core.guardrails.prune_scale import PruneScale
from proxy_core.guardrails.pruning import PruneCache, PrunePlan, PruneSettings, plan_pruning
from proxy_core.translate.request import RequestOptions, to_chat_completions

from .conversations import Message, conversations

HEAD = 500

prune_settings = st.builds(
    PruneSettings,
    threshold=st.floats(0.2, 1.0),
    target=st.floats(0.1, 0.9),
    keep_last=st.integers(1, 12),
    mode=st.sampled_from(["all", "results", "none"]),
)
windows = st.sampled_from([0, 1500, 4096, 8192, 16_384, 65_536])


def requests(messages: list[Message]) -> list[int]:
    """The lengths at which the client sent a request: before every answer, and now."""
    ends = [at for at in range(1, len(messages)) if messages[at]["role"] == "assistant"]
    return [*ends, len(messages)]


def translated(messages: list[Message]) -> list[Message]:
    body = {"model": "m", "max_tokens": 10, "messages": messages}
    return to_chat_completions(body, RequestOptions(model="m")).body["messages"]


@settings(max_examples=150, deadline=None)
@given(conversations(), windows, prune_settings)
def test_pairs_are_whole_and_protected_parts_present(messages: list[Message], window: int, wish: PruneSettings) -> None:
    before = copy.deepcopy(messages)
    plan = plan_pruning(messages, HEAD, window, wish)
    sent = plan.apply(messages)

    assert messages == before, "the client's body was changed"
    assert sent[0]["content"][: len(messages[0]["content"])] == messages[0]["content"]
    kept = min(wish.keep_last, len(messages) - 1)
    if kept:
        assert sent[-kept:] == messages[-kept:]
    assert _calls(sent) == _results(sent)
    places = [place for place in (_place(messages, message) for message in sent) if place is not None]
    assert places == sorted(places)
    if wish.mode == "none" or not window:
        assert sent == messages
    if wish.mode == "results":
        assert len(sent) == len(messages)


@settings(max_examples=150, deadline=None)
@given(conversations(), windows, prune_settings, st.floats(0.5, 2.0))
def test_a_short_conversation_has_the_plan_of_a_walk(
    messages: list[Message], window: int, wish: PruneSettings, scale: float
) -> None:
    short = messages[: pruning.SHORT - 1]
    summed = plan_pruning(short, HEAD, window, wish, scale=scale)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pruning, "SHORT", 0)
        assert plan_pruning(short, HEAD, window, wish, scale=scale) == summed


@settings(max_examples=150, deadline=None)
@given(conversations(), windows, prune_settings, st.booleans())
def test_a_cut_stays_under_append_and_restart(
    messages: list[Message], window: int, wish: PruneSettings, restarted: bool
) -> None:
    """Each turn in one process, or each in a process of its own, gives the same; between prune points only growth."""
    cache = PruneCache()
    seen: list[tuple[PrunePlan, list[Message]]] = []
    for end in requests(messages):
        begun = messages[:end]
        plan = plan_pruning(begun, HEAD, window, wish, cache=None if restarted else cache)
        assert plan == plan_pruning(begun, HEAD, window, wish)
        seen.append((plan, translated(plan.apply(begun))))
    for (_, earlier), (plan, later) in pairwise(seen):
        if not plan.fresh:
            assert later[: len(earlier)] == earlier
    for (earlier_plan, _), (plan, _) in pairwise(seen):
        if plan.fresh:
            assert plan.prunes[:-1] == earlier_plan.prunes
        else:
            assert plan.prunes == earlier_plan.prunes


@settings(max_examples=100, deadline=None)
@given(conversations(), windows, prune_settings, st.lists(st.floats(0.7, 1.3), max_size=8))
def test_a_cut_stays_when_the_estimate_is_recalibrated(
    messages: list[Message], window: int, wish: PruneSettings, drift: list[float]
) -> None:
    scale = PruneScale()
    scale.counted_exactly(1708, 1000)
    first = plan_pruning(messages, HEAD, window, wish, scale=scale.value)
    for factor in drift:
        scale.answered(round(1708 * factor), 1000, window=10**9, cut=True)
        assert plan_pruning(messages, HEAD, window, wish, scale=scale.value) == first


@settings(max_examples=150, deadline=None)
@given(conversations(), st.sampled_from([4096, 8192, 16_384]), prune_settings, st.floats(0.5, 3.0))
def test_the_size_is_under_the_target_where_it_may_be(
    messages: list[Message], window: int, wish: PruneSettings, scale: float
) -> None:
    plan = plan_pruning(messages, HEAD, window, wish, scale=scale)
    assert plan.size <= plan.full + 50 * scale
    if wish.mode != "all":
        return
    target = wish.target * window
    for prune in plan.prunes:
        protected = HEAD + _weight(messages[: plan.first]) + _weight(_untouchable(messages, prune.at, wish))
        assert prune.after * scale <= max(target, (protected + 60) * scale) + 1
    trigger = min(wish.threshold, 0.85) * window
    if plan.prunes and plan.prunes[-1].after * scale <= (min(wish.target * window, trigger * 0.9) + trigger) / 2:
        kept = HEAD + _weight(messages[: plan.first]) + _weight(_untouchable(messages, len(messages), wish))
        assert plan.size <= max(trigger, plan.prunes[-1].after * scale, (kept + 60) * scale) + 1


@given(st.floats(0.01, 100.0), st.floats(0.7, 1.3))
def test_a_scale_is_held_within_its_band(ratio: float, factor: float) -> None:
    scale = PruneScale()
    scale.answered(round(100_000 * ratio), 100_000, window=0, cut=False)
    held = scale.value
    scale.answered(round(100_000 * ratio * factor), 100_000, window=0, cut=False)
    assert scale.value == held


def _weight(messages: list[Message]) -> int:
    return sum(read_digest(message).weight for message in messages)


def _untouchable(messages: list[Message], end: int, wish: PruneSettings) -> list[Message]:
    """The last messages of a request, from the beginning of the turn in which they begin, and the newest turn."""
    starts = [at for at in range(1, end) if messages[at]["role"] == "assistant"]
    if not starts:
        return messages[:end]
    free = min(end - wish.keep_last, starts[-1])
    return messages[max((at for at in starts if at <= max(free, starts[0])), default=0) : end]


def _blocks(messages: list[Message], kind: str, key: str) -> list[Any]:
    return [block[key] for message in messages for block in _listed(message) if block["type"] == kind]


def _listed(message: Message) -> list[Message]:
    content: Any = message["content"]
    return [] if isinstance(content, str) else content


def _calls(messages: list[Message]) -> list[str]:
    return _blocks(messages, "tool_use", "id")


def _results(messages: list[Message]) -> list[str]:
    return _blocks(messages, "tool_result", "tool_use_id")


def _place(messages: list[Message], message: Message) -> int | None:
    for at, other in enumerate(messages):
        if other is message:
            return at
    return None
