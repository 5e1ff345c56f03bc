"""Runs of like events: read as one piece, and nothing of them is lost, added or taken for something else."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from proxy_core.translate.runs import FUTILE, LONGEST, Run, mould_of, piece_of
from proxy_core.translate.sse import SseReader
from proxy_core.translate.stream import StreamOptions
from proxy_core.translate.types import JsonObject
from tests.core.translate.conversions import apart, call, chunk, converter, end, joined, wire

PIECES: dict[str, tuple[JsonObject, tuple[str, str, int] | None]] = {
    "content": (chunk({"content": "a"}), ("text", "a", 0)),
    "content beside a role": (chunk({"role": "assistant", "content": "a"}), ("text", "a", 0)),
    "content beside empty fields": (chunk({"content": "a", "tool_calls": [], "refusal": None}), ("text", "a", 0)),
    "null in the places of other news": (chunk({"content": "a"}) | {"usage": None}, ("text", "a", 0)),
    "reasoning": (chunk({"reasoning_content": "a"}), ("thinking", "a", 0)),
    "reasoning by its other name": (chunk({"reasoning": "a", "content": ""}), ("thinking", "a", 0)),
    "arguments": (call("{", index=2), ("tool_use", "{", 2)),
    "arguments without a number": (call("{", index=None), ("tool_use", "{", 0)),
    "arguments with an id": (call("{", id="c1"), None),
    "arguments with a name": (call("{", name="f"), None),
    "arguments that are an object": (call({"a": 1}), None),
    "two calls": (chunk({"tool_calls": [{"index": 0, "function": {"arguments": "{"}}] * 2}), None),
    "reasoning and content": (chunk({"content": "a", "reasoning_content": "b"}), None),
    "reasoning by both names": (chunk({"reasoning": "a", "reasoning_content": "a"}), None),
    "content in parts": (chunk({"content": [{"type": "text", "text": "a"}]}), None),
    "nothing": (chunk({"content": ""}), None),
    "the end": (chunk({"content": "a"}, "stop"), None),
    "another choice": (chunk({"content": "a"}, index=1), None),
    "usage": (chunk({"content": "a"}) | {"usage": {"prompt_tokens": 1}}, None),
    "an error": (chunk({"content": "a"}, error={"message": "x"}), None),
    "no choice": ({"choices": []}, None),
}


@pytest.mark.parametrize(("item", "piece"), PIECES.values(), ids=PIECES)
def test_which_chunks_carry_one_piece(item: JsonObject, piece: tuple[str, str, int] | None) -> None:
    assert piece_of(item) == piece


def event(item: JsonObject) -> bytes:
    return b"data: " + orjson.dumps(item)


@pytest.mark.parametrize(
    ("item", "certain"),
    [
        pytest.param(chunk({"content": " the"}), True, id="a word"),
        pytest.param(chunk({"content": "c"}), False, id="the same string stands elsewhere"),
        pytest.param(chunk({"content": 'say "x"'}), False, id="an escaped string"),
        pytest.param(chunk({"content": "é"}), False, id="a string that servers write in two ways"),
        pytest.param(chunk({"content": ":"}), False, id="a string that looks like what stands between strings"),
        pytest.param(chunk({"content": "a"}, "stop"), False, id="no piece"),
    ],
)
def test_a_mould_is_made_where_the_string_is_certain(item: JsonObject, certain: bool) -> None:
    assert (mould_of(event(item), item) is not None) == certain


def test_a_string_that_is_written_with_escapes_is_not_taken_for_one_that_stands_elsewhere() -> None:
    """Some servers write letters as escapes; the piece's text may then stand, bare, in another field."""
    item = chunk({"content": "tok"}) | {"model": "tok"}
    written = event(item).replace(b'"content":"tok"', b'"content":"\\u0074ok"')
    assert orjson.loads(written[6:]) == item
    assert mould_of(written, item) is None


def found(*bodies: bytes, first: JsonObject | None = None) -> list[JsonObject | Run]:
    """What a reader makes of one read: events whose strings are `bodies`, behind an event that is their mould."""
    head, tail = event(chunk({"content": "first"})).split(b"first")
    reader = SseReader()
    reader.feed(event(first or chunk({"content": "first"})) + b"\n\n")
    return reader.feed(b"".join(head + body + tail + b"\n\n" for body in bodies))


@pytest.mark.parametrize(
    ("bodies", "whole", "count"),
    [
        pytest.param([b"a"], "a", 1, id="one event"),
        pytest.param([b"a", b" b", b"", b"c"], "a bc", 3, id="several, one of them empty"),
        pytest.param([b'\\"x\\"', b"\\n", b"\\u00e9", b"\\\\"], '"x"\né\\', 4, id="escapes"),
        pytest.param(["é".encode(), "🚀".encode()], "é🚀", 2, id="bytes beyond ASCII"),
    ],
)
def test_like_events_of_one_read_are_one_run(bodies: list[bytes], whole: str, count: int) -> None:
    (run,) = found(*bodies)
    assert isinstance(run, Run)
    assert (run.text, run.count, run.mould.kind) == (whole, count, "text")


