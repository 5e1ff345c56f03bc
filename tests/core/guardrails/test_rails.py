"""Whatever the answer: blocks in order, nothing lost in silence, one end; and a healthy answer is left alone."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy_core.guardrails.again import STOPS, Again
from proxy_core.guardrails.rails import Rails, RailsPolicy
from proxy_core.translate.types import Event
from tests.core.translate.conversions import joined

SCHEMAS: dict[str, dict[str, Any]] = {
    "read": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}
}
USAGE = {"input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": 0}
ON = RailsPolicy(STOPS, mend_calls=True, cut_repetition=True, raw_calls=False, reasoning_limit=50_000)
POLICIES = [
    RailsPolicy(stops, mend_calls=mend, cut_repetition=cut, raw_calls=raw, reasoning_limit=limit)
    for stops, mend, cut, raw, limit in product(
        (STOPS, frozenset()), (True, False), (True, False), (True, False), (0, 400)
    )
]
Block = tuple[str, list[str]]
READ = ("tool:read", ['{"path"', ': "/a"}'])


def events_of(blocks: list[Block], stop: str | None = None) -> list[Event]:
    """The converter's events for these blocks: ("text" | "thinking" | "tool:NAME", pieces)."""
    events: list[Event] = []
    for index, (kind, pieces) in enumerate(blocks):
        if kind.startswith("tool:"):
            block: dict[str, Any] = {"type": "tool_use", "id": f"toolu_{index}", "name": kind[5:], "input": {}}
            field, type_ = "partial_json", "input_json_delta"
        else:
            block = {"type": kind, kind: ""}
            field, type_ = kind, f"{kind}_delta"
        events.append({"type": "content_block_start", "index": index, "content_block": block})
        events += [
            {"type": "content_block_delta", "index": index, "delta": {"type": type_, field: piece}} for piece in pieces
        ]
        events.append({"type": "content_block_stop", "index": index})
    called = any(kind.startswith("tool:") for kind, _ in blocks)
    delta = {"stop_reason": stop or ("tool_use" if called else "end_turn"), "stop_sequence": None}
    return [*events, {"type": "message_delta", "delta": delta, "usage": dict(USAGE)}, {"type": "message_stop"}]


def run(
    first: list[Block], second: list[Block] | None, policy: RailsPolicy, stop: str | None = None
) -> tuple[Rails, Again | None, list[Event]]:
    """Send an answer, and its further try when one is asked for; `second` None: that fails."""
    rails = Rails(policy, SCHEMAS)
    out: list[Event] = []
    for event in events_of(first, stop):
        out += rails.process([event])
        if rails.cut:
            break
    again = rails.again()
    if again is not None:
        rails.begin_again(again, dict(USAGE))
        if second is None:
            rails.fall_back()
        else:
            for event in events_of(second):
                out += rails.process([event])
                if rails.cut:
                    break
            assert rails.again() is None
    return rails, again, out + rails.ending(dict(USAGE))


def texts(events: list[Event]) -> str:
    return "".join(event["delta"].get("text", "") for event in events if event["type"] == "content_block_delta")


def calls(events: list[Event]) -> list[str]:
    starts = [event["content_block"] for event in events if event["type"] == "content_block_start"]
    return [block["name"] for block in starts if block["type"] == "tool_use"]


def assert_well_formed(events: list[Event]) -> None:
    """Dense indices, one open block at a time, deltas of its own kind, exactly one end."""
    index, kind = -1, ""
    for event in events[:-2]:
        if event["type"] == "content_block_start":
            assert not kind
            assert event["index"] == index + 1
            index, kind = event["index"], event["content_block"]["type"]
        elif event["type"] == "content_block_delta":
            assert kind
            assert event["index"] == index
            assert event["delta"]["type"] == {"tool_use": "input_json_delta"}.get(kind, f"{kind}_delta")
        else:
            assert event["type"] == "content_block_stop"
            assert (event["index"], bool(kind)) == (index, True)
            kind = ""
    assert not kind
    assert [event["type"] for event in events[-2:]] == ["message_delta", "message_stop"]
    assert sum(event["type"] in {"message_delta", "message_stop"} for event in events) == 2
    stop = events[-2]["delta"]["stop_reason"]
    assert (stop == "tool_use") == bool(calls(events)) or stop in {"max_tokens", "refusal", "stop_sequence"}


