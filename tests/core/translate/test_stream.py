"""Chunks of text and reasoning in, whole event sequences out."""

from __future__ import annotations

from typing import Any

import pytest

from proxy_core.translate.types import JsonObject
from tests.core.translate.conversions import blocks, check_protocol, chunk, converter, end, run, short, text

THINK = ["+thinking", "think:hm", "sign:interlock", "-"]

SEQUENCES: dict[str, tuple[list[JsonObject], list[str]]] = {
    "text": (
        [chunk({"role": "assistant"}), *text("Hel", "lo"), end()],
        ["+text", "text:Hel", "text:lo", "-", "end:end_turn", "stop"],
    ),
    "the role on every chunk, empty content, null delta": (
        [chunk(None), chunk({"role": "assistant", "content": ""}), chunk({"role": "assistant", "content": "x"}), end()],
        ["+text", "text:x", "-", "end:end_turn", "stop"],
    ),
    "choices empty, missing or null": (
        [{"choices": []}, {"id": "c"}, {"choices": None}, *text("x"), end(), {"choices": []}],
        ["+text", "text:x", "-", "end:end_turn", "stop"],
    ),
    "content in the finishing chunk": (
        [chunk({"content": "x"}, "length")],
        ["+text", "text:x", "-", "end:max_tokens", "stop"],
    ),
    "nothing but an end": ([chunk({"role": "assistant", "content": None}), end()], ["end:end_turn", "stop"]),
    "nothing but white space": ([*text("\n", "\n"), end()], ["end:end_turn", "stop"]),
    "white space waits for text": (
        [*text("\n", "\n"), *text("x", "\n"), end()],
        ["+text", "text:\n\nx", "text:\n", "-", "end:end_turn", "stop"],
    ),
    "another choice than the first": (
        [*text("x"), {"choices": [{"index": 1, "delta": {"content": "y"}, "finish_reason": "stop"}]}, end()],
        ["+text", "text:x", "-", "end:end_turn", "stop"],
    ),
    "reasoning, then text": (
        [chunk({"reasoning_content": "hm"}), *text("x"), end()],
        [*THINK, "+text", "text:x", "-", "end:end_turn", "stop"],
    ),
    "reasoning under its other names": (
        [chunk({"reasoning": "hm"}), chunk({"reasoning": None, "content": "x"}), end()],
        [*THINK, "+text", "text:x", "-", "end:end_turn", "stop"],
    ),
    "reasoning under two names counts once": (
        [chunk({"reasoning": "hm", "reasoning_content": "hm"}), end()],
        [*THINK, "end:end_turn", "stop"],
    ),
    "reasoning_details": (
        [
            chunk({"reasoning_details": [{"type": "reasoning.text", "text": "h"}, {"summary": "m"}, {"data": "x"}]}),
            end(),
        ],
        [*THINK, "end:end_turn", "stop"],
    ),
    "reasoning and text by turns": (
        [chunk({"reasoning": "hm"}), *text("x"), chunk({"reasoning": "hm"}), *text("y"), end()],
        [*THINK, "+text", "text:x", "-", *THINK, "+text", "text:y", "-", "end:end_turn", "stop"],
    ),
    "reasoning and text in one chunk": (
        [chunk({"content": "x", "reasoning": "hm"}), end()],
        [*THINK, "+text", "text:x", "-", "end:end_turn", "stop"],
    ),
    "content as parts": (
        [chunk({"content": [{"type": "text", "text": "al"}, {"type": "image"}, "pha"]}), end()],
        ["+text", "text:al", "text:pha", "-", "end:end_turn", "stop"],
    ),
    "thinking as a part": (
        [chunk({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]}), *text("x"), end()],
        [*THINK, "+text", "text:x", "-", "end:end_turn", "stop"],
    ),
    "refusal": (
        [chunk({"refusal": "I "}), chunk({"refusal": "cannot"}), end()],
        ["+text", "text:I ", "text:cannot", "-", "end:refusal", "stop"],
    ),
    "a message in place of a delta": (
        [{"choices": [{"message": {"content": "x"}, "finish_reason": "stop"}]}],
        ["+text", "text:x", "-", "end:end_turn", "stop"],
    ),
}


@pytest.mark.parametrize(("chunks", "expected"), SEQUENCES.values(), ids=SEQUENCES)
def test_event_sequence(chunks: list[JsonObject], expected: list[str]) -> None:
    events = run(chunks)
    check_protocol(events)
    assert short(events) == expected


