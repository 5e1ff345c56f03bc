"""What goes upstream for a turn begins, byte for byte, with what went for the turn before."""

from __future__ import annotations

import copy
from typing import Any

import orjson
import pytest

from tests.core.translate.asking import assistant, body, call, result, system, text, tool, translate, user

Json = dict[str, Any]

BILLING = "x-anthropic-billing-header: cc_version=2.1.{}; cc_entrypoint=cli;"
CACHED = {"cache_control": {"type": "ephemeral"}}


def sent(request: Json, kind: str = "llama.cpp") -> tuple[bytes, list[bytes]]:
    """The tools and the messages as they go out."""
    chat = translate(request, server_kind=kind).body
    return orjson.dumps(chat.get("tools")), [orjson.dumps(message) for message in chat["messages"]]


def asked(*messages: Json, **fields: Any) -> Json:
    system_blocks = [text(BILLING.format(1)), {**text("You are an agent."), **CACHED}]
    return body(*messages, **({"system": system_blocks, "tools": [tool("read"), tool("write")]} | fields))


def growing(*messages: Json) -> list[Json]:
    """A request for each user turn of a conversation."""
    return [asked(*messages[: end + 1]) for end, message in enumerate(messages) if message["role"] == "user"]


def moving_cache_control(request: Json) -> Json:
    """The mark on the last block of the last user message, as Claude Code sets it on every turn."""
    request = copy.deepcopy(request)
    last = request["messages"][-1]
    if isinstance(last["content"], str):
        last["content"] = [text(last["content"])]
    last["content"][-1] |= CACHED
    return request


CONVERSATION = (
    user("Fix the test."),
    system("Agent types: general."),
    assistant({"type": "thinking", "thinking": "hm", "signature": ""}, text("Looking."), call("a"), call("b")),
    user(result("b", "two"), result("a", "one")),
    assistant(text("")),
    user(text("<system-reminder>x</system-reminder>"), text("Go on.")),
    assistant(call("c", path="é", limit=3)),
    user(result("c", [text("three")], is_error=False), text("And now?")),
)


def begins_alike(turns: list[Json]) -> None:
    tools, before = sent(turns[0])
    for turn in turns[1:]:
        now_tools, now = sent(turn)
        assert now_tools == tools
        assert now[: len(before)] == before
        before = now


def test_as_it_grows() -> None:
    begins_alike(growing(*CONVERSATION)[1:])


def test_while_cache_control_moves() -> None:
    begins_alike([moving_cache_control(turn) for turn in growing(*CONVERSATION)[1:]])


def test_whatever_the_billing_line_says() -> None:
    turns = growing(*CONVERSATION)[1:]
    for number, turn in enumerate(turns):
        turn["system"][0] = text(BILLING.format(number))
    begins_alike(turns)


def changed(change: Any) -> Json:
    request = asked(*copy.deepcopy(CONVERSATION))
    change(request)
    return request


def results_in_completion_order(request: Json) -> None:
    request["messages"][3]["content"].reverse()


def keys_in_another_order(request: Json) -> None:
    request["messages"] = [dict(reversed(message.items())) for message in request["messages"]]
    for message in request["messages"]:
        if isinstance(message["content"], list):
            message["content"] = [dict(reversed(block.items())) for block in message["content"]]


def text_as_a_block(request: Json) -> None:
    request["messages"][0]["content"] = [text("Fix the test.")]


def result_as_a_string(request: Json) -> None:
    request["messages"][7]["content"][0]["content"] = "three"


def other_limits(request: Json) -> None:
    request |= {"max_tokens": 99, "temperature": 0.3, "metadata": {"user_id": "u2"}, "stream": True}


@pytest.mark.parametrize(
    "change",
    [
        results_in_completion_order,
        keys_in_another_order,
        text_as_a_block,
        result_as_a_string,
        other_limits,
    ],
)
@pytest.mark.parametrize("kind", ["llama.cpp", "vllm", "unknown"])
def test_the_same_said_differently_is_sent_the_same(change: Any, kind: str) -> None:
    assert sent(changed(change), kind) == sent(asked(*CONVERSATION), kind)


def test_a_side_request_between_two_turns_changes_nothing() -> None:
    turns = growing(*CONVERSATION)
    before = sent(turns[1])
    title = {"format": {"type": "json_schema", "schema": {"type": "object", "properties": {"title": {}}}}}
    sent(body(user("Fix the test."), output_config=title))
    sent({name: value for name, value in asked(*CONVERSATION).items() if name != "stream"})
    assert sent(turns[1]) == before
