"""Plain completions in, plain Messages out."""

from __future__ import annotations

from typing import Any

import pytest

from proxy_core.translate.response import MessageAssembler, completion_to_chunks, tool_input
from proxy_core.translate.types import JsonObject
from tests.core.translate.conversions import blocks, converter, message, run


def completion(answer: JsonObject, finish: str = "stop", **extra: Any) -> JsonObject:
    choice = {"index": 0, "message": {"role": "assistant"} | answer, "finish_reason": finish} | extra
    return {"id": "c", "choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 4}}


def tool(name: str, arguments: Any, **extra: Any) -> JsonObject:
    return extra | {"type": "function", "function": {"name": name, "arguments": arguments}}


ANSWERS: dict[str, tuple[JsonObject, list[Any], str]] = {
    "text": (completion({"content": "Hello"}), ["Hello"], "end_turn"),
    "nothing": (completion({"content": None}), [], "end_turn"),
    "parts": (completion({"content": [{"type": "text", "text": "al"}, {"text": "pha"}]}), ["alpha"], "end_turn"),
    "reasoning": (completion({"content": "x", "reasoning": "hm"}), [("think", "hm"), "x"], "end_turn"),
    "think tags": (completion({"content": "<think>hm</think>\nx"}), [("think", "hm"), "x"], "end_turn"),
    "calls": (
        completion({"content": "x", "tool_calls": [tool("f", '{"a":1}', id="c1"), tool("g", "", id="c2")]}),
        ["x", ("f", {"a": 1}), ("g", {})],
        "tool_use",
    ),
    "calls without ids, the same twice": (
        completion({"tool_calls": [tool("f", "{}"), tool("f", "{}")]}),
        [("f", {}), ("f", {})],
        "tool_use",
    ),
    "calls null": (completion({"content": "x", "tool_calls": None}), ["x"], "end_turn"),
    "cut call": (
        completion({"tool_calls": [tool("f", '{"a":')]}, "length"),
        [("f", {"__unparsedToolInput": {"raw": '{"a":', "len": 5}})],
        "max_tokens",
    ),
    "legacy text": ({"choices": [{"index": 0, "text": "x", "finish_reason": "stop"}]}, ["x"], "end_turn"),
    "stop string": (completion({"content": "x"}, stop_reason="END"), ["x"], "stop_sequence"),
}


@pytest.mark.parametrize(("answer", "content", "reason"), ANSWERS.values(), ids=ANSWERS)
def test_message(answer: JsonObject, content: list[Any], reason: str) -> None:
    events = run(completion_to_chunks(answer), into=converter(stop_sequences=("END",)))
    assert blocks(events) == content
    assert message(events)["stop_reason"] == reason


def test_the_whole_message() -> None:
    answer = completion({"content": "x", "reasoning_content": "hm"})
    assert message(run(completion_to_chunks(answer))) == {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-x",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "interlock"},
            {"type": "text", "text": "x"},
        ],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 9,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": 4,
        },
    }


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"error": {"message": "no slot", "type": "server_error", "code": 500}}, "api_error"),
        ({"error": "no slot"}, "api_error"),
        ({"object": "error", "message": "bad", "code": 400}, "invalid_request_error"),
        ({"choices": []}, "api_error"),
        ({"hello": 1}, "api_error"),
        ({}, "api_error"),
    ],
)
def test_what_is_no_completion_fails(body: JsonObject, kind: str) -> None:
    machine = converter()
    run(completion_to_chunks(body), into=machine)
    assert machine.failure is not None
    assert machine.failure.type == kind


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("", {}),
        (" ", {}),
        ('{"a": "é\\n"}', {"a": "é\n"}),
        ('{"a": "line\nbreak"}', {"a": "line\nbreak"}),
        ("[1]", {"__unparsedToolInput": {"raw": "[1]", "len": 3}}),
        ('{"a"', {"__unparsedToolInput": {"raw": '{"a"', "len": 4}}),
    ],
)
def test_tool_input(arguments: str, expected: JsonObject) -> None:
    assert tool_input(arguments) == expected


def test_pings_and_errors_add_nothing() -> None:
    assembler = MessageAssembler()
    for event in converter().start():
        assembler.add(event)
    assembler.add({"type": "ping"})
    assembler.add({"type": "error", "error": {"type": "api_error", "message": "m"}})
    assert assembler.message()["content"] == []