HEALTHY: list[list[Block]] = [
    [("text", ["Par", "is"])],
    [("text", ["Done."])],
    [("thinking", ["I know it."]), ("text", ["42"])],
    [READ],
    [("text", ["Let me read it:"]), READ],
    [("thinking", ["hm"]), ("text", ["Both now."]), READ, READ],
    [("text", ["Shall I go on?"])],
    [("text", ["| a | b |\n", "|---|---|\n"] + [f"| {n} | {n * n} |\n" for n in range(100)])],
]


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("blocks", HEALTHY)
def test_a_healthy_answer_is_left_alone(blocks: list[Block], policy: RailsPolicy) -> None:
    """A call that is held may come with its arguments in one piece; all else comes event for event."""
    rails, again, out = run(blocks, None, policy)
    assert joined(out) == joined(events_of(blocks))
    kept = [event for event in out if "partial_json" not in event.get("delta", {})]
    assert kept == [event for event in events_of(blocks) if "partial_json" not in event.get("delta", {})]
    assert again is None
    assert rails.changes == []


PIECES = st.sampled_from(
    [
        "Done.",
        "",
        " ",
        "Let me read it.",
        "I'll go on:",
        "and again, " * 60,
        "<tool_call>",
        '{"name": "read"',
        "ok?",
        "x",
    ]
)
ARGUMENTS = st.sampled_from(['{"path": "/a"}', '{"path": "/a"', '{"path"', "", "{}", "{'path': '/a'}", '{"path": 3}'])
BLOCKS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["text", "thinking"]), st.lists(PIECES, max_size=4)),
        st.tuples(st.sampled_from(["tool:read", "tool:READ", "tool:fly"]), st.lists(ARGUMENTS, min_size=1, max_size=1)),
    ),
    max_size=4,
)
STOP = st.sampled_from([None, None, "max_tokens", "stop_sequence", "refusal"])


@settings(max_examples=400, deadline=None)
@given(BLOCKS, st.none() | BLOCKS, st.sampled_from(POLICIES), STOP)
def test_any_answer(first: list[Block], second: list[Block] | None, policy: RailsPolicy, stop: str | None) -> None:
    rails, again, out = run(first, second, policy, stop)
    assert_well_formed(out)
    given_text = "".join(piece for kind, pieces in first if kind == "text" for piece in pieces)
    if not rails.cut and (again is None or again.reason != "repetition"):
        assert given_text in texts(out).replace("\n\n", "") or given_text.strip() in texts(out)
    if again is None and not rails.cut:
        told = sum(change.what.startswith("call of") for change in rails.changes)
        assert len(calls(out)) + told == sum(kind.startswith("tool:") for kind, _ in first)
    if not policy.mend_calls:
        assert rails.changes == []


@settings(max_examples=200, deadline=None)
@given(BLOCKS, st.sampled_from([policy for policy in POLICIES if not policy.reasoning_limit]), STOP)
def test_batches_do_not_matter(first: list[Block], policy: RailsPolicy, stop: str | None) -> None:
    whole, single = Rails(policy, SCHEMAS), Rails(policy, SCHEMAS)
    events = events_of(first, stop)
    at_once = whole.process(events)
    one_by_one = [passed for event in events[:-2] for passed in single.process([event])] + single.process(events[-2:])
    if stop != "max_tokens":
        assert at_once == one_by_one
        assert whole.again() == single.again()


