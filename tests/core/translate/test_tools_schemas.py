"""Schemas after a refused grammar: constraints that a grammar fails on go, everything else stays."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from proxy_core.translate.tool_schemas import without_grammar_traps


def openai_tool(schema: Any, name: str = "f") -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "description": "d", "parameters": schema}}


def cleaned(schema: Any) -> tuple[Any, str]:
    """The schema of one argument `a` after cleaning, and what was removed."""
    tools = [openai_tool({"type": "object", "properties": {"a": schema}, "required": ["a"]})]
    before = copy.deepcopy(tools)
    result, changes = without_grammar_traps(tools)
    assert tools == before
    return result[0]["function"]["parameters"]["properties"]["a"], changes[0].before if changes else ""


TEXT = {"type": "string"}


@pytest.mark.parametrize(
    "pattern",
    [
        "^(?=.*x).*$",
        "^(?!x).*$",
        "(?<=x)y",
        "^\\d+$",
        "^[\\w-]+$",
        "^\\S$",
        "^\\bfoo\\b$",
        "^\\p{L}+$",
        "^\\u0041$",
        "^(a)\\1$",
        "^[[:alpha:]]+$",
        "^a+?$",
        "abc",
        "^abc",
        "abc$",
        "^a\\$",
        "^a$|^b$",
        "^a{0,5000}$",
        "^a{5000}$",
        "^(ab$",
        "",
        7,
    ],
)
def test_patterns_that_go(pattern: Any) -> None:
    assert cleaned({**TEXT, "pattern": pattern}) == (TEXT, "a.pattern")


@pytest.mark.parametrize("pattern", ["^abc$", "^[a-z0-9_-]{1,64}$", "^(ab|c)*$", "^a\\.b$", "^[^/]+$", "^$"])
def test_patterns_that_stay(pattern: str) -> None:
    assert cleaned({**TEXT, "pattern": pattern}) == ({**TEXT, "pattern": pattern}, "")


@pytest.mark.parametrize(
    ("schema", "expected", "removed"),
    [
        ({**TEXT, "format": "email"}, TEXT, "a.format"),
        ({**TEXT, "format": "date-time"}, {**TEXT, "format": "date-time"}, ""),
        ({**TEXT, "minLength": 3000}, TEXT, "a.minLength"),
        ({**TEXT, "maxLength": 100}, {**TEXT, "maxLength": 100}, ""),
        ({"type": "array", "items": True, "maxItems": 9999}, {"type": "array", "items": {}}, "a.items, a.maxItems"),
        (True, {}, "a"),
        ({"enum": []}, {}, "a.enum"),
        ({"enum": ["x"]}, {"enum": ["x"]}, ""),
        ({"type": "any"}, {}, "a.type"),
        ({"type": ["string", "null"]}, {"type": ["string", "null"]}, ""),
        ({"$ref": "https://h.example/s.json"}, {}, "a.$ref"),
        ({"$ref": "#/$defs/none"}, {}, "a.$ref"),
        ({"$ref": "#/properties/a"}, {"$ref": "#/properties/a"}, ""),
        ({"type": "object", "additionalProperties": False}, {"type": "object", "additionalProperties": False}, ""),
        (
            {"type": "object", "additionalProperties": {**TEXT, "format": "email"}},
            {"type": "object", "additionalProperties": TEXT},
            "a.additionalProperties.format",
        ),
        (
            {"anyOf": [{**TEXT, "pattern": "x"}, {"type": "null"}]},
            {"anyOf": [TEXT, {"type": "null"}]},
            "a.anyOf.0.pattern",
        ),
        (
            {"$defs": {"d": {**TEXT, "format": "email"}}, "default": {"pattern": "x"}},
            {"$defs": {"d": TEXT}, "default": {"pattern": "x"}},
            "a.d.format",
        ),
    ],
)
def test_other_traps(schema: Any, expected: Any, removed: str) -> None:
    assert cleaned(schema) == (expected, removed)


def test_properties_named_like_keywords_survive() -> None:
    names = ("pattern", "format", "enum", "type", "maxLength", "$ref", "items")
    schema = {"type": "object", "properties": dict.fromkeys(names, TEXT), "required": ["pattern"]}
    assert cleaned(schema) == (schema, "")


def test_each_tool_that_lost_something_is_named() -> None:
    fine, odd = openai_tool({"type": "object"}, "fine"), openai_tool({"format": "x"}, "odd")
    result, changes = without_grammar_traps([fine, odd])
    assert result == [fine, openai_tool({}, "odd")]
    assert [(change.what, change.before) for change in changes] == [("schema of tool odd", "format")]
    assert without_grammar_traps(result) == (result, ())
