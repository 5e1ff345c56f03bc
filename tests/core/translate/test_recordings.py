"""Recorded answers of a real llama.cpp, replayed byte for byte."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from proxy_core.translate.response import completion_to_chunks
from tests.core.translate.conversions import (
    blocks,
    check_protocol,
    converter,
    message,
    recording,
    run,
    run_bytes,
    short,
)

NAMES = frozenset({"run", "read_file"})

ANSWERS: dict[str, tuple[list[str], str, tuple[int, int, int]]] = {
    "text_stream_usage": (["text", "text"], "end_turn", (23, 0, 17)),
    "text_stream_no_usage": (["text", "text"], "max_tokens", (1, 22, 8)),
    "stop_sequence_stream": (["text"], "end_turn", (1, 22, 13)),
    "reasoning_then_text_stream": (["thinking", "text"], "end_turn", (21, 0, 82)),
    "reasoning_only_stop_stream": (["thinking"], "end_turn", (21, 0, 6)),
    "reasoning_only_length_stream": (["thinking"], "max_tokens", (1, 20, 5)),
    "utf8_stream": (["text"], "end_turn", (3, 20, 39)),
    "utf8_truncated_stream": (["text"], "max_tokens", (1, 22, 5)),
    "tool_auto_stream": (["thinking", "text", "tool_use"], "tool_use", (503, 0, 62)),
    "tool_required_stream": (["text", "tool_use"], "tool_use", (505, 0, 208)),
    "tool_parallel_stream": (["text", "text", *["tool_use"] * 4], "tool_use", (505, 0, 273)),
    "tool_truncated_stream": (["text", "text", "tool_use"], "max_tokens", (505, 0, 40)),
    "prompt_progress_stream": (["text"], "max_tokens", (3912, 0, 4)),
    "prefill_pings_stream": (["text"], "max_tokens", (794, 0, 3)),
    "timings_per_token_stream": (["thinking", "text"], "max_tokens", (1, 20, 4)),
    "logprobs_stream": (["thinking"], "max_tokens", (1, 20, 3)),
}


@pytest.mark.parametrize(("name", "expected"), ANSWERS.items(), ids=ANSWERS)
def test_answer(name: str, expected: tuple[list[str], str, tuple[int, int, int]]) -> None:
    kinds, reason, counts = expected
    events = run_bytes(recording(f"{name}.sse"), into=converter(tool_names=NAMES))
    check_protocol(events)
    whole = message(events)
    usage = whole["usage"]
    assert [block["type"] for block in whole["content"]] == kinds
    assert whole["stop_reason"] == reason
    assert (usage["input_tokens"], usage["cache_read_input_tokens"], usage["output_tokens"]) == counts


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("stop_sequence_stream", "alpha beta "),
        ("utf8_stream", "日本語 🙂 é ✓ 👩‍💻 done"),
        ("utf8_truncated_stream", "日"),
    ],
)
def test_text(name: str, text: str) -> None:
    assert blocks(run_bytes(recording(f"{name}.sse"), cut_every=1)) == [text]


def test_parallel_calls() -> None:
    found = blocks(run_bytes(recording("tool_parallel_stream.sse"), into=converter(tool_names=NAMES)))
    assert [block[0] for block in found if isinstance(block, tuple)] == ["run", "read_file", "read_file", "run"]
    assert found[-1] == (
        "run",
        {"command": "} parameter none var select index system array", "env": {"K": " exception"}},
    )


def test_a_call_cut_by_max_tokens_keeps_its_broken_arguments() -> None:
    events = run_bytes(recording("tool_truncated_stream.sse"))
    assert short(events)[-4:] == ["json:{", "-", "end:max_tokens", "stop"]


@pytest.mark.parametrize("name", ["error_midstream", "killed_midstream"])
def test_a_broken_stream_fails(name: str) -> None:
    machine = converter()
    events = run_bytes(recording(f"{name}.sse"), into=machine)
    check_protocol(events)
    assert short(events)[-1] == "error:api_error"
    assert "content_block_start" in {event["type"] for event in events}


def test_prefill_progress_yields_no_event() -> None:
    machine = converter()
    first, *_ = recording("prompt_progress_stream.sse").split(b"\n\n")
    assert machine.feed(orjson.loads(first.removeprefix(b"data: "))) == []
    assert machine.progress is not None
    assert (machine.progress.total, machine.progress.processed) == (3912, 0)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("nonstream_text_cached", (["thinking", "text"], "max_tokens")),
        ("nonstream_reasoning", (["thinking", "text"], "end_turn")),
        ("tool_nonstream_parallel", (["thinking", "text", "tool_use", "tool_use"], "tool_use")),
    ],
)
def test_plain_completion(name: str, expected: tuple[list[str], str]) -> None:
    completion: dict[str, Any] = orjson.loads(recording(f"{name}.json"))
    whole = message(run(completion_to_chunks(completion), into=converter(tool_names=NAMES)))
    assert ([block["type"] for block in whole["content"]], whole["stop_reason"]) == expected
    usage = completion["usage"]
    assert whole["usage"]["input_tokens"] + whole["usage"]["cache_read_input_tokens"] == usage["prompt_tokens"]
    assert whole["usage"]["output_tokens"] == usage["completion_tokens"]
