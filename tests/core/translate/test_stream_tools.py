"""Tool calls in every numbering and order that servers have been seen to use."""

from __future__ import annotations

from typing import Any

import pytest

from proxy_core.translate.types import JsonObject
from tests.core.translate.conversions import blocks, call, check_protocol, chunk, converter, end, run, short, text

ONE = ["+tool f c1", 'json:{"x":1}', "-"]
TWO = [*ONE, "+tool g c2", 'json:{"y":2}', "-"]
ENDED = ["end:tool_use", "stop"]

SEQUENCES: dict[str, tuple[list[JsonObject], list[str]]] = {
    "name first, arguments in pieces": (
        [call("", id="c1", name="f"), call('{"x"'), call(":1}"), end("tool_calls")],
        ["+tool f c1", 'json:{"x"', "json::1}", "-", *ENDED],
    ),
    "the whole call in the finishing chunk": (
        [chunk(call('{"x":1}', id="c1", name="f")["choices"][0]["delta"], "tool_calls")],
        [*ONE, *ENDED],
    ),
    "finish reason stop": ([call('{"x":1}', id="c1", name="f"), end("stop")], [*ONE, *ENDED]),
    "end mark only": ([call('{"x":1}', id="c1", name="f")], [*ONE, *ENDED]),
    "arguments before the name": (
        [call('{"x"'), call(id="c1", name="f"), call(":1}"), end("tool_calls")],
        ["+tool f c1", 'json:{"x"', "json::1}", "-", *ENDED],
    ),
    "id after the name": ([call("", id="", name="f"), call('{"x":1}', id="c1"), end("tool_calls")], [*ONE, *ENDED]),
    "id and name null after the first": (
        [
            call("", id="c1", name="f"),
            chunk(
                _null := {
                    "tool_calls": [
                        {"index": 0, "id": None, "type": None, "function": {"name": None, "arguments": '{"x":1}'}}
                    ]
                }
            ),
            end("tool_calls"),
        ],
        [*ONE, *ENDED],
    ),
    "name repeated": (
        [call("", id="c1", name="f"), call('{"x"', name="f"), call(":1}", name="f"), end("tool_calls")],
        ["+tool f c1", 'json:{"x"', "json::1}", "-", *ENDED],
    ),
    "name in two pieces": (
        [call("", id="c1", name="Re"), call("", name="ad"), call("{}"), end("tool_calls")],
        ["+tool Read c1", "json:{}", "-", *ENDED],
    ),
    "a fresh id on every delta": (
        [call('{"x"', id="c1", name="f"), call(":1}", id="z9"), end("tool_calls")],
        ["+tool f c1", 'json:{"x"', "json::1}", "-", *ENDED],
    ),
    "no id at all": (
        [call("", name="f"), call('{"x":1}'), end("tool_calls")],
        ["+tool f toolu_100", 'json:{"x":1}', "-", *ENDED],
    ),
    "an id that the API does not allow": (
        [call('{"x":1}', id="functions.f:0", name="f"), end("tool_calls")],
        ["+tool f toolu_100", 'json:{"x":1}', "-", *ENDED],
    ),
    "a lone closing think tag between the pieces": (
        [call('{"x"', id="c1", name="f"), chunk({"content": "</think>"}), call(":1}"), end("tool_calls")],
        ["+tool f c1", 'json:{"x"', "json::1}", "-", *ENDED],
    ),
    "no arguments": ([call("", id="c1", name="f"), end("tool_calls")], ["+tool f c1", "-", *ENDED]),
    "arguments null, as an object, empty": (
        [call(None, id="c1", name="f"), call({"y": 2}, index=1, id="c2", name="g"), end("tool_calls")],
        ["+tool f c1", "-", "+tool g c2", 'json:{"y":2}', "-", *ENDED],
    ),
    "arguments that say null": ([call("null", id="c1", name="f"), end("tool_calls")], ["+tool f c1", "-", *ENDED]),
    "two, one after the other": (
        [call('{"x":1}', id="c1", name="f"), call('{"y":2}', index=1, id="c2", name="g"), end("tool_calls")],
        [*TWO, *ENDED],
    ),
    "two in one delta": (
        [
            chunk(
                {
                    "tool_calls": [
                        {"index": 0, "id": "c1", "function": {"name": "f", "arguments": '{"x":1}'}},
                        {"index": 1, "id": "c2", "function": {"name": "g", "arguments": '{"y":2}'}},
                    ]
                }
            ),
            end("tool_calls"),
        ],
        [*TWO, *ENDED],
    ),
    "every call numbered 0": (
        [call('{"x":1}', id="c1", name="f"), call('{"y":2}', id="c2", name="g"), end("tool_calls")],
        [*TWO, *ENDED],
    ),
    "no numbers": (
        [call('{"x":1}', index=None, id="c1", name="f"), call('{"y":2}', index=None, id="c2", name="g"), end()],
        [*TWO, *ENDED],
    ),
    "numbered 0, without ids, the same tool twice": (
        [call('{"x":1}', name="f"), call('{"x":1}', name="f"), end("tool_calls")],
        ["+tool f toolu_100", 'json:{"x":1}', "-", "+tool f toolu_101", 'json:{"x":1}', "-", *ENDED],
    ),
    "the same id for two calls": (
        [call('{"x":1}', id="c1", name="f"), call('{"x":2}', index=1, id="c1", name="f"), end("tool_calls")],
        [*ONE, "+tool f toolu_101", 'json:{"x":2}', "-", *ENDED],
    ),
    "the whole call again in the last chunk": (
        [
            call('{"x"', id="c1", name="f"),
            call(":1}"),
            chunk(call('{"x":1}', id="c1", name="f")["choices"][0]["delta"], "tool_calls"),
        ],
        ["+tool f c1", 'json:{"x"', "json::1}", "-", *ENDED],
    ),
    "interleaved": (
        [
            call('{"x', id="c1", name="f"),
            call('{"y', index=1, id="c2", name="g"),
            call('":1}', index=0),
            call('":2}', index=1),
            end("tool_calls"),
        ],
        ["+tool f c1", 'json:{"x', 'json:":1}', "-", "+tool g c2", 'json:{"y', 'json:":2}', "-", *ENDED],
    ),
    "text before": (
        [*text("Look"), call('{"x":1}', id="c1", name="f"), end()],
        ["+text", "text:Look", "-", *ONE, *ENDED],
    ),
    "text and call in one delta": (
        [chunk({"content": "Look"} | call('{"x":1}', id="c1", name="f")["choices"][0]["delta"]), end()],
        ["+text", "text:Look", "-", *ONE, *ENDED],
    ),
    "text in the delta that completes the call": (
        [
            call('{"x"', id="c1", name="f"),
            chunk({"content": "\nOkay"} | call(":1}")["choices"][0]["delta"]),
            end("tool_calls"),
        ],
        ["+tool f c1", 'json:{"x"', "json::1}", "-", "+text", "text:\nOkay", "-", *ENDED],
    ),
    "text inside of an unfinished call": (
        [call('{"x"', id="c1", name="f"), *text("a", "b"), call(":1}"), *text("c"), end("tool_calls")],
        ["+tool f c1", 'json:{"x"', "json::1}", "-", "+text", "text:ab", "text:c", "-", *ENDED],
    ),
    "white space between calls makes no block": (
        [
            chunk({"reasoning_content": "hm"}),
            *text("\n\n"),
            call('{"x":1}', id="c1", name="f"),
            *text("\n"),
            call('{"y":2}', index=1, id="c2", name="g"),
            end(),
        ],
        ["+thinking", "think:hm", "sign:interlock", "-", *TWO, *ENDED],
    ),
    "text, call, text, call": (
        [
            *text("a"),
            call('{"x":1}', id="c1", name="f"),
            *text("b"),
            call('{"y":2}', index=1, id="c2", name="g"),
            end(),
        ],
        ["+text", "text:a", "-", *ONE, "+text", "text:b", "-", "+tool g c2", 'json:{"y":2}', "-", *ENDED],
    ),
    "the old function_call": (
        [
            chunk({"function_call": {"name": "f", "arguments": ""}}),
            chunk({"function_call": {"arguments": '{"x":1}'}}),
            end(),
        ],
        ["+tool f toolu_100", 'json:{"x":1}', "-", *ENDED],
    ),
    "a call without name, id and arguments is none": (
        [chunk({"tool_calls": [{"index": 0, "function": {"name": "", "arguments": ""}}]}), end("tool_calls")],
        ["end:end_turn", "stop"],
    ),
    "an empty list of calls": (
        [chunk({"content": "x", "tool_calls": []}), end()],
        ["+text", "text:x", "-", "end:end_turn", "stop"],
    ),
    "cut inside the arguments": (
        [call('{"x":', id="c1", name="f"), end("length")],
        ["+tool f c1", 'json:{"x":', "-", "end:max_tokens", "stop"],
    ),
    "cut before the arguments": ([call("", id="c1", name="f"), end("length")], ["end:max_tokens", "stop"]),
    "broken arguments go out as they are": (
        [call('{"x":,}', id="c1", name="f"), end("tool_calls")],
        ["+tool f c1", 'json:{"x":,}', "-", *ENDED],
    ),
    "filtered": ([call('{"x":1}', id="c1", name="f"), end("content_filter")], [*ONE, "end:refusal", "stop"]),
}


