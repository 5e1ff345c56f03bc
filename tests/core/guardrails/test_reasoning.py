"""A turn of only reasoning gets a text block, if the operator wants it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy_core.guardrails.reasoning import VISIBLE_LIMIT, FallbackMode, ReasoningFallback, excerpt
from proxy_core.translate.types import Event, JsonObject
from tests.core.translate.conversions import blocks, call, check_protocol, chunk, converter, end, short, text

REASONED = [chunk({"reasoning_content": "First I "}), chunk({"reasoning_content": "look at a.py."})]


def answer(
    chunks: list[JsonObject], mode: FallbackMode, max_chars: int = 240, *, done: bool = True
) -> tuple[list[Event], ReasoningFallback]:
    """Events behind the guardrail, batch by batch as a stream gives them."""
    machine, guard = converter(), ReasoningFallback(mode, max_chars)
    events = guard.process(machine.start())
    for item in chunks:
        events += guard.process(machine.feed(item))
    events += guard.process(machine.finish(done=done))
    return events, guard


def test_off_changes_nothing() -> None:
    events, guard = answer([*REASONED, end()], "off")
    assert blocks(events) == [("think", "First I look at a.py.")]
    assert not guard.acted
    batch = [{"type": "ping"}]
    assert guard.process(batch) is batch


def test_visible_shows_the_reasoning_before_the_end() -> None:
    events, guard = answer([*REASONED, end()], "visible")
    check_protocol(events)
    assert short(events)[-5:] == ["+text", "text:First I look at a.py.", "-", "end:end_turn", "stop"]
    assert guard.acted


def test_sanitized_shows_a_marked_excerpt() -> None:
    events, guard = answer([*REASONED, end()], "sanitized")
    check_protocol(events)
    assert blocks(events)[1] == "[From the model's reasoning] First I look at a.py."
    assert guard.acted


@pytest.mark.parametrize("mode", ["sanitized", "visible"])
@pytest.mark.parametrize(
    "chunks",
    [
        [*REASONED, *text("Done."), end()],
        [*REASONED, call("{}", id="c1", name="f"), end("tool_calls")],
        [*text("Done."), *REASONED, end()],
        [*REASONED, end("content_filter")],
        [*text("Done."), end()],
        [end()],
    ],
    ids=["text", "call", "text first", "refusal", "no reasoning", "nothing"],
)
def test_every_other_turn_is_left_alone(mode: FallbackMode, chunks: list[JsonObject]) -> None:
    events, guard = answer(chunks, mode)
    assert events == answer(chunks, "off")[0]
    assert not guard.acted


def test_a_broken_turn_is_left_alone() -> None:
    events, guard = answer(REASONED, "visible", done=False)
    assert short(events)[0] == "+thinking"
    assert not guard.acted


def test_reasoning_of_any_length_is_kept_in_bounds() -> None:
    chunks = [chunk({"reasoning_content": "x" * 1000}) for _ in range(300)]
    events, _ = answer([*chunks, end()], "visible")
    assert len(blocks(events)[1]) == VISIBLE_LIMIT


@pytest.mark.parametrize(
    ("reasoning", "max_chars", "expected"),
    [
        ("a\n\n  b\tc\x00d", 200, "a b c d"),
        ("<b>so</b> <|im_end|> now [/THINK]", 200, "so now"),
        ('go <tool_call>{"name": "x"}</tool_call> on', 200, "go on"),
        ("go <tool_call>{half", 200, "go"),
        ("see ```\ncode\n``` there", 200, "see there"),
        ("one two three four", 10, "…four"),
        ("if a < b and c > d", 200, "if a < b and c > d"),
        ("<think></think>", 200, ""),
    ],
)
def test_excerpt(reasoning: str, max_chars: int, expected: str) -> None:
    assert excerpt(reasoning, max_chars).removeprefix("[From the model's reasoning] ") == expected


@given(st.text(max_size=400), st.integers(1, 300))
@settings(max_examples=200, deadline=None)
def test_an_excerpt_is_short_and_plain(reasoning: str, max_chars: int) -> None:
    found = excerpt(reasoning, max_chars)
    assert len(found) <= max_chars
    assert not any(ord(char) < 32 for char in found)
    assert "  " not in found
