"""What is other on the model server's side than on the client's, beyond the two APIs' ways of writing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal, TypeAlias

from console.inspect.parts import Parts
from console.inspect.pretty import pretty, scalar
from proxy_core.translate.types import JsonObject

Sign: TypeAlias = Literal["-", "+", " "]
MOST_COMPARED = 1_000_000
"""Pairs of lines up to which two texts are compared line by line; larger ones are shown as replaced."""

SAME_SHAPE = frozenset({"messages", "system", "tools", "model", "stream_options", "tool_choice"})
"""Fields that are compared elsewhere, or that the two APIs always write differently."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line that was taken away ("-") or added ("+"), or one that says where (" ")."""

    sign: Sign
    text: str


def compared(left: Parts, right: Parts) -> list[Line]:
    """The difference between what came in and what went out."""
    found = _texts("", _lines(left.texts), _lines(right.texts))
    if right.reasoning:
        found += _texts("reasoning", _lines(left.reasoning), _lines(right.reasoning))
    elif left.reasoning:
        found.append(Line("-", f"reasoning of {sum(map(len, left.reasoning)):,} characters"))
    for kind, mine, theirs in (("call", left.calls, right.calls), ("result", left.results, right.results)):
        for key in dict.fromkeys((*mine, *theirs)):
            found += _texts(f"{kind} {key}", _lines([mine.get(key, "")]), _lines([theirs.get(key, "")]))
    if len(left.others) != len(right.others):
        found += [Line("-", f"[{other}]") for other in left.others]
        found += [Line("+", f"[{other}]") for other in right.others]
    return found


def compared_fields(left: JsonObject, right: JsonObject) -> list[Line]:
    """The difference between the plain fields of two bodies; `model` always differs and is told."""
    found: list[Line] = []
    if left.get("model") != right.get("model"):
        found += [Line("-", f"model: {left.get('model')}"), Line("+", f"model: {right.get('model')}")]
    for name in dict.fromkeys((*left, *right)):
        if name in SAME_SHAPE or (name in left and name in right and left[name] == right[name]):
            continue
        found += [Line("-", line) for line in _field(name, left)]
        found += [Line("+", line) for line in _field(name, right)]
    return found


def compared_tools(left: JsonObject | None, right: JsonObject | None) -> list[Line]:
    """The difference between a tool as the client declared it and as the model server got it."""
    if left is None or right is None:
        sign: Sign = "-" if right is None else "+"
        return [Line(sign, f"tool {_tool_name(left or right or {})}")]
    function: JsonObject = right.get("function") or {}
    found = _texts("description", _lines([_text(left, "description")]), _lines([_text(function, "description")]))
    mine, theirs = left.get("input_schema"), function.get("parameters")
    if mine != theirs:
        found += _texts("schema", list(pretty(mine)), list(pretty(theirs)))
    return found


def _tool_name(tool: JsonObject) -> str:
    function: JsonObject = tool.get("function") or {}
    return str(tool.get("name") or function.get("name"))


def _text(holder: JsonObject, name: str) -> str:
    return str(holder.get(name) or "")


def _field(name: str, body: JsonObject) -> list[str]:
    if name not in body:
        return []
    value: Any = body[name]
    return list(pretty({name: value})) if isinstance(value, dict | list) else [f"{name}: {scalar(value)}"]


def _lines(texts: Sequence[str]) -> list[str]:
    return [line.rstrip() for text in texts for line in text.split("\n") if line.strip()]


def _texts(where: str, left: list[str], right: list[str]) -> list[Line]:
    """Two texts line by line."""
    if left == right:
        return []
    start = 0
    while start < min(len(left), len(right)) and left[start] == right[start]:
        start += 1
    end = 0
    while end < min(len(left), len(right)) - start and left[-1 - end] == right[-1 - end]:
        end += 1
    mine, theirs = left[start : len(left) - end], right[start : len(right) - end]
    found = [Line(" ", where)] if where else []
    if len(mine) * len(theirs) > MOST_COMPARED:
        return [*found, *(Line("-", line) for line in mine), *(Line("+", line) for line in theirs)]
    for kind, i, j, k, m in SequenceMatcher(None, mine, theirs, autojunk=False).get_opcodes():
        if kind != "equal":
            found += [Line("-", line) for line in mine[i:j]]
            found += [Line("+", line) for line in theirs[k:m]]
    return found
