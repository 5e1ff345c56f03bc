"""When the looping tool is left out of a request, and what never is."""

from __future__ import annotations

from typing import Any

import pytest

from proxy_core.guardrails.tool_hiding import LoopCosts, without_tools, worth_hiding

JsonObject = dict[str, Any]


@pytest.mark.parametrize(
    ("costs", "word"),
    [
        (LoopCosts(prompt=0, reread=1.0, prefilled=9000, written=9000), ""),
        (LoopCosts(prompt=500, reread=1.0, prefilled=0, written=0), "about 1,000 tokens"),
        (LoopCosts(prompt=600, reread=1.0, prefilled=0, written=0), ""),
        (LoopCosts(prompt=30_000, reread=0.01, prefilled=0, written=0), "about 600 tokens"),
        (LoopCosts(prompt=30_000, reread=1.0, prefilled=2000, written=800), ""),
        (LoopCosts(prompt=30_000, reread=1.0, prefilled=2000, written=6000), "as much as 62,000 tokens"),
        (LoopCosts(prompt=4000, reread=1.0, prefilled=2000, written=800), "read it again 8,000"),
        (LoopCosts(prompt=30_000, reread=0.1, prefilled=2000, written=800), "read it again 6,000"),
    ],
    ids=[
        "nothing known", "a short prompt", "longer than that", "little is read again", "a long session, a short loop",
        "a long session, a costly loop", "a loop at the beginning", "the list stands near the end",
    ],
)  # fmt: skip
def test_what_it_is_worth(costs: LoopCosts, word: str) -> None:
    why = worth_hiding(costs)
    assert (word in why) if word else why == ""


def body(*names: str, **more: Any) -> JsonObject:
    return {"messages": [], "tools": [{"type": "function", "function": {"name": name}} for name in names], **more}


@pytest.mark.parametrize(
    ("given", "hidden", "left"),
    [
        (body("Read", "Grep"), {"Read"}, ["Grep"]),
        (body("Read", "Grep"), {"Read", "Grep"}, None),
        (body("Read"), {"Read"}, None),
        (body("Read", "Grep"), {"Other"}, None),
        (body("Read", "Grep", tool_choice="required"), {"Read"}, ["Grep"]),
        (body("Read", "Grep", tool_choice={"type": "function", "function": {"name": "Read"}}), {"Read"}, None),
        ({"messages": []}, {"Read"}, None),
    ],
    ids=["one of two", "all", "the only one", "not declared", "any is demanded", "it is demanded", "no tools"],
)
def test_what_may_be_left_out(given: JsonObject, hidden: set[str], left: list[str] | None) -> None:
    made, gone = without_tools(given, frozenset(hidden))
    if left is None:
        assert made is given
        assert gone == ()
        return
    assert [tool["function"]["name"] for tool in made["tools"]] == left
    assert {tool["function"]["name"] for tool in gone} == hidden
