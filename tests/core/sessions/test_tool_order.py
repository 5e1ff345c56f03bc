"""The tools of a conversation keep their places, whatever order a client sends them in."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_core.sessions.tool_order import ToolOrder


def tools(names):
    return [{"type": "function", "function": {"name": name}} for name in names]


def names(found):
    return "".join(tool["function"]["name"] for tool in found)


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ([], "abc", "abc"),
        (["abc"], "abc", "abc"),
        (["abc"], "cba", "abc"),
        (["cab"], "abc", "cab"),
        (["abc"], "axbyc", "abcxy"),
        (["abc"], "ac", "ac"),
        (["abc", "b"], "cab", "abc"),
        (["abc", "xcba"], "axbc", "abcx"),
    ],
)
def test_known_tools_keep_their_places_and_new_ones_come_behind(before, now, expected):
    order = ToolOrder()
    for earlier in before:
        order.steady(tools(earlier))
    assert names(order.steady(tools(now))) == expected


@given(st.lists(st.lists(st.sampled_from("abcdefgh"), unique=True), min_size=2, max_size=6))
def test_two_tools_stand_the_same_way_round_on_every_turn(turns):
    order = ToolOrder()
    seen = [names(order.steady(tools(turn))) for turn in turns]
    assert [sorted(found) for found in seen] == [sorted(turn) for turn in turns]
    for one, other in permutations("abcdefgh", 2):
        ways = {found.index(one) < found.index(other) for found in seen if one in found and other in found}
        assert len(ways) <= 1
