"""Whatever was seen before, a body reads as parsing the whole of it reads, and a broken one breaks the same way."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy_core.body_reading import SMALL, BodyReader
from proxy_core.message_memory import MessageMemory

PADDING = {"type": "text", "text": "x" * SMALL}
"""Makes every body large enough to be looked at."""

ODD_TEXTS = ['"messages":[', '\\"tools":[', '],"messages":[{"role":"user","content":"no"}]', "é\n\u2028", "{", ""]

texts = st.sampled_from(ODD_TEXTS) | st.text(max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["messages", "tools", "a"]), inner, max_size=3)
    ),
    max_leaves=6,
)
blocks = st.fixed_dictionaries({"type": st.just("text"), "text": texts}) | st.fixed_dictionaries(
    {"type": st.just("tool_use"), "id": texts, "input": values}
)
messages = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant"]), "content": texts | st.lists(blocks, max_size=3)}
)
tools = st.lists(st.fixed_dictionaries({"name": texts, "input_schema": values}), max_size=3)


@st.composite
def bodies(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Some requests: conversations that grow, part, lose messages and change their tools."""
    pool = draw(st.lists(messages, min_size=3, max_size=6))
    sets = draw(st.lists(tools, min_size=1, max_size=2))
    found: list[dict[str, Any]] = []
    for _ in range(draw(st.integers(2, 5))):
        fields: dict[str, Any] = {
            "system": [PADDING],
            "tools": draw(st.sampled_from(sets)),
            "messages": draw(st.lists(st.sampled_from(pool), max_size=6)),
            "metadata": draw(values),
        }
        order = draw(st.permutations(list(fields)))
        found.append({name: fields[name] for name in order})
    return found


def accepted(reader: BodyReader, raw: bytes) -> Any:
    recalled = reader.read(raw)
    recalled.accept()
    return recalled.body


@given(bodies())
@settings(max_examples=200, deadline=None)
def test_a_body_reads_as_the_whole_of_it_parses(requests: list[dict[str, Any]]) -> None:
    for most in (8192, 2):
        reader = BodyReader(MessageMemory(most=most))
        for request in requests:
            for raw in (orjson.dumps(request), json.dumps(request).encode(), json.dumps(request, indent=1).encode()):
                assert accepted(reader, raw) == orjson.loads(raw)


@given(bodies(), st.data())
@settings(max_examples=200, deadline=None)
def test_a_broken_body_breaks_the_same_way(requests: list[dict[str, Any]], data: st.DataObject) -> None:
    reader = BodyReader(MessageMemory())
    for request in requests:
        raw = orjson.dumps(request)
        accepted(reader, raw)
        at = data.draw(st.integers(0, len(raw) - 1))
        broken = raw[:at] + data.draw(st.sampled_from([b"", b",", b"]", b"}", b'"', b"\\", b"\xff"])) + raw[at + 1 :]
        assert _outcome(reader.read, broken) == _outcome(orjson.loads, broken)


def _outcome(read: Any, raw: bytes) -> object:
    try:
        found = read(raw)
    except orjson.JSONDecodeError as error:
        return str(error)
    return getattr(found, "body", found)


USER = {"role": "user", "content": "hello"}
ANSWER = {"role": "assistant", "content": [PADDING]}


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b'{"messages":[%(one)s,%(two)s],"messages":[]}', id="the last of two lists counts"),
        pytest.param(b'{"messages":[%(two)s],"messages":[%(one)s,%(two)s]}', id="the last of two, the other way"),
        pytest.param(b'{"a":{"messages":[%(one)s,%(two)s]},"messages":[]}', id="a list that is not the body's"),
        pytest.param(b'{"a":{"messages":[%(one)s,%(two)s]}}', id="no list of the body's at all"),
        pytest.param(b'[{"messages":[%(one)s,%(two)s]}]', id="no object"),
        pytest.param(b'{"messages":[%(one)s,%(two)s,%(one)s]}', id="the first message again"),
        pytest.param(b'{"messages":[%(one)s , %(two)s]}', id="white space behind a known message"),
        pytest.param(b'{"tools":[{"name":"t"}],"messages":[%(one)s,%(two)s],"tools":[]}', id="tools twice"),
        pytest.param(b'{"a":{"tools":[{"name":"t"}]},"messages":[%(one)s,%(two)s]}', id="tools somewhere else"),
        pytest.param(b'{"messages":[%(one)s,%(two)s],"a":[{"tools":[{"name":"t"}]}]}', id="the same behind them"),
    ],
)
def test_only_the_bodys_own_list_is_taken_for_it(raw: bytes) -> None:
    reader = BodyReader(MessageMemory())
    parts = {b"one": orjson.dumps(USER), b"two": orjson.dumps(ANSWER)}
    for known in (b'{"tools":[{"name":"t"}],"messages":[%(one)s,%(two)s]}', raw):
        assert accepted(reader, known % parts) == orjson.loads(known % parts)


def test_a_message_that_was_refused_is_checked_again() -> None:
    reader = BodyReader(MessageMemory())
    raw = orjson.dumps({"messages": [USER, ANSWER]})
    reader.read(raw)
    assert reader.read(raw).valid == [False, False]
    accepted(reader, raw)
    assert reader.read(raw).valid == [True, True]
