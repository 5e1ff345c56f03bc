"""Reading server-sent events in every framing, and writing them."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy_core.translate.sse import PING, SseReader, encode
from proxy_core.translate.types import JsonObject
from tests.core.translate.conversions import apart, recording

FRAMINGS: dict[str, tuple[bytes, list[JsonObject], bool]] = {
    "ordinary": (b'data: {"a":1}\n\ndata: {"b":2}\n\ndata: [DONE]\n\n', [{"a": 1}, {"b": 2}], True),
    "carriage returns": (b'data: {"a":1}\r\n\r\ndata: [DONE]\r\n\r\n', [{"a": 1}], True),
    "only carriage returns": (b'data: {"a":1}\r\rdata: [DONE]\r\r', [{"a": 1}], True),
    "no space": (b'data:{"a":1}\n\ndata:[DONE]\n\n', [{"a": 1}], True),
    "comments and blank lines": (b':\n\n: ping\n\n\ndata: {"a":1}\n: in between\n\n', [{"a": 1}], False),
    "other fields": (b'retry: 3000\n\nevent: message\nid: 1\ndata: {"a":1}\n\n', [{"a": 1}], False),
    "a byte order mark": (b'\xef\xbb\xbfdata: {"a":1}\n\n', [{"a": 1}], False),
    "several data lines": (b'data: {"a":\ndata: 1}\n\n', [{"a": 1}], False),
    "no blank line between events": (b'data: {"a":1}\ndata: {"b":2}\ndata: [DONE]\n', [{"a": 1}, {"b": 2}], True),
    "no line end at the end": (b'data: {"a":1}\n\ndata: {"b":2}', [{"a": 1}, {"b": 2}], False),
    "no line end behind the end mark": (b'data: {"a":1}\n\ndata: [DONE]', [{"a": 1}], True),
    "half an event at the end": (b'data: {"a":1}\n\ndata: {"b":', [{"a": 1}], False),
    "nothing behind the end mark counts": (b'data: [DONE]\n\ndata: {"a":1}\n\n', [], True),
    "empty data": (b'data:\n\ndata: \n\ndata: {"a":1}\n\n', [{"a": 1}], False),
    "error field of old llama.cpp": (
        b'error: {"code":500,"message":"boom"}\n\n',
        [{"error": {"code": 500, "message": "boom"}}],
        False,
    ),
    "error event with a bare error": (
        b'event: error\ndata: {"message":"boom"}\n\n',
        [{"error": {"message": "boom"}}],
        False,
    ),
    "error event with an error in it": (b'event: error\ndata: {"error":"boom"}\n\n', [{"error": "boom"}], False),
    "a bare line of JSON": (b'{"error":{"message":"boom"}}\n', [{"error": {"message": "boom"}}], False),
    "an error in a list": (b'data: [{"error":{"code":400}}]\n\n', [{"error": {"code": 400}}], False),
    "bytes that are not UTF-8": (b'data: {"a":"x\xff"}\n\n', [{"a": "x�"}], False),
    "half a surrogate pair": (
        b'data: {"a":"\\ud83d"}\n\ndata: {"a":"\\ud83d\\ude80"}\n\n',
        [{"a": "�"}, {"a": "🚀"}],
        False,
    ),
}


def read(body: bytes, cut: int) -> tuple[list[JsonObject], bool]:
    reader = SseReader()
    found = [item for place in range(0, len(body), cut) for item in reader.feed(body[place : place + cut])]
    return apart([*found, *reader.close()]), reader.done


@pytest.mark.parametrize("cut", [1, 3, 10_000])
@pytest.mark.parametrize(("body", "objects", "done"), FRAMINGS.values(), ids=FRAMINGS)
def test_framing(body: bytes, objects: list[JsonObject], done: bool, cut: int) -> None:
    assert read(body, cut) == (objects, done)


@pytest.mark.parametrize("data", [b"{not json", b'"text"', b"3", b"[]"])
def test_data_that_is_no_object_becomes_an_error(data: bytes) -> None:
    (found,), _ = read(b"data: " + data + b"\n\n", 10_000)
    assert data.decode() in found["error"]["message"]


def test_events_come_as_soon_as_they_are_complete() -> None:
    reader = SseReader()
    assert reader.feed(b'data: {"a":1}\n') == []
    assert reader.feed(b"\n") == [{"a": 1}]
    assert reader.feed(b'data: {"b":2}\r\n\r') == []
    assert reader.feed(b"\n") == [{"b": 2}]


@given(st.integers(1, 200))
@settings(max_examples=30, deadline=None)
def test_recordings_cut_anywhere(cut: int) -> None:
    body = recording("utf8_stream.sse")
    assert read(body, cut) == read(body, len(body))


def test_one_event_of_megabytes_in_small_reads() -> None:
    body = b'data: {"a":"' + b"x" * 2_000_000 + b'"}\n\n'
    (found,), _ = read(body, 1000)
    assert len(found["a"]) == 2_000_000


def test_encode_names_the_event() -> None:
    event = {"type": "content_block_stop", "index": 3}
    head, data = encode(event).split(b"\n", 1)
    assert head == b"event: content_block_stop"
    assert data.endswith(b"\n\n")
    assert orjson.loads(data.removeprefix(b"data: ")) == event
    assert PING == b'event: ping\ndata: {"type":"ping"}\n\n'
