"""What pruning cuts, in which order, and what it says in the place of it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from proxy_core.guardrails.prune_measure import read_digest
from proxy_core.guardrails.prune_rules import LARGE, REMOVED_TURNS, SUPERSEDED, shortened, without
from proxy_core.guardrails.prune_scale import PruneScale
from proxy_core.guardrails.pruning import PruneSettings, plan_pruning

from .conversations import Message, call, prose, result, session, tool_round, user

WINDOW = 16_384
RESULTS = PruneSettings(mode="results")


def texts(messages: list[Message]) -> list[str]:
    """The text of every tool result."""
    return [block["content"] for message in messages for block in message["content"] if block["type"] == "tool_result"]


def read_round(number: int, arguments: Message, content: Any = None, **more: Any) -> list[Message]:
    ident = f"call_{number}"
    return [
        {"role": "assistant", "content": [call(ident, "Read", arguments)]},
        {"role": "user", "content": [result(ident, content or prose(number, 3000), **more)]},
    ]


def test_nothing_is_cut_below_the_threshold() -> None:
    messages = session(8)
    plan = plan_pruning(messages, 500, WINDOW, PruneSettings())
    assert plan.changes_nothing
    assert plan.apply(messages) is messages


def test_oldest_large_results_go_first_and_whole_turns_last() -> None:
    few, many = session(13), session(60)
    plan = plan_pruning(few, 500, WINDOW, PruneSettings())
    cut = [text for text in texts(plan.apply(few)) if "removed here to save context" in text]
    assert plan.fresh
    assert plan.dropped == plan.first
    assert plan.size <= WINDOW * 0.5 < plan.full
    assert texts(plan.apply(few))[: len(cut)] == cut

    plan = plan_pruning(many, 500, WINDOW, PruneSettings())
    sent = plan.apply(many)
    assert plan.dropped > plan.first
    assert sent[0]["content"] == [*many[0]["content"], {"type": "text", "text": REMOVED_TURNS}]
    assert sent[1]["role"] == "assistant"
    assert sent[-6:] == many[-6:]


@pytest.mark.parametrize(
    ("name", "earlier", "later", "error", "gone"),
    [
        ("the same file", {"file_path": "/a"}, {"file_path": "/a"}, False, True),
        ("the same part", {"file_path": "/a", "offset": 5}, {"file_path": "/a", "offset": 5}, False, True),
        ("a part, then the whole", {"file_path": "/a", "offset": 5}, {"file_path": "/a"}, False, True),
        ("the whole, then a part", {"file_path": "/a"}, {"file_path": "/a", "offset": 5}, False, False),
        ("keys in another order", {"a": 1, "b": 2}, {"b": 2, "a": 1}, False, True),
        ("another file", {"file_path": "/a"}, {"file_path": "/b"}, False, False),
        ("a read that failed", {"file_path": "/a"}, {"file_path": "/a"}, True, False),
    ],
)
def test_superseded_results(name: str, earlier: Message, later: Message, error: bool, gone: bool) -> None:
    short = prose(name, 900)
    messages = [user("go"), *read_round(900, earlier, short), *read_round(901, later, short, is_error=error)]
    messages += session(14)[1:]
    sent = plan_pruning(messages, 500, WINDOW, RESULTS).apply(messages)
    assert (texts(sent)[0] == SUPERSEDED) is gone
    assert texts(sent)[1] == short


def test_after_a_cut_the_conversation_only_grows_until_the_threshold() -> None:
    messages = session(120)
    ends = [plan_pruning(messages[:end], 500, WINDOW, PruneSettings()) for end in range(1, 242, 2)]
    fresh = [number for number, plan in enumerate(ends) if plan.fresh]
    apart = [later - earlier for earlier, later in pairwise(fresh)]
    assert min(apart) >= 3
    assert all(plan.size <= WINDOW * 0.75 for plan in ends)


def test_results_alone_do_not_suffice() -> None:
    messages = session(200)
    plan = plan_pruning(messages, 500, WINDOW, RESULTS)
    assert plan.over_wall
    assert len(plan.apply(messages)) == len(messages)


def test_a_compaction_request_keeps_the_cut_of_the_turn_before() -> None:
    messages = session(13)
    before = plan_pruning(messages, 500, WINDOW, PruneSettings())
    asked = [*messages, {"role": "assistant", "content": "so far so good"}, user(prose("summary", 20_000))]
    wish = PruneSettings(at_end=False)
    assert before.fresh
    assert plan_pruning(asked, 500, WINDOW, wish).cuts == before.cuts
    assert plan_pruning(messages, 500, WINDOW, wish).changes_nothing


def test_shortened_text() -> None:
    text = "".join(f"line {number}\n" for number in range(1000))
    short = shortened(text)
    head, note, tail = short.partition("\n[... ")[0], short.split("\n[... ")[1].split("\n")[0], short[-200:]
    assert text.startswith(head)
    assert text.endswith(tail)
    assert note.endswith("of this result were removed here to save context; call the tool again if you need them ...]")
    assert len(short) < 1000
    assert shortened("x" * LARGE) == "x" * LARGE
    assert "characters of this result" in shortened("x" * 9000)


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        ("x" * 5000, "x" * 480),
        ([{"type": "text", "text": "x" * 5000}, {"type": "text", "text": "end"}], "x" * 480),
        ([{"type": "text", "text": "shot"}, {"type": "image", "source": "png"}], "shot\n[An image"),
    ],
)
def test_a_cut_result_keeps_what_it_answers_and_its_failure(content: Any, kept: str) -> None:
    block = result("call_1", content, is_error=True)
    cut = without(block, "shortened")
    assert cut["content"].startswith(kept)
    assert {**cut, "content": content} == block


def test_moving_cache_marks_and_the_billing_line_weigh_nothing() -> None:
    plain, marked = tool_round(1), tool_round(1)
    marked[1]["content"][0]["cache_control"] = {"type": "ephemeral"}
    assert [read_digest(m).weight for m in plain] == [read_digest(m).weight for m in marked]
    billing = "x-anthropic-billing-header: cc_version=2.1.208; cch=01234;"
    assert read_digest({"role": "system", "content": billing}).weight == 0


def test_scale() -> None:
    scale = PruneScale()
    scale.answered(3000, 1000, 0, cut=False)
    assert 3.0 <= scale.value <= 3.0 * 1.05
    scale.counted_exactly(2000, 1000)
    assert 2.0 <= scale.value <= 2.0 * 1.05
    held = scale.value
    scale.answered(2500, 1000, 4096, cut=True)
    assert scale.value == held
    scale.answered(3900, 1700, 4096, cut=True)
    assert scale.value > held, "near the brim the truth counts"
    scale.overflowed(5000, 1000)
    assert scale.value >= 5.0
    scale.overflowed(1000, 1000)
    assert scale.value >= 5.0
