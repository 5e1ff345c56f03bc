"""What the prefix monitor says of a turn: shared, read anew, lost, and why."""

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_core.sessions.prefix import TURNS_KEPT, Cause, PrefixMonitor, PrefixTurn
from proxy_core.upstream.outline import OutlineBook

BOOK = OutlineBook()
SYSTEM = "You are an agent. " * 60
TOOLS = [{"type": "function", "function": {"name": name, "description": "Does it. " * 40}} for name in "abc"]


def say(role, words, count=200):
    return {"role": role, "content": f"{words} " * count}


def history(turns, **changes):
    messages = [{"role": "system", "content": SYSTEM}, say("user", "task")]
    for turn in range(turns):
        messages += [say("assistant", f"reply{turn}"), say("user", f"next{turn}")]
    return {"model": "m", "tools": TOOLS, "messages": messages} | changes


def tokens(body):
    return round(BOOK.outline(body).raw)


def without_message(body, place):
    messages = [*body["messages"]]
    messages[place] = say("user", "another")
    return body | {"messages": messages}


def record(monitor, body, cached, **more):
    options = {"told": True} | more
    return monitor.record(BOOK.outline(body), prompt_tokens=tokens(body), cached_tokens=cached, **options)


BARE_TOOL = {"type": "function", "function": {"name": "c"}}
LONG = history(10)
LONGER = history(11)
OTHER_SYSTEM = [{"role": "system", "content": "Now something else."}, *LONGER["messages"][1:]]


@pytest.mark.parametrize(
    ("second", "options", "cause", "words"),
    [
        (LONGER, {}, "", ""),
        (LONGER | {"tools": TOOLS[::-1]}, {}, "tools", "another order"),
        (LONGER | {"tools": TOOLS[:2]}, {}, "tools", "1 tools were taken away"),
        (LONGER | {"tools": [*TOOLS, BARE_TOOL]}, {}, "tools", "1 tools were added"),
        (LONGER | {"tools": [*TOOLS[:2], BARE_TOOL]}, {}, "tools", "1 of 3 tools changed"),
        (LONGER | {"model": "n"}, {}, "model", "another model: n after m"),
        (LONGER | {"messages": OTHER_SYSTEM}, {}, "system", "the system text changed"),
        (without_message(LONGER, 5), {}, "edited", "message 6 of 22 (user)"),
        (without_message(history(6), 5), {}, "shortened", "from message 6 of 22 (user)"),
        (without_message(LONGER, 5), {"pruned": True}, "pruned", "history was cut from message 6"),
    ],
)
def test_the_cause_of_a_break(second, options, cause, words):
    monitor = PrefixMonitor()
    first = record(monitor, LONG, 0)
    assert (first.cause, first.lost, first.prefilled) == ("first", 0, tokens(LONG))
    seen = record(monitor, second, 0 if cause else tokens(LONG), **options)
    assert seen.cause == cause
    assert words in seen.detail
    assert monitor.breaks == ({cause: 1} if cause else {})
    assert monitor.last_break == seen.detail


def test_a_whole_prefix_costs_only_what_is_new():
    monitor = PrefixMonitor()
    record(monitor, LONG, 0)
    seen = record(monitor, LONGER, tokens(LONG) - 4)
    assert (seen.messages, seen.shared_messages, seen.shared_tokens) == (22, 22, tokens(LONG))
    assert seen.prefilled == tokens(LONGER) - tokens(LONG) + 4
    assert seen.lost == 0


def test_an_edit_loses_what_stood_behind_it_and_not_what_is_new():
    monitor = PrefixMonitor()
    record(monitor, LONG, 0)
    edited = without_message(LONGER, 5)
    outline = BOOK.outline(edited)
    kept = sum(outline.costs[: len(TOOLS) + 5])
    seen = record(monitor, edited, round(kept))
    new = tokens(LONGER) - tokens(LONG)
    assert seen.shared_messages == 5
    assert seen.shared_tokens == pytest.approx(kept, rel=0.1)
    assert seen.lost == pytest.approx(tokens(edited) - kept - new, rel=0.1)