FINISHES: dict[str, tuple[JsonObject, str, str | None]] = {
    "stop": (end("stop"), "end_turn", None),
    "an unknown word": (end("eos_token"), "end_turn", None),
    "tool_calls without a call": (end("tool_calls"), "end_turn", None),
    "length": (end("length"), "max_tokens", None),
    "length by another name": (end("max_tokens"), "max_tokens", None),
    "content_filter": (end("content_filter"), "refusal", None),
    "stop string named by vLLM": (end(stop_reason="END"), "stop_sequence", "END"),
    "stop string named by SGLang": (end(matched_stop="END"), "stop_sequence", "END"),
    "stop string named by llama.cpp": ({**end(), "__verbose": {"stopping_word": "END"}}, "stop_sequence", "END"),
    "no stop string with llama.cpp": ({**end(), "__verbose": {"stopping_word": ""}}, "end_turn", None),
    "end token of vLLM": (end(stop_reason=151645), "end_turn", None),
    "a stop string that nobody asked for": (end(stop_reason="<|im_end|>"), "end_turn", None),
    "cut although a stop string is named": (end("length", stop_reason="END"), "max_tokens", None),
}


@pytest.mark.parametrize(("last", "reason", "sequence"), FINISHES.values(), ids=FINISHES)
def test_stop_reason(last: JsonObject, reason: str, sequence: str | None) -> None:
    machine = converter(stop_sequences=("END", "STOP"))
    events = run([*text("abc"), last], into=machine)
    assert events[-2]["delta"] == {"stop_reason": reason, "stop_sequence": sequence}
    assert machine.stop_reason == reason


@pytest.mark.parametrize(
    ("pieces", "finish", "answer", "sequence"),
    [
        (("say ", "EN", "D"), "stop", "say ", "END"),
        (("say END",), "stop", "say ", "END"),
        (("say E", "N"), "stop", "say EN", None),
        (("say END", " more"), "stop", "say END more", None),
        (("say END",), "length", "say END", None),
        (("EEN", "D"), "stop", "E", "END"),
    ],
)
def test_stop_sequence_left_in_the_text(
    pieces: tuple[str, ...], finish: str, answer: str, sequence: str | None
) -> None:
    events = run([*text(*pieces), end(finish)], into=converter(stop_sequences=("END",)))
    assert blocks(events) == [answer]
    assert events[-2]["delta"]["stop_sequence"] == sequence


def test_message_start_is_a_whole_message_with_tokens() -> None:
    (event,) = converter(input_tokens=0).start()
    assert event == {
        "type": "message_start",
        "message": {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "claude-x",
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {
                "input_tokens": 1,
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 0,
                "output_tokens": 0,
            },
        },
    }


USAGES: dict[str, tuple[list[JsonObject], tuple[int, int, int]]] = {
    "last chunk": ([{"choices": [], "usage": {"prompt_tokens": 123, "completion_tokens": 7}}], (123, 0, 7)),
    "cached": (
        [{"usage": {"prompt_tokens": 100, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 80}}}],
        (20, 80, 5),
    ),
    "cached by other names": (
        [{"usage": {"prompt_tokens": 100, "completion_tokens": 5, "prompt_cache_hit_tokens": 30}}],
        (70, 30, 5),
    ),
    "details null": (
        [{"usage": {"prompt_tokens": 9, "completion_tokens": 5, "prompt_tokens_details": None}}],
        (9, 0, 5),
    ),
    "more cached than there is": (
        [{"usage": {"prompt_tokens": 9, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 10}}}],
        (0, 9, 5),
    ),
    "on a chunk with content": ([text("x")[0] | {"usage": {"prompt_tokens": 9, "completion_tokens": 4}}], (9, 0, 4)),
    "counted up chunk by chunk": (
        [{"usage": {"prompt_tokens": 9, "completion_tokens": n}} for n in (1, 2, 3)],
        (9, 0, 3),
    ),
    "in the choice": ([chunk({}, usage={"prompt_tokens": 9, "completion_tokens": 4})], (9, 0, 4)),
    "only timings": ([{"timings": {"prompt_n": 3, "cache_n": 20, "predicted_n": 8}}], (3, 20, 8)),
    "none, null or nonsense": (
        [{"usage": None}, {"usage": {"prompt_tokens": True, "completion_tokens": -1}}],
        (12, 0, 3),
    ),
}


