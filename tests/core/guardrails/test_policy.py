"""Which guardrails apply to which request."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from proxy_core.guardrails.again import RAISED_PENALTY, Again
from proxy_core.guardrails.policy import SUPPLEMENT, demanded_choice, rails_policy, supplemented
from proxy_core.settings import Settings
from proxy_core.translate.request import ChatRequest

TOOL = {"type": "function", "function": {"name": "read", "parameters": {}}}
AFTER_RESULT: list[dict[str, Any]] = [
    {"role": "user", "content": "go"},
    {"role": "assistant", "content": None, "tool_calls": []},
    {"role": "tool", "content": "x"},
]


def chat(*, tools: bool = True, structured: bool = False, choice: Any = None, messages: Any = None) -> ChatRequest:
    body: dict[str, Any] = {"messages": messages or [{"role": "user", "content": "go"}]}
    if tools:
        body["tools"] = [TOOL]
    if choice:
        body["tool_choice"] = choice
    return ChatRequest(body, (), frozenset({"read"} if tools else ()), (), structured)


@pytest.mark.parametrize(
    ("request_", "role", "continues"),
    [
        (chat(), "main", True), (chat(), "subagent", True), (chat(choice="auto"), "main", True),
        (chat(), "compaction", False), (chat(), "title", False), (chat(), "web_search", False),
        (chat(tools=False), "main", False), (chat(structured=True), "main", False),
        (chat(choice="none"), "main", False), (chat(choice="required"), "main", False),
        (chat(choice={"type": "function"}), "main", False),
    ],
)  # fmt: skip
def test_who_is_continued(request_: ChatRequest, role: str, continues: bool) -> None:
    assert bool(rails_policy(Settings(), request_, role, "x").continue_stops) is continues
    off = replace(Settings(), guardrail_retry=False)
    assert not rails_policy(off, request_, role, "x").continue_stops


def test_an_announcement_counts_once_and_a_demand_too() -> None:
    assert "premature stop" not in rails_policy(Settings(), chat(), "main", "x", {"premature stop"}).continue_stops
    spent = rails_policy(Settings(), chat(), "main", "x", {"empty reply"})
    assert "empty reply" in spent.continue_stops
    assert not spent.may_force


@pytest.mark.parametrize(
    ("setting", "client", "raw"),
    [("auto", "claude-code", True), ("auto", "anthropic", False), ("raw", "anthropic", True),
     ("text", "claude-code", False)],
)  # fmt: skip
def test_who_gets_raw_calls(setting: Any, client: str, raw: bool) -> None:
    assert rails_policy(replace(Settings(), broken_tool_calls=setting), chat(), "main", client).raw_calls is raw


@pytest.mark.parametrize(
    ("policy", "choice", "messages", "role", "release", "wanted"),
    [
        ("client", None, AFTER_RESULT, "main", "", None),
        ("client", "required", AFTER_RESULT, "main", "", "required"),
        ("client", "required", AFTER_RESULT, "main", "a loop", "auto"),
        ("smart", None, AFTER_RESULT, "main", "", "required"),
        ("smart", None, AFTER_RESULT, "main", "a loop", None),
        ("smart", None, AFTER_RESULT, "compaction", "", None),
        ("smart", "none", AFTER_RESULT, "main", "", "none"),
        ("smart", None, None, "main", "", None),
        (
            "smart", None,
            [{"role": "user", "content": "go"}, {"role": "assistant", "content": "I will."},
             {"role": "user", "content": "do it"}],
            "main", "", "required",
        ),
    ],
)  # fmt: skip
def test_who_demands_a_call(policy: Any, choice: Any, messages: Any, role: str, release: str, wanted: Any) -> None:  # noqa: PLR0917
    request = chat(choice=choice, messages=messages)
    body, act = demanded_choice(request, replace(Settings(), tool_choice=policy), role, release)
    assert body.get("tool_choice") == wanted
    assert bool(act) is (wanted != choice)
    if wanted == choice:
        assert body is request.body


def test_the_supplement_stands_behind_the_system_text_and_is_stable() -> None:
    body = {"messages": [{"role": "system", "content": "You are X."}, {"role": "user", "content": "go"}]}
    once = supplemented(body)
    assert once == supplemented(body)
    assert once["messages"][0]["content"] == f"You are X.\n\n{SUPPLEMENT}"
    assert once["messages"][1:] == body["messages"][1:]
    assert supplemented({"messages": []})["messages"] == [{"role": "system", "content": SUPPLEMENT}]


@pytest.mark.parametrize(
    ("last", "said", "roles"),
    [
        ({"role": "tool", "content": "x"}, "I will.", ["tool", "assistant", "user"]),
        ({"role": "tool", "content": "x"}, "", ["tool", "user"]),
        ({"role": "user", "content": "x"}, "", ["user"]),
        ({"role": "user", "content": [{"type": "text", "text": "x"}]}, "", ["user"]),
        ({"role": "user", "content": "x"}, "I will.", ["user", "assistant", "user"]),
    ],
)
def test_the_word_of_a_further_try_keeps_roles_in_turn(last: dict[str, Any], said: str, roles: list[str]) -> None:
    request = {"messages": [last], "tools": [TOOL]}
    body = Again("premature stop", said, "Now.").body(request)
    assert [message["role"] for message in body["messages"]] == roles
    assert "Now." in str(body["messages"][-1]["content"])
    assert request["messages"] == [last]
    assert body["tool_choice"] == "auto"


def test_a_further_try_after_a_repetition_raises_the_penalty() -> None:
    assert Again("repetition", "", "x").body({"messages": []})["frequency_penalty"] == RAISED_PENALTY
    assert "tool_choice" not in Again("repetition", "", "x").body({"messages": []})
    assert Again("empty reply", "", "x", force_call=True).body({"messages": [], "tools": [TOOL]})["tool_choice"] == (
        "required"
    )
