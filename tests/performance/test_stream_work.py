"""What a chunk of a stream costs on its way through reader, converter, guardrails and writer, in function calls.

The bounds lie a few calls above what it is now; the long way of the converter alone would take three times as many.
"""

import pytest

from benchmarks.upstream import answer
from proxy_core.guardrails.rails import Rails, RailsPolicy
from proxy_core.translate.sse import SseReader, encode
from proxy_core.translate.stream import StreamConverter
from tests.performance.counting import calls_in

CHUNKS = 400
SCHEMAS = {"tool_00": {"type": "object", "properties": {"content": {"type": "string"}}}}
POLICY = RailsPolicy(frozenset(), mend_calls=True, cut_repetition=True, raw_calls=False)


def reads(kind: str, per_write: int) -> list[bytes]:
    """The stream's bytes without HTTP's chunk marks, as they are read."""
    first, *writes = answer(kind, CHUNKS, per_write)
    lines = [line for data in (first.partition(b"\r\n\r\n")[2], *writes) for line in [data.split(b"\r\n")[1::2]]]
    return [b"".join(parts) for parts in lines]


def travel(pieces: list[bytes]) -> bytes:
    reader, rails = SseReader(), Rails(POLICY, SCHEMAS)
    converter = StreamConverter(
        message_id="msg_1", model="m", input_tokens=5, tool_names=frozenset(SCHEMAS), tool_schemas=SCHEMAS
    )
    sent: list[bytes] = []
    for piece in pieces:
        events = [event for chunk in reader.feed(piece) for event in converter.feed(chunk)]
        sent += map(encode, rails.process(events))
    sent += map(encode, rails.process(converter.finish(done=reader.done)))
    return b"".join(sent + list(map(encode, rails.ending(converter.usage.wire()))))


@pytest.mark.parametrize(
    ("kind", "per_write", "most"),
    [
        pytest.param("text", 1, 25, id="text, chunk by chunk"),
        pytest.param("text", 64, 3, id="text, many chunks in one read"),
        pytest.param("reasoning", 1, 26, id="half reasoning, half text"),
        pytest.param("tool", 1, 21, id="arguments of a call"),
        pytest.param("tool", 64, 3, id="arguments of a call, many chunks in one read"),
    ],
)
def test_a_chunk_costs_few_calls(kind: str, per_write: int, most: int) -> None:
    pieces = reads(kind, per_write)
    whole = travel(pieces)
    assert whole.count(b" lorem ") == CHUNKS, "every chunk came through"
    cost = calls_in(lambda: travel(pieces)) / CHUNKS
    print(f"{cost:.1f} calls a chunk")
    assert cost <= most