@pytest.mark.parametrize(("extra", "expected"), USAGES.values(), ids=USAGES)
def test_usage(extra: list[JsonObject], expected: tuple[int, int, int]) -> None:
    machine = converter(input_tokens=12)
    events = run([*text("0123", "4567"), *extra, end(), {"usage": None}], into=machine)
    usage = events[-2]["usage"]
    counts = (usage["input_tokens"], usage["cache_read_input_tokens"], usage["output_tokens"])
    if expected == (12, 0, 3):
        assert counts[:2] == (12, 0)
        assert counts[2] > 0
        assert machine.usage.estimated
    else:
        assert counts == expected
        assert machine.usage.prompt_tokens == expected[0] + expected[1]
        assert not machine.usage.estimated


FAILURES: dict[str, tuple[list[JsonObject], bool, str]] = {
    "no finish reason and no end mark": (text("half"), False, "api_error"),
    "the same inside reasoning": ([chunk({"reasoning": "hm"})], False, "api_error"),
    "nothing at all": ([], False, "api_error"),
    "an end mark but no answer": ([], True, "api_error"),
    "only usage": ([{"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 1}}], True, "api_error"),
    "an error object": (
        [*text("a"), {"error": {"code": 500, "message": "boom", "type": "server_error"}}],
        True,
        "api_error",
    ),
    "an error as a string": ([*text("a"), {"error": "boom"}], True, "api_error"),
    "a flat error": ([*text("a"), {"object": "error", "message": "boom", "code": 400}], True, "invalid_request_error"),
    "an error in the choice": ([chunk({}, "error", error={"message": "boom", "code": 429})], True, "rate_limit_error"),
    "the finish reason error": ([*text("a"), end("error")], True, "api_error"),
    "aborted": ([*text("a"), end("abort")], True, "api_error"),
    "overloaded": ([{"error": {"message": "busy", "code": 503}}], False, "overloaded_error"),
    "the prompt does not fit": (
        [{"error": {"type": "exceed_context_size_error", "message": "m", "n_prompt_tokens": 9, "n_ctx": 8}}],
        False,
        "invalid_request_error",
    ),
    "an error after the finish reason": ([*text("a"), end(), {"error": {"message": "late"}}], True, "api_error"),
}


@pytest.mark.parametrize(("chunks", "done", "kind"), FAILURES.values(), ids=FAILURES)
def test_a_broken_answer_never_ends_normally(chunks: list[JsonObject], done: bool, kind: str) -> None:
    machine = converter()
    events = run(chunks, done=done, into=machine)
    check_protocol(events)
    assert events[-1]["error"]["type"] == kind
    assert machine.feed(text("late")[0]) == []
    assert machine.finish(done=True) == []


def test_whole_without_end_mark_once_the_finish_reason_came() -> None:
    assert short(run([*text("x"), end()], done=False))[-2:] == ["end:end_turn", "stop"]


def test_whole_without_finish_reason_once_the_end_mark_came() -> None:
    assert short(run(text("x"), done=True))[-2:] == ["end:end_turn", "stop"]


def test_an_answer_ends_once() -> None:
    machine = converter()
    run([*text("x"), end()], into=machine)
    assert machine.finish(done=True) == []
    assert machine.feed(text("late")[0]) == []


def test_empty_error_fields_mean_nothing() -> None:
    assert blocks(run([chunk({"content": "x"}) | {"error": None}, end()])) == ["x"]


def test_what_is_known_afterwards() -> None:
    machine = converter()
    assert (machine.finish_seen, machine.timings, machine.progress) == (False, None, None)
    timings = {"prompt_n": 1, "cache_n": 2, "prompt_ms": 3.5, "predicted_n": 4, "predicted_ms": 5, "draft_n": 6}
    progress: dict[str, Any] = {"total": 9, "cache": 1, "processed": 3, "time_ms": 7}
    assert machine.feed({"choices": [], "prompt_progress": progress}) == []
    machine.feed(text("x")[0])
    machine.feed(end() | {"timings": timings})
    assert machine.finish_seen
    assert machine.progress is not None
    assert (machine.progress.total, machine.progress.cache, machine.progress.processed) == (9, 1, 3)
    assert machine.timings is not None
    assert (machine.timings.prompt_n, machine.timings.prompt_ms, machine.timings.draft_n) == (1, 3.5, 6)
    assert machine.timings.draft_n_accepted == 0
