"""A turn costs what is new in it: to check, read and measure the history before it costs next to nothing."""

import functools

import orjson
import pytest

from benchmarks.bodies import conversation
from proxy_core.body_reading import BodyReader
from proxy_core.message_memory import MessageMemory
from proxy_core.threads import Thread
from proxy_core.translate.request import RequestOptions, to_chat_completions
from proxy_core.translate.validate import validate_messages_request
from proxy_core.translate.written import write
from proxy_core.upstream.outline import OutlineBook
from tests.performance.counting import calls_in

OPTIONS = RequestOptions(model="served")


class Road:
    """The work on a request, with the caches that live as long as the process."""

    def __init__(self, memory: MessageMemory | None = None) -> None:
        self.bodies = BodyReader(memory or MessageMemory())
        self.outlines = OutlineBook()
        self.thread = Thread()

    def travel(self, raw: bytes) -> bytes:
        recalled = self.bodies.read(raw)
        body = validate_messages_request(recalled.body, passed=recalled.valid, tools_passed=recalled.tools_valid)
        recalled.accept()
        assert len(recalled.keys) == len(body["messages"])
        read = recalled.reading(body["messages"], None).all()
        tools = recalled.tools.read(body, "unknown") if recalled.tools is not None else None
        chat = to_chat_completions(body, OPTIONS, read, tools, self.thread.conversation)
        self.thread.conversation = chat.conversation
        _, self.thread.begun = self.outlines.outline_from(chat.body, self.thread.begun)
        return write(chat.body)


@functools.cache
def sent(turns: int) -> bytes:
    whole = conversation(400_000, 100, 20)
    return orjson.dumps({"model": "m", **whole, "messages": whole["messages"][: 1 + 2 * turns]})


@pytest.mark.parametrize("turns", [25, 50, 99])
def test_a_turn_costs_a_fraction_of_what_the_conversation_cost_at_first(turns: int) -> None:
    raw = sent(turns + 1)
    cold = calls_in(lambda: Road().travel(raw))
    grown = Road()
    grown.travel(sent(turns))
    warm = calls_in(lambda: grown.travel(raw))
    print(f"{turns}: {cold} calls cold, {warm} warm")
    assert warm < cold * 0.08


def test_each_earlier_message_adds_few_calls() -> None:
    def turn(turns: int) -> int:
        road = Road()
        road.travel(sent(turns))
        raw = sent(turns + 1)
        return calls_in(lambda: road.travel(raw))

    each = (turn(99) - turn(49)) / 100
    print(f"{each:.1f} calls for each message of the history")
    assert each <= 5


@pytest.mark.parametrize("turns", [25, 50, 99])
def test_what_was_parsed_is_not_parsed_again(turns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[int] = []

    class Counting:
        JSONDecodeError = orjson.JSONDecodeError

        @staticmethod
        def loads(raw: bytes) -> object:
            parsed.append(len(raw))
            return orjson.loads(raw)

    monkeypatch.setattr("proxy_core.body_reading.orjson", Counting)
    road = Road()
    road.travel(sent(turns))
    road.travel(sent(turns + 1))
    whole, added = parsed
    assert whole == len(sent(turns))
    assert added < len(sent(turns + 1)) - len(sent(turns)) + 5000, "the new turn, and the system text"


@pytest.mark.parametrize("bound", [1, 20, 10_000])
def test_what_was_forgotten_changes_nothing(bound: int) -> None:
    road = Road(MessageMemory(most=bound, most_bytes=bound * 4000))
    for turns in (10, 11, 40, 12):
        body = orjson.loads(sent(turns))
        assert road.travel(sent(turns)) == orjson.dumps(to_chat_completions(body, OPTIONS).body)