@pytest.mark.parametrize(
    "bodies",
    [
        pytest.param([b'a","role":"assistant'], id="a further field"),
        pytest.param([b"a\\", b',"x'], id="two halves that would make two strings together"),
        pytest.param([b"\\ud83d", b"\\ude80"], id="a surrogate pair in two events"),
        pytest.param([b"\xf0\x9f", b"\x9a\x80"], id="a character in two events"),
        pytest.param([b"a\x01", b"b"], id="a control character"),
        pytest.param([b"a\nb"], id="two lines"),
        pytest.param([b"", b""], id="nothing"),
    ],
)
def test_what_only_looks_like_a_run_is_read_event_by_event(bodies: list[bytes]) -> None:
    alone = [item for body in bodies for item in apart(found(body))]
    assert not any(isinstance(item, Run) for item in found(*bodies))
    assert found(*bodies) == alone


def test_a_run_stays_short() -> None:
    bodies = [b"x" * 100] * 25 + [b"y" * 5000] + [b"z"]
    runs = [item for item in found(*bodies) if isinstance(item, Run)]
    assert "".join(run.text for run in runs) == b"".join(bodies).decode()
    assert [run.count for run in runs] == [10, 10, 5, 1, 1]
    assert all(len(run.text) <= LONGEST or run.count == 1 for run in runs)


def test_no_more_moulds_are_made_where_each_event_has_other_news() -> None:
    def stream(novelties: int) -> list[JsonObject | Run]:
        reader = SseReader()
        for number in range(novelties):
            reader.feed(event({"created": number} | chunk({"content": "word"})) + b"\n\n")
        like = event(chunk({"content": "again"})) + b"\n\n"
        return reader.feed(like) + reader.feed(like)

    assert [isinstance(item, Run) for item in stream(FUTILE - 1)] == [False, True]
    assert [isinstance(item, Run) for item in stream(FUTILE)] == [False, False]


TEXTS = st.one_of(
    st.sampled_from([" the", 'say "x"', "\\", "\n", "</think>", "<", "`", "é", "🚀", "[", "}"]), st.text()
)
CHUNKS = st.one_of(
    TEXTS.map(lambda piece: chunk({"content": piece})),
    TEXTS.map(lambda piece: chunk({"reasoning_content": piece, "content": ""})),
    TEXTS.map(lambda piece: call(piece, index=0)),
    TEXTS.map(lambda piece: chunk({"content": piece}) | {"usage": None}),
    st.sampled_from([call("{", index=0, id="c1", name="f"), call("{}", index=1, id="c2", name="g")]),
    st.sampled_from([chunk({"content": "x"}) | {"created": 7}, chunk({"role": "assistant", "content": None})]),
)
BODIES = st.lists(st.tuples(CHUNKS, st.integers(1, 4)), max_size=12).map(
    lambda parts: [item for item, times in parts for _ in range(times)]
)


def reads(body: bytes, data: Any) -> list[bytes]:
    cuts = [] if data is None else sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=6)))
    return [body[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(body)], strict=True)]


@given(BODIES, st.data())
@settings(max_examples=300, deadline=None)
def test_runs_hold_the_very_chunks(chunks: list[JsonObject], data: Any) -> None:
    reader = SseReader()
    items = [item for read in reads(wire(chunks), data) for item in reader.feed(read)]
    assert apart([*items, *reader.close()]) == chunks
    for item in items:
        if isinstance(item, Run):
            pieces = [piece_of(each) for each in item.chunks()]
            assert item.text == "".join(piece[1] for piece in pieces if piece)
            assert {piece[::2] for piece in pieces if piece} <= {(item.mould.kind, item.mould.index)}


WITH_AN_EMPTY_PIECE = [call("{", index=0, id="c1", name="f"), *[call(" the", index=0)] * 2, call("", index=0)]


@example(chunks=WITH_AN_EMPTY_PIECE, finish="stop", stops=False, data=None)
@given(BODIES, st.sampled_from(["stop", "length", "tool_calls"]), st.booleans(), st.data())
@settings(max_examples=300, deadline=None)
def test_an_answer_in_runs_is_the_answer_in_chunks(
    chunks: list[JsonObject], finish: str, stops: bool, data: Any
) -> None:
    """The same blocks, the same stop and the same counts; read along, as long as no lone `</think>` comes."""
    body = wire([*chunks, end(finish)])
    live = b"</think>" not in body
    asked: dict[str, Any] = {"stop_sequences": ("the",) if stops else (), "options": StreamOptions(live=live)}
    one, many = converter(**asked), converter(**asked)
    reader, other = SseReader(), SseReader()
    in_runs = [event for read in reads(body, data) for item in reader.feed(read) for event in one.feed(item)]
    in_chunks = [event for item in apart(other.feed(body)) for event in many.feed(item)]
    in_runs += one.finish(done=reader.done)
    in_chunks += many.finish(done=other.done)
    assert joined(in_runs) == joined(in_chunks)
    assert (one.usage, one.stop_reason, one.tools_called) == (many.usage, many.stop_reason, many.tools_called)
