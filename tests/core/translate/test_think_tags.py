"""Reasoning that the server left in the text, in tags, cut anywhere."""

from __future__ import annotations

from typing import Any

import pytest

from proxy_core.translate.content_scan import MARKERS
from proxy_core.translate.stream import StreamOptions
from proxy_core.translate.text_calls import OPENERS, STRAY_CLOSERS
from proxy_core.translate.think_tags import FENCE, THINK_TAGS
from tests.core.translate.conversions import blocks, call, chunk, converter, end, run, short, text

WHOLE: dict[str, tuple[str, list[Any]]] = {
    "tags": ("<think>plan</think>Answer", [("think", "plan"), "Answer"]),
    "with line breaks": ("<think>\nplan\n</think>\n\nAnswer\n", [("think", "plan"), "Answer\n"]),
    "white space before": ("\n <think>a b</think> c", [("think", "a b"), "c"]),
    "empty": ("<think>\n\n</think>\n\nAnswer", ["Answer"]),
    "never closed": ("<think>plan", [("think", "plan")]),
    "another tag in it": ("<think>a <b>1</b> </thin</think>x", [("think", "a <b>1</b> </thin"), "x"]),
    "twice": ("<think>a</think><think>b</think>x", [("think", "ab"), "x"]),
    "between paragraphs": ("one\n<think>two</think>\nthree", ["one\n", ("think", "two"), "three"]),
    "the longer tag": ("<thinking>a</thinking>x", [("think", "a"), "x"]),
    "Magistral's": ("[THINK]a[/THINK]x", [("think", "a"), "x"]),
    "opened by the prompt": ("plan\n</think>\n\nAnswer", [("think", "plan"), "Answer"]),
    "opened by the prompt, no answer": ("plan</think>", [("think", "plan")]),
    "closed before anything": ("</think>\n\nAnswer", ["Answer"]),
    "mentioned inside a line": ("the <think> tag", ["the <think> tag"]),
    "quoted": ("`</think>` ends it", ["`</think>` ends it"]),
    "in a code block": ("```\n<think>a</think>\n```\nx", ["```\n<think>a</think>\n```\nx"]),
    "closing tag after reasoning is text": ("<think>a</think>x </think> y", [("think", "a"), "x </think> y"]),
    "almost a tag": ("<thin> <thought>", ["<thin> <thought>"]),
}


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
@pytest.mark.parametrize(("answer", "expected"), WHOLE.values(), ids=WHOLE)
def test_message(answer: str, expected: list[Any], size: int) -> None:
    pieces = [answer[place : place + size] for place in range(0, len(answer), size)]
    options = StreamOptions(live=False)
    assert blocks(run([*text(*pieces), end()], into=converter(options=options))) == expected


def test_stream() -> None:
    assert short(run([*text("<th", "ink>pl", "an \n", "</t", "hink>\n", "\nAns", "wer"), end()])) == [
        "+thinking",
        "think:pl",
        "think:an",
        "sign:interlock",
        "-",
        "+text",
        "text:Ans",
        "text:wer",
        "-",
        "end:end_turn",
        "stop",
    ]


def test_a_lone_closing_tag_behind_text_that_is_out_begins_a_new_block() -> None:
    assert short(run([*text("plan", "\n</think>\n\n", "Answer"), end()])) == [
        "+text",
        "text:plan",
        "text:\n",
        "-",
        "+text",
        "text:Answer",
        "-",
        "end:end_turn",
        "stop",
    ]


def test_after_reasoning_of_its_own_field_a_lone_closing_tag_is_text() -> None:
    chunks = [chunk({"reasoning_content": "hm"}), *text("a </think> b"), end()]
    assert blocks(run(chunks)) == [("think", "hm"), "a </think> b"]
    chunks = [chunk({"reasoning_content": "hm"}), *text("</think>\n", "b"), end()]
    assert blocks(run(chunks)) == [("think", "hm"), "b"]


def test_a_call_ends_reasoning_that_was_not_closed() -> None:
    chunks = [*text("<think>plan"), call("{}", id="c1", name="f"), end("tool_calls")]
    assert blocks(run(chunks)) == [("think", "plan"), ("f", {})]


def test_text_that_looks_like_the_beginning_of_a_tag_is_held_only_while_it_can_be_one() -> None:
    machine = converter()
    assert short(machine.feed(text("a <")[0])) == ["+text", "text:a "]
    assert short(machine.feed(text("th")[0])) == []
    assert short(machine.feed(text("ree")[0])) == ["text:<three"]


def test_every_mark_begins_with_a_marker() -> None:
    """Text without a marker goes out unread."""
    marks = (*THINK_TAGS, *THINK_TAGS.values(), FENCE, *OPENERS, *STRAY_CLOSERS)
    assert [mark for mark in marks if not MARKERS.match(mark)] == []
