"""Puts the two bodies of a request next to each other: fields, system text, message by message, tool by tool."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from console.inspect.difference import Line, compared, compared_fields, compared_tools
from console.inspect.parts import Parts, anthropic_parts, openai_parts
from console.inspect.pretty import pretty
from proxy_core.translate.types import JsonObject


@dataclass(frozen=True, slots=True)
class Section:
    """One place in both bodies. `left` and `right` are its lines, None where a body has nothing there."""

    title: str
    left: tuple[str, ...] | None
    right: tuple[str, ...] | None
    difference: tuple[Line, ...]


def sections(received: JsonObject, sent: JsonObject) -> Iterator[Section]:
    """The sections in the order in which a person looks: fields, system text, messages, tools."""
    plain = {key: value for key, value in received.items() if key not in {"messages", "system", "tools"}}
    fields = {key: value for key, value in sent.items() if key not in {"messages", "tools"}}
    yield _section("fields", plain, fields, compared_fields(plain, fields))
    mine, theirs = _objects(received.get("messages")), _objects(sent.get("messages"))
    systems = theirs[:1] if theirs and theirs[0].get("role") in {"system", "developer"} else []
    system = _system(received.get("system"))
    if system is not None or systems:
        left, right = anthropic_parts({"content": system}), _together(systems)
        yield _section("system", system, systems[0].get("content") if systems else None, compared(left, right))
    yield from _messages(mine, theirs[len(systems) :])
    yield from _tools(_objects(received.get("tools")), _objects(sent.get("tools")))


def partners(mine: list[JsonObject], theirs: list[JsonObject]) -> list[list[int]]:
    """For each message of the client the places of those that went out for it.

    One message can become several (a result each), and several can become one. A message is known again by ids of
    calls and by how its texts begin; what cannot be known again belongs to the one before it.
    """
    found: list[list[int]] = [[] for _ in mine]
    marks = [anthropic_parts(message).marks for message in mine]
    here = 0
    for place, message in enumerate(theirs):
        wanted = openai_parts(message).marks
        match = next((at for at in range(here, len(mine)) if marks[at] & wanted), None)
        if match is None and not found[here : here + 1]:
            continue
        here = here if match is None else match
        found[here].append(place)
    return found


def _messages(mine: list[JsonObject], theirs: list[JsonObject]) -> Iterator[Section]:
    for number, (message, places) in enumerate(zip(mine, partners(mine, theirs), strict=True)):
        partner = [theirs[place] for place in places]
        difference = compared(anthropic_parts(message), _together(partner))
        if not partner:
            difference = [Line(" ", "not sent"), *difference]
        title = f"message {number + 1} of {len(mine)} {message.get('role')}"
        yield _section(title, message, partner or None, difference)


def _tools(mine: list[JsonObject], theirs: list[JsonObject]) -> Iterator[Section]:
    sent = {_name(tool): tool for tool in theirs}
    for tool in mine:
        other = sent.pop(str(tool.get("name")), None)
        yield _section(f"tool {tool.get('name')}", tool, other, compared_tools(tool, other))
    for name, other in sent.items():
        yield _section(f"tool {name}", None, other, compared_tools(None, other))


def _name(tool: JsonObject) -> str:
    function: JsonObject = tool.get("function") or {}
    return str(function.get("name"))


def _section(title: str, left: Any, right: Any, difference: list[Line]) -> Section:
    return Section(title, _lines(left), _lines(right), tuple(difference))


def _lines(value: Any) -> tuple[str, ...] | None:
    return None if value is None else tuple(pretty(value))


def _together(messages: list[JsonObject]) -> Parts:
    parts = Parts()
    for message in messages:
        parts.add(openai_parts(message))
    return parts


def _system(value: Any) -> Any:
    return value or None


def _objects(value: Any) -> list[JsonObject]:
    listed = cast("list[Any]", value) if isinstance(value, list) else []
    return [cast("JsonObject", entry) for entry in listed if isinstance(entry, dict)]