@pytest.mark.parametrize(("chunks", "expected"), SEQUENCES.values(), ids=SEQUENCES)
def test_event_sequence(chunks: list[JsonObject], expected: list[str]) -> None:
    events = run(chunks)
    check_protocol(events)
    assert short(events) == expected


@pytest.mark.parametrize(("output", "reason"), [(99, "tool_use"), (100, "max_tokens"), (101, "max_tokens")])
def test_broken_arguments_at_the_end_of_the_budget_were_cut(output: int, reason: str) -> None:
    usage = {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": output}}
    chunks = [call('{"x":', id="c1", name="f"), end("tool_calls"), usage]
    assert short(run(chunks, into=converter(max_tokens=100)))[-2:] == [f"end:{reason}", "stop"]


@pytest.mark.parametrize(
    ("chunks", "done"),
    [
        ([call('{"x":', id="c1", name="f")], False),
        ([call('{"x":', id="c1", name="f")], True),
        ([call('{"x":1}'), end("tool_calls")], True),
    ],
    ids=["connection lost", "end mark without a finish reason", "arguments for nobody"],
)
def test_half_a_call_fails(chunks: list[JsonObject], done: bool) -> None:
    events = run(chunks, done=done)
    check_protocol(events)
    assert short(events)[-1] == "error:api_error"


def test_the_second_call_streams_while_the_first_is_whole() -> None:
    machine = converter()
    machine.feed(call('{"x":1}', id="c1", name="f"))
    assert short(machine.feed(call('{"y"', index=1, id="c2", name="g"))) == ["-", "+tool g c2", 'json:{"y"']


def test_names_of_the_calls() -> None:
    machine = converter()
    run([call("{}", id="c1", name="g"), call("{}", index=1, id="c2", name="f"), end()], into=machine)
    assert machine.tools_called == ["g", "f"]


def test_broken_arguments_in_a_plain_message_are_kept() -> None:
    events = run([call('{"x":', id="c1", name="f"), end("tool_calls")])
    assert blocks(events) == [("f", {"__unparsedToolInput": {"raw": '{"x":', "len": 5}})]


def test_entries_of_a_wrong_type_are_passed_over() -> None:
    odd: list[Any] = [None, 3, "x", {"function": None}, {"index": [1], "function": {"name": 4, "arguments": 5}}]
    assert short(run([chunk({"tool_calls": odd}), *text("x"), end()]))[-1] in ("stop", "error:api_error")