@pytest.mark.parametrize(
    ("first", "reason", "forced"),
    [
        ([("text", ["Let me read it."])], "premature stop", False),
        ([], "empty reply", True),
        ([("thinking", ["I must read it"])], "empty reply", True),
        ([("text", [" \n"])], "empty reply", True),
        ([("text", ['{"name": "read", "arguments": {"path": "/a"}}'])], "written call", True),
        ([("tool:read", ['{"path": "/a'])], "broken call", False),
        ([("tool:fly", ["{}"])], "broken call", False),
        ([("text", ["again and again, "] * 80)], "repetition", False),
        ([("thinking", ["again and again, "] * 80)], "repetition", False),
    ],
)
def test_what_is_worth_a_further_try(first: list[Block], reason: str, forced: bool) -> None:
    _, again, out = run(first, [READ], ON)
    assert again is not None
    assert (again.reason, again.force_call) == (reason, forced)
    assert calls(out) == ["read"]
    assert out[-2]["delta"]["stop_reason"] == "tool_use"
    assert out[-2]["usage"]["output_tokens"] == 10
    assert out[-2]["usage"]["input_tokens"] == 10


def test_the_call_follows_the_text_that_announced_it() -> None:
    _, _, out = run([("text", ["Let me read it."])], [READ], ON)
    assert [event["content_block"]["type"] for event in out if event["type"] == "content_block_start"] == [
        "text",
        "tool_use",
    ]
    assert texts(out) == "Let me read it."


def test_text_again_is_joined_in_one_block() -> None:
    _, _, out = run([("text", ["Let me read it."])], [("text", ["It is done: nothing to read."])], ON)
    assert texts(out) == "Let me read it.\n\nIt is done: nothing to read."
    assert sum(event["type"] == "content_block_start" for event in out) == 1


@pytest.mark.parametrize(
    ("first", "second", "word"),
    [
        ([], [], "empty answer, twice"),
        ([("text", ["Let me see."])], [("text", ["Let me see."])], "called no tool, twice"),
        ([("tool:read", ["{"])], [("tool:read", ["{"])], "call of read could not be run"),
        ([("tool:read", ["{"])], None, "call of read could not be run"),
        ([("text", ["on and on, "] * 99)], [("text", ["on and on, "] * 99)], "repeated itself, twice"),
        ([("thinking", [f"{n} is not it. " for n in range(9999)])], None, "did not come to an end"),
    ],
)
def test_what_could_not_be_saved_is_told(first: list[Block], second: list[Block] | None, word: str) -> None:
    _, _, out = run(first, second, ON)
    assert word in texts(out)
    assert out[-2]["delta"]["stop_reason"] == "end_turn"


@pytest.mark.parametrize("stop", ["max_tokens", "stop_sequence", "refusal"])
def test_another_end_than_the_models_own_is_not_premature(stop: str) -> None:
    _, again, out = run([("text", ["Let me read it."])], [READ], ON, stop)
    assert again is None
    assert out[-2]["delta"]["stop_reason"] == stop


def test_calls_go_raw_to_clients_that_answer_them() -> None:
    raw = RailsPolicy(STOPS, mend_calls=True, cut_repetition=True, raw_calls=True)
    _, _, out = run([("tool:read", ['{"path'])], [("tool:read", ['{"path'])], raw)
    assert calls(out) == ["read"]
    assert '{"path' in [event["delta"].get("partial_json") for event in out if "delta" in event]


def test_a_good_call_beside_a_broken_one_runs() -> None:
    rails, again, out = run([READ, ("tool:read", ['{"path'])], [READ], ON)
    assert again is None
    assert calls(out) == ["read"]
    assert "could not be run" in texts(out)
    assert [change.what for change in rails.changes] == ["call of read"]


def test_a_call_cut_at_the_limit_is_not_run() -> None:
    rails = Rails(ON, SCHEMAS)
    out = rails.process(events_of([("tool:read", ['{"path": "/a"'])], "max_tokens"))
    assert rails.again() is None
    out += rails.ending(dict(USAGE))
    assert calls(out) == []
    assert out[-2]["delta"]["stop_reason"] == "max_tokens"


def test_what_came_in_one_read_with_a_repetition_does_not_go_out() -> None:
    """A server that is far ahead has sent all of it by then, and perhaps a call behind it."""
    rails = Rails(ON, SCHEMAS)
    out = rails.process(events_of([("text", ["again and again, "] * 1000), READ]))
    again = rails.again()
    assert rails.cut
    assert again is not None
    assert again.reason == "repetition"
    assert {event["type"] for event in out} == {"content_block_start", "content_block_delta"}
    assert sum(len(event["delta"]["text"]) for event in out[1:]) < 1000
