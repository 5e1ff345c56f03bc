"""A call waits until it is whole and fits; what cannot be run is kept back with its reason."""

from __future__ import annotations

from typing import Any

import pytest

from proxy_core.guardrails.tool_calls import ToolCallGate
from proxy_core.translate.types import Event

SCHEMAS: dict[str, dict[str, Any]] = {
    "read_file": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
    "Bash": {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]},
}


def call(name: str, *pieces: str, index: int = 0) -> list[Event]:
    block = {"type": "tool_use", "id": f"toolu_{index}", "name": name, "input": {}}
    deltas = [
        {"type": "content_block_delta", "index": index, "delta": {"type": "input_json_delta", "partial_json": piece}}
        for piece in pieces
    ]
    return [
        {"type": "content_block_start", "index": index, "content_block": block},
        *deltas,
        {"type": "content_block_stop", "index": index},
    ]


def gated(events: list[Event], *, cut: bool = False) -> tuple[ToolCallGate, list[Event]]:
    gate = ToolCallGate(SCHEMAS, cut=cut)
    return gate, [passed for event in events for passed in gate.process([event])]


def test_a_call_that_fits_goes_out_as_the_model_wrote_it() -> None:
    gate, out = gated(call("read_file", '{"pa', 'th": "/a"', " }"))
    assert out == call("read_file", '{"path": "/a" }')
    assert (gate.broken, gate.changes) == ([], [])


def test_nothing_of_a_call_goes_out_before_its_end() -> None:
    gate, out = gated(call("read_file", '{"path": "/a"}')[:-1])
    assert out == []
    assert gate.holding
    assert len(gate.abandoned()) == 2
    assert not gate.holding


@pytest.mark.parametrize(
    ("name", "raw", "known", "mended"),
    [
        ("READ_FILE", '{"path":"/a"}', "read_file", '{"path":"/a"}'),
        ("read-file", '{"path":"/a"}', "read_file", '{"path":"/a"}'),
        ("ReadFile", "{'path': '/a'}", "read_file", '{"path":"/a"}'),
        ("bash", '{"command":"ls",}', "Bash", '{"command":"ls"}'),
    ],
)
def test_a_name_that_differs_by_case_and_separators_alone(name: str, raw: str, known: str, mended: str) -> None:
    gate, out = gated(call(name, raw))
    assert out[0]["content_block"]["name"] == known
    assert out[0]["content_block"]["id"] == "toolu_0"
    assert [event["delta"]["partial_json"] for event in out if "delta" in event] == [mended]
    assert gate.changes
    assert all(change.why for change in gate.changes)


@pytest.mark.parametrize(
    ("name", "raw", "word"),
    [
        ("open_document", "{}", "no tool 'open_document'; the tools are: Bash, read_file"),
        ("read_file", '{"path": "/a', "not valid JSON"),
        ("read_file", "{}", "'path' is a required property"),
        ("read_file", "", "needed: path"),
        ("read_file", '{"path": 3}', "path: 3 is not of type 'string'"),
    ],
)
def test_what_cannot_be_run_is_kept_back_with_its_reason(name: str, raw: str, word: str) -> None:
    events = call(name, raw)
    gate, out = gated(events)
    assert out == []
    assert [broken.name for broken in gate.broken] == [name]
    assert word in gate.broken[0].error
    assert gate.withheld == events


def test_two_tools_that_are_alike_are_not_guessed_between() -> None:
    gate = ToolCallGate({"readfile": {}, "read_file": {}})
    assert gate.process(call("ReadFile", "{}")) == []
    assert gate.broken


def test_a_call_cut_at_the_limit_is_never_mended() -> None:
    gate, out = gated(call("read_file", '{"path": "/a"'), cut=True)
    assert out == []
    assert "cut off" in gate.broken[0].error
    gate, out = gated(call("read_file", '{"path": "/a"}'), cut=True)
    assert len(out) == 3
