"""The outline of a prompt: what it consists of, and that the same bytes are known again."""

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_core.upstream.estimate import joined
from proxy_core.upstream.file_reads import reads_file
from proxy_core.upstream.outline import OutlineBook
from proxy_core.upstream.tokens import Counted, TokenCounter, estimate

WORDS = "The proxy reads the file. " * 20


def call(identifier, name, **arguments):
    return {"id": identifier, "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}


BODY = {
    "model": "m",
    "tools": [{"type": "function", "function": {"name": "Read", "description": WORDS}}],
    "messages": [
        {"role": "system", "content": WORDS},
        {"role": "user", "content": [{"type": "text", "text": WORDS}]},
        {
            "role": "assistant",
            "content": WORDS,
            "reasoning_content": WORDS,
            "tool_calls": [call("a", "Read", file_path="/x"), call("b", "Bash", command="make test")],
        },
        {"role": "tool", "tool_call_id": "a", "content": WORDS},
        {"role": "tool", "tool_call_id": "b", "content": WORDS},
        {"role": "tool", "tool_call_id": "nobody's", "content": WORDS},
    ],
}


def test_what_fills_the_prompt():
    outline = OutlineBook().outline(BODY)
    one = estimate({"messages": [{"role": "user", "content": WORDS}]})
    fill = {part: mix.total for part, mix in outline.fill.items()}
    assert set(fill) == {"tools", "system", "files", "results", "calls", "chat", "thinking"}
    assert {part: round(tokens / one) for part, tokens in fill.items() if part != "calls"} == {
        "tools": 1,
        "system": 1,
        "files": 1,
        "results": 2,
        "chat": 2,
        "thinking": 1,
    }
    assert 0 < fill["calls"] < one
    assert outline.tools == 1
    assert outline.roles == ("system", "user", "assistant", "tool", "tool", "tool")
    assert len(outline) == len(outline.costs) == 7


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("Read", {"file_path": "/x"}, True),
        ("mcp__fs__read_file", {"path": "/x"}, True),
        ("str_replace_based_edit_tool", {"command": "view"}, True),
        ("str_replace_based_edit_tool", {"command": "create"}, False),
        ("Bash", {"command": "cat a.py"}, True),
        ("Bash", {"command": "cd /x && sed -n 1,5p a.py"}, True),
        ("Bash", {"command": "cat a > b"}, False),
        ("Bash", {"command": "cat <<EOF"}, False),
        ("Bash", {"command": "make test"}, False),
        ("shell", {"cmd": "head -5 x"}, True),
        ("Grep", {"pattern": "x"}, False),
        ("Write", {"file_path": "/x", "content": "y"}, False),
    ],
)
def test_which_calls_read_files(name, arguments, expected):
    assert reads_file(name, json.dumps(arguments)) is expected


@pytest.mark.parametrize("arguments", ["", "{", "[]", '"x"', '{"command": 3}'])
def test_broken_arguments_read_nothing(arguments):
    assert not reads_file("Bash", arguments)


def test_estimates_are_kept_by_content_and_equal_those_made_anew():
    book = OutlineBook()
    first = book.outline(BODY)
    again = book.outline(orjson.loads(orjson.dumps(BODY)))
    fresh = OutlineBook().outline(BODY)
    assert first == again == fresh
    assert round(first.raw) == estimate(BODY)


TEXTS = st.lists(st.text(max_size=30), min_size=1, max_size=6)


@given(TEXTS, TEXTS)
def test_shared_pieces_are_exactly_the_equal_beginning(one, other):
    book = OutlineBook()
    outlines = [
        book.outline({"messages": [{"role": "user", "content": text} for text in texts]}) for texts in (one, other)
    ]
    equal = next((place for place, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), None)
    expected = min(len(one), len(other)) if equal is None else equal
    assert outlines[0].shared_with(outlines[1]) == outlines[1].shared_with(outlines[0]) == expected


def counter():
    return TokenCounter(None, "")  # type: ignore[arg-type] - nothing is asked


def with_more(body, text):
    return body | {"messages": [*body["messages"], {"role": "user", "content": text}]}


def test_the_best_figure_rests_on_the_prompt_counted_last():
    known = counter()
    before = known.outlines.outline(BODY)
    near = Counted(before, 5000)
    same = known.best(before, near)
    assert (same.tokens, same.source, same.error, same.label) == (5000, "exact", 0.0, "exact")
    longer = known.outlines.outline(with_more(BODY, WORDS))
    grown = known.best(longer, near)
    added = longer.mix.minus(before.mix).total
    assert grown.source == "calibrated"
    assert grown.tokens == pytest.approx(5000 + added, abs=1)
    assert grown.error == pytest.approx(0.25 * added / grown.tokens, rel=0.01)
    assert grown.most > grown.tokens


def test_a_prompt_of_another_model_is_no_basis():
    known = counter()
    near = Counted(known.outlines.outline(BODY | {"model": "n"}), 5000)
    assert known.best(known.outlines.outline(BODY), near).source == "estimate"


def test_sources_and_labels():
    known = counter()
    outline = known.outlines.outline(BODY)
    bare = known.best(outline)
    assert (bare.source, bare.error, bare.label) == ("estimate", None, "estimate")
    for _ in range(3):
        known.observe(outline, round(outline.raw * 2))
    learnt = known.best(outline)
    assert (learnt.source, learnt.label) == ("calibrated", "calibrated ±1 %")
    assert learnt.tokens == pytest.approx(outline.raw * 2, rel=0.02)


def test_what_a_turn_added_is_learnt_as_a_case_of_its_own():
    """A thousand tokens of Chinese behind ten thousand of English hardly move the whole."""
    chinese = "机器学习是人工智能的一个分支,它使计算机能够从数据中学习。" * 40
    known = counter()
    whole = {"model": "m", "messages": [{"role": "user", "content": WORDS * 60}]}
    before = known.outlines.outline(whole)
    after = known.outlines.outline(with_more(whole, chinese))
    added = after.mix.minus(before.mix)
    near = Counted(before, round(before.raw))
    known.observe(after, near.tokens + round(added.total * 3), near)
    assert known.calibration.tokens("m", joined((added,))) == pytest.approx(added.total * 3, rel=0.25)
