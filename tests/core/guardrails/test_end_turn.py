"""Which replies of text alone stop early, by their shape."""

from __future__ import annotations

import pytest

from proxy_core.guardrails.end_turn import is_premature, is_remnant

TOOLS = ("Read", "Bash")


@pytest.mark.parametrize("text", ["", "  \n", "The", "Now", "Let me", "I'll", "Here it is:", "Working on it…", "結果：",
                                  "I'll start:**", "I found it. Next I'll fix both:"])  # fmt: skip
def test_shapes_that_go_on(text: str) -> None:
    assert is_premature(text)


@pytest.mark.parametrize(
    "text",
    ["Paris", "42", "Done", "OK", "yes", "No", "3.14", "None", "`main`", "Ja", "是", "はい", "да", "true", "src/a.py",
     "Shall I?", "続けますか？", "Run:\n```sh\nmake\n```", "Steps:\n- Let me read it\n- I'll fix it",
     "| a | b |\n|---|---|\n| now | I'll |", "Result: 4", "All done!", "See `let me`."],
)  # fmt: skip
def test_shapes_that_are_answers(text: str) -> None:
    assert not is_premature(text)


@pytest.mark.parametrize(
    "text",
    ['<tool_call>{"name": "Read"', "<function=Read><parameter=a>", '<invoke name="Read">', "[TOOL_CALLS]Read{",
     '<|python_tag|>{"name": "Read"', '{"name": "Read", "arguments": {"file_path": "/a"}}'],
)  # fmt: skip
def test_remnants_of_a_call(text: str) -> None:
    assert is_remnant(text, TOOLS)
    assert is_premature(text, TOOLS)
    assert not is_remnant(text, ("Other",))
    assert not is_remnant(f"The format is:\n```\n{text}\n```\nas you see.", TOOLS)
