"""What holds for every answer, however it is cut into bytes and whatever is in it."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from proxy_core.translate.sse import encode
from proxy_core.translate.stream import StreamOptions
from proxy_core.translate.types import JsonObject
from tests.core.translate.conversions import (
    blocks,
    call,
    check_protocol,
    chunk,
    converter,
    end,
    joined,
    run,
    run_bytes,
    text,
    wire,
)

MARKUP = st.sampled_from(
    [
        "<think>",
        "</think>",
        "<tool_call>",
        '{"name": "Read", "arguments": {"p": 1}}',
        "</tool_call>",
        "<function=Bash>",
        "<parameter=command>ls</parameter>",
        "</function>",
        "```",
        "`",
        "[TOOL_CALLS]",
        "<",
        "\n",
        " ",
        "word",
        "é🚀",
        "END",
    ]
)
PIECES = st.one_of(MARKUP, st.text(max_size=6))
JSON_PIECES = st.sampled_from(["", "{", "}", '{"x":1}', '"x"', ":1", "null", " "])
IDS = st.sampled_from([None, "", "c1", "c2", "bad id"])
NAMES = st.sampled_from([None, "", "f", "g"])
DELTAS = st.one_of(
    PIECES.map(lambda piece: chunk({"content": piece})),
    PIECES.map(lambda piece: chunk({"reasoning_content": piece})),
    st.builds(
        lambda arguments, index, identifier, name: call(arguments, index=index, id=identifier, name=name),
        JSON_PIECES,
        st.sampled_from([None, 0, 1, 2]),
        IDS,
        NAMES,
    ),
    st.just({"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 100}}),
)
ENDINGS = st.sampled_from(["stop", "length", "tool_calls", "content_filter", None])

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 600) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "choices",
                    "delta",
                    "index",
                    "content",
                    "tool_calls",
                    "function",
                    "name",
                    "arguments",
                    "id",
                    "finish_reason",
                    "error",
                    "message",
                    "usage",
                    "prompt_tokens",
                    "prompt_tokens_details",
                    "reasoning",
                    "reasoning_details",
                    "timings",
                    "code",
                    "type",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.lists(DELTAS, max_size=12), ENDINGS, st.booleans(), st.booleans())
@settings(max_examples=400, deadline=None)
def test_every_sequence_of_deltas_keeps_the_protocol(
    deltas: list[JsonObject], finish: str | None, done: bool, stops: bool
) -> None:
    machine = converter(stop_sequences=("END",) if stops else ())
    events = run([*deltas, *([end(finish)] if finish else [])], done=done, into=machine)
    check_protocol(events)
    if machine.failure is None:
        assert machine.usage.output_tokens > 0 or "content_block_start" not in {event["type"] for event in events}
        assert (events[-2]["delta"]["stop_reason"] == "tool_use") <= bool(machine.tools_called)
        names = [block["id"] for block in _tools(events)]
        assert len(names) == len(set(names))


def _tools(events: list[JsonObject]) -> list[JsonObject]:
    starts = [event["content_block"] for event in events if event["type"] == "content_block_start"]
    return [block for block in starts if block["type"] == "tool_use"]


@given(st.lists(PIECES, max_size=10), st.integers(1, 40), st.sampled_from([b"\n", b"\r\n", b"\r"]))
@settings(max_examples=200, deadline=None)
def test_cutting_the_bytes_elsewhere_changes_nothing(pieces: list[str], cut: int, line_end: bytes) -> None:
    """Read along, as long as no lone `</think>` comes behind text."""
    body = wire([*text(*pieces), end()], line_end=line_end)
    whole, parts = (converter(options=StreamOptions(live=False)) for _ in range(2))
    assert joined(run_bytes(body, cut, into=parts)) == joined(run_bytes(body, into=whole))
    if "</think>" not in "".join(pieces):
        assert joined(run_bytes(body, cut)) == joined(run_bytes(body))


@given(st.lists(PIECES, max_size=10), st.data())
@settings(max_examples=300, deadline=None)
def test_cutting_the_text_elsewhere_changes_no_block(pieces: list[str], data: Any) -> None:
    """Whole text, or any split of it: the same blocks; read along, as long as no lone `</think>` comes behind text."""
    whole = "".join(pieces)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=8)))
    split = [whole[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    options = StreamOptions(live=False)
    one = run([*text(whole), end()], into=converter(options=options))
    many = run([*text(*split), end()], into=converter(options=options))
    assert blocks(one) == blocks(many)
    if "</think>" not in whole:
        assert blocks(run([*text(whole), end()])) == blocks(run([*text(*split), end()]))


@given(st.lists(PIECES, max_size=10), st.integers(0, 10))
@settings(max_examples=200, deadline=None)
def test_without_tools_and_tags_text_goes_through_unchanged(pieces: list[str], place: int) -> None:
    plain = [piece.replace("<", "").replace("[", "") for piece in pieces]
    events = run([*text(*plain[:place], "x", *plain[place:]), end()], into=converter(tool_names=frozenset()))
    assert blocks(events) == ["".join([*plain[:place], "x", *plain[place:]])]


@given(st.lists(ANY_JSON, max_size=4))
@settings(max_examples=500, deadline=None)
def test_no_chunk_breaks_the_machine(chunks: list[Any]) -> None:
    events = run([item for item in chunks if isinstance(item, dict)])
    check_protocol(events)
    for event in events:
        assert encode(event).endswith(b"\n\n")
