"""Tool declarations and the client's choice among them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, cast

from proxy_core.translate.client_tools import client_tool_schema
from proxy_core.translate.types import Change, InvalidRequest, JsonObject
from proxy_core.translate.written import Written

_OBJECT_CHOICE = frozenset(("vllm", "sglang", "openrouter"))
"""Servers on which `tool_choice` may name one function. llama.cpp takes such an object for `auto` without a word."""


@dataclass(frozen=True, slots=True)
class Tools:
    """`fields` of the request (`tools`, `tool_choice`, `parallel_tool_calls`), the declared names, what was altered."""

    fields: JsonObject
    names: frozenset[str]
    changes: tuple[Change, ...]


NO_TOOLS = Tools({}, frozenset(), ())


def read_tools(body: JsonObject, server_kind: str) -> Tools:
    """The tools of a validated request. Raises `InvalidRequest` when `tool_choice` names a tool that is not there."""
    if not body.get("tools") and not body.get("tool_choice"):
        return NO_TOOLS
    changes: list[Change] = []
    declared: list[JsonObject] = []
    dropped: set[str] = set()
    for tool in body.get("tools") or ():
        if _is_function(tool):
            declared.append(_function(tool))
        elif schema := client_tool_schema(tool["type"]):
            declared.append(_function({**tool, **schema}))
        else:
            name = str(tool.get("name") or tool.get("mcp_server_name") or tool["type"])
            dropped.add(name)
            changes.append(Change(f"server tool {name}", f"{tool['type']} works with Anthropic's servers only"))
    fields = _chosen(declared, dropped, body.get("tool_choice") or {}, server_kind, changes)
    names = frozenset(tool["function"]["name"] for tool in fields.get("tools", ()))
    return Tools(fields, names, tuple(changes))


def _is_function(tool: JsonObject) -> bool:
    """True for a tool with a schema; those that Anthropic runs, or its models know by their type, come without."""
    return tool.get("type") in (None, "custom", "function") or isinstance(tool.get("input_schema"), dict)


def _function(tool: JsonObject) -> JsonObject:
    """The declaration as it is, schema untouched: a change here would change the first tokens of every prompt."""
    function: JsonObject = {"name": tool["name"]}
    description = _description(tool)
    if description:
        function["description"] = description
    function["parameters"] = {"type": "object", "properties": {}} | (tool.get("input_schema") or {})
    if tool.get("strict") is True:
        function["strict"] = True
    return Written({"type": "function", "function": function})


def _description(tool: JsonObject) -> str:
    """The description, with example inputs (which Chat Completions has no field for) at its end."""
    description: str = tool.get("description") or ""
    examples: Any = tool.get("input_examples")
    if not isinstance(examples, list) or not examples:
        return description
    lines = "\n".join(json.dumps(example, ensure_ascii=False) for example in cast("list[Any]", examples))
    return f"{description}\n\nExamples of input:\n{lines}".lstrip()


def _chosen(
    declared: list[JsonObject], dropped: set[str], choice: JsonObject, server_kind: str, changes: list[Change]
) -> JsonObject:
    kind: Any = choice.get("type")
    name: Any = choice.get("name")
    known = any(tool["function"]["name"] == name for tool in declared)
    if kind == "tool" and not known and name not in dropped:
        raise InvalidRequest(f"tool_choice.name: no tool is called {name!r}")
    if not declared:
        if kind in ("any", "tool"):
            changes.append(Change(f"tool_choice {kind}", "there is no tool left to choose"))
        return {}
    fields: JsonObject = {"tools": declared}
    if kind == "auto":
        fields["tool_choice"] = "auto"
    elif kind == "none":
        fields["tool_choice"] = "none"
    elif kind == "any":
        fields["tool_choice"] = "required"
    elif kind == "tool" and not known:
        changes.append(Change(f"tool_choice {name}", "the tool it names is not declared to the model", after="auto"))
    elif kind == "tool" and server_kind in _OBJECT_CHOICE:
        fields["tool_choice"] = {"type": "function", "function": {"name": name}}
    elif kind == "tool":
        fields = {"tools": [tool for tool in declared if tool["function"]["name"] == name], "tool_choice": "required"}
        if len(declared) > 1:
            why = "the server knows no choice of one tool by name, so only this one is declared"
            changes.append(Change(f"tools beside {name}", why, before=f"{len(declared)} tools", after="1 tool"))
    if choice.get("disable_parallel_tool_use") is True and kind != "none":
        fields["parallel_tool_calls"] = False
    return fields