def test_a_compaction_loses_nothing_that_was_still_wanted():
    """The summary is new; what it replaces is not read again."""
    monitor = PrefixMonitor()
    record(monitor, LONG, 0)
    compacted = history(0)
    compacted["messages"][1] = say("user", "summary", 500)
    head = BOOK.outline(compacted).costs[: len(TOOLS) + 1]
    seen = record(monitor, compacted, round(sum(head)))
    assert seen.cause == "shortened"
    assert seen.lost < 0.1 * tokens(compacted)


@pytest.mark.parametrize(
    ("cached", "others", "cause"),
    [(-10, 0, ""), (-10, 3, ""), (-2000, 0, "unexplained"), (-2000, 2, "server cache"), (None, 2, "server cache")],
)
def test_a_server_that_lost_its_copy(cached, others, cause):
    monitor = PrefixMonitor()
    record(monitor, LONG, 0)
    have = 0 if cached is None else tokens(LONG) + cached
    seen = record(monitor, LONGER, have, others=others)
    assert seen.cause == cause
    assert seen.lost == (tokens(LONG) - have if cause else 0)
    assert ("2 other requests" in seen.detail) == (others == 2)


def test_a_server_that_tells_nothing_is_believed_to_have_what_is_equal():
    monitor = PrefixMonitor()
    record(monitor, LONG, 0, told=False)
    seen = record(monitor, LONGER, 0, told=False)
    assert (seen.cause, seen.lost, seen.measured) == ("", 0, False)
    assert seen.prefilled == tokens(LONGER) - tokens(LONG)
    assert record(monitor, LONGER, 500, told=False).measured


def test_totals_and_history_are_bounded():
    monitor = PrefixMonitor()
    for turn in range(300):
        record(monitor, history(turn % 3), 0)
    assert len(monitor.turns) == TURNS_KEPT
    assert monitor.total_prefilled == sum(tokens(history(turn % 3)) for turn in range(300))
    assert 0 < monitor.total_lost < monitor.total_prefilled


counts = st.integers(0, 2**31 - 1)
turns_of_any_kind = st.builds(
    PrefixTurn,
    messages=counts,
    shared_messages=counts,
    shared_tokens=counts,
    prompt_tokens=counts,
    prefilled=st.integers(1 - 2**31, 2**31 - 1),
    measured=st.booleans(),
    lost=counts,
    cause=st.sampled_from(get_args(Cause)),
    detail=st.text().map(lambda text: text.replace("\n", " ")),  # a detail is one line
)


@given(st.lists(turns_of_any_kind, max_size=2 * TURNS_KEPT))
def test_the_last_turns_are_kept_as_they_were(turns):
    monitor = PrefixMonitor()
    for turn in turns:
        monitor.keep(turn)
    assert monitor.turns == turns[-TURNS_KEPT:]
    assert monitor.prefilled == (turns[-1].prefilled if turns else 0)


def test_a_detail_of_two_lines_is_kept_as_one():
    monitor = PrefixMonitor()
    first = record(monitor, LONG, 0)
    monitor.keep(replace(first, cause="model", detail="another model: a\nb after m"))
    monitor.keep(first)
    assert [turn.detail for turn in monitor.turns] == ["", "another model: a b after m", ""]


def test_the_absurd_counts_of_a_broken_server_harm_nothing():
    monitor = PrefixMonitor()
    for prompt, cached in ((10**30, 0), (1, 10**30), (10**30, 10**30)):
        monitor.record(BOOK.outline(LONG), prompt_tokens=prompt, cached_tokens=cached, told=True)
    assert [turn.prompt_tokens for turn in monitor.turns] == [2**31 - 1, 1, 2**31 - 1]
