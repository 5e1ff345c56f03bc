"""Tool declarations and the choice among them."""

from __future__ import annotations

from typing import Any

import pytest

from proxy_core.translate.types import InvalidRequest
from tests.core.translate.asking import body, tool, translate, user

SEARCH = {"type": "web_search_20250305", "name": "web_search", "max_uses": 8}
DECLARED_F = {
    "type": "function",
    "function": {"name": "f", "description": "Tool f.", "parameters": {"type": "object", "properties": {}}},
}


def tools_of(*tools: Any, kind: str = "unknown", **fields: Any) -> tuple[dict[str, Any], list[str]]:
    """The tool fields that are sent, and what is told."""
    chat = translate(body(user("go"), tools=list(tools), **fields), server_kind=kind)
    keys = ("tools", "tool_choice", "parallel_tool_calls")
    return {key: chat.body[key] for key in keys if key in chat.body}, [change.what for change in chat.changes]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (tool("f"), DECLARED_F["function"]),
        ({**tool("f"), "type": "custom", "defer_loading": True}, DECLARED_F["function"]),
        ({**tool("f"), "strict": True}, {**DECLARED_F["function"], "strict": True}),
        ({"name": "f"}, {"name": "f", "parameters": {"type": "object", "properties": {}}}),
        (
            {"name": "f", "input_schema": {"type": "object", "additionalProperties": False, "required": ["q"]}},
            {
                "name": "f",
                "parameters": {"type": "object", "properties": {}, "additionalProperties": False, "required": ["q"]},
            },
        ),
        (
            {**tool("f"), "input_examples": [{"q": "ä"}, {"q": "b"}]},
            {**DECLARED_F["function"], "description": 'Tool f.\n\nExamples of input:\n{"q": "ä"}\n{"q": "b"}'},
        ),
    ],
)
def test_declaration(given: dict[str, Any], expected: dict[str, Any]) -> None:
    assert tools_of(given) == ({"tools": [{"type": "function", "function": expected}]}, [])


def test_schemas_are_untouched() -> None:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {"z": {"enum": ["b", "a"], "pattern": "(?=x)"}, "a": {"anyOf": [{"type": "null"}]}},
        "required": ["z"],
    }
    sent, told = tools_of({"name": "f", "input_schema": schema})
    assert sent["tools"][0]["function"]["parameters"] == {"properties": {}, **schema}
    assert told == []


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (None, {}),
        ({"type": "auto"}, {"tool_choice": "auto"}),
        ({"type": "any"}, {"tool_choice": "required"}),
        ({"type": "none"}, {"tool_choice": "none"}),
        ({"type": "auto", "disable_parallel_tool_use": False}, {"tool_choice": "auto"}),
        (
            {"type": "auto", "disable_parallel_tool_use": True},
            {"tool_choice": "auto", "parallel_tool_calls": False},
        ),
        (
            {"type": "any", "disable_parallel_tool_use": True},
            {"tool_choice": "required", "parallel_tool_calls": False},
        ),
    ],
)
def test_choice(choice: Any, expected: dict[str, Any]) -> None:
    assert tools_of(tool("f"), tool_choice=choice) == ({"tools": [DECLARED_F], **expected}, [])


@pytest.mark.parametrize("kind", ["llama.cpp", "ollama", "lmstudio", "unknown"])
def test_one_tool_is_forced_by_declaring_it_alone_where_servers_take_only_words(kind: str) -> None:
    choice = {"type": "tool", "name": "f", "disable_parallel_tool_use": True}
    sent, told = tools_of(tool("e"), tool("f"), kind=kind, tool_choice=choice)
    assert sent == {"tools": [DECLARED_F], "tool_choice": "required", "parallel_tool_calls": False}
    assert told == ["tools beside f"]


@pytest.mark.parametrize("kind", ["vllm", "sglang", "openrouter"])
def test_one_tool_is_forced_by_name_where_servers_take_it(kind: str) -> None:
    sent, told = tools_of(tool("f"), tool("g"), kind=kind, tool_choice={"type": "tool", "name": "f"})
    assert sent["tool_choice"] == {"type": "function", "function": {"name": "f"}}
    assert len(sent["tools"]) == 2
    assert told == []


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        (None, ["server tool web_search"]),
        ({"type": "any"}, ["server tool web_search", "tool_choice any"]),
        ({"type": "tool", "name": "web_search"}, ["server tool web_search", "tool_choice tool"]),
        ({"type": "auto", "disable_parallel_tool_use": True}, ["server tool web_search"]),
    ],
)
def test_a_request_of_server_tools_only_has_no_tools_left(choice: Any, told: list[str]) -> None:
    assert tools_of(SEARCH, tool_choice=choice) == ({}, told)


def test_a_choice_of_a_server_tool_does_not_survive_it() -> None:
    sent, told = tools_of(SEARCH, tool("f"), tool_choice={"type": "tool", "name": "web_search"})
    assert sent == {"tools": [DECLARED_F]}
    assert told == ["server tool web_search", "tool_choice web_search"]


def test_a_choice_of_an_unknown_tool_is_refused() -> None:
    with pytest.raises(InvalidRequest, match=r"tool_choice\.name: no tool is called 'g'"):
        tools_of(tool("f"), tool_choice={"type": "tool", "name": "g"})


@pytest.mark.parametrize(
    ("kind", "name", "arguments"),
    [
        ("bash_20250124", "bash", {"command", "restart"}),
        ("text_editor_20250728", "str_replace_based_edit_tool", {"command", "path", "old_str", "new_str"}),
        ("memory_20250818", "memory", {"command", "path", "old_path", "new_path"}),
    ],
)
def test_tools_that_clients_run_get_the_schema_that_models_know_by_heart(
    kind: str, name: str, arguments: set[str]
) -> None:
    sent, told = tools_of({"type": kind, "name": name})
    function = sent["tools"][0]["function"]
    assert (function["name"], told) == (name, [])
    assert arguments <= set(function["parameters"]["properties"])
    assert function["description"]


def test_names_are_those_declared_to_the_model() -> None:
    choice = {"type": "tool", "name": "f"}
    assert translate(body(user("x"), tools=[SEARCH, tool("f"), tool("g")])).tool_names == {"f", "g"}
    assert translate(body(user("x"), tools=[tool("f"), tool("g")], tool_choice=choice)).tool_names == {"f"}
    assert translate(body(user("x"))).tool_names == frozenset()
