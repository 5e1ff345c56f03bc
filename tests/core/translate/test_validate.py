"""What is refused, and in which words."""

from __future__ import annotations

from typing import Any

import pytest

from proxy_core.translate.types import InvalidRequest
from proxy_core.translate.validate import validate_messages_request
from tests.core.translate.asking import assistant, body, call, result, system, text, tool, user

GO = user("go")


def nested(levels: int) -> Any:
    value: Any = {}
    for _ in range(levels):
        value = {"a": [value]}
    return value


def in_user(block: Any) -> dict[str, Any]:
    return body(user(block))


REFUSED: list[tuple[Any, str]] = [
    ([], "the request body must be a JSON object"),
    (None, "the request body must be a JSON object"),
    ({**body(GO), "model": None}, "model: must be the name of a model"),
    ({**body(GO), "max_tokens": None}, "max_tokens: must be a whole number of at least 1"),
    *[
        (body(GO, max_tokens=wrong), "max_tokens: must be a whole number of at least 1")
        for wrong in ("many", -5, 0, 1.5, True)
    ],
    (body(GO, messages="hello"), "messages: must be a list of messages"),
    (body(GO, messages={"role": "user"}), "messages: must be a list of messages"),
    (body(GO, messages=None), "messages: must be a list of messages"),
    (body(), "messages: must hold at least one message"),
    (body(GO, messages=["hello"]), "messages.0: must be an object with role and content"),
    (body(GO, {"content": "x"}), 'messages.1.role: must be "user", "assistant" or "system"'),
    (body({"role": ["user"], "content": "x"}), 'messages.0.role: must be "user", "assistant" or "system"'),
    (body({"role": "user"}), "messages.0.content: must be a string or a list of content blocks"),
    (body({"role": "user", "content": 5}), "messages.0.content: must be a string or a list of content blocks"),
    (in_user(7), "messages.0.content.0: must be a content block, an object with a type"),
    (in_user({"text": "x"}), "messages.0.content.0.type: must be the kind of block"),
    (in_user({"type": "text"}), "messages.0.content.0.text: must be a string"),
    (in_user({"type": "image"}), "messages.0.content.0.source: must be an object"),
    (in_user({"type": "image", "source": {"type": "base64"}}), "messages.0.content.0.source.data: must be a string"),
    (
        in_user({"type": "document", "source": {"type": "url", "url": ""}}),
        "messages.0.content.0.source.url: must be a non-empty string",
    ),
    (
        in_user({"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": 1}]}}),
        "messages.0.content.0.source.content.0.text: must be a string",
    ),
    (
        in_user({"type": "search_result", "content": None}),
        "messages.0.content.0.content: must be a string or a list of content blocks",
    ),
    (in_user(call("c1")), "messages.0.content.0: tool_use belongs in messages of the assistant"),
    (body(assistant(result("c1"))), "messages.0.content.0: tool_result belongs in messages of the user"),
    (body(system([{"type": "image"}])), "messages.0.content.0.type: a system message can only hold text"),
    (
        body(assistant({"type": "tool_use", "id": "c1", "input": {}})),
        "messages.0.content.0.name: must be a non-empty string",
    ),
    (
        body(assistant({"type": "tool_use", "name": "f", "input": {}})),
        "messages.0.content.0.id: must be a non-empty string",
    ),
    (
        body(GO, user({"type": "tool_result", "content": "x"})),
        "messages.1.content.0.tool_use_id: must be a non-empty string",
    ),
    (
        in_user(result("c1", 5)),
        "messages.0.content.0.content: must be a string or a list of content blocks",
    ),
    (in_user(result("c1", [{"type": "text"}])), "messages.0.content.0.content.0.text: must be a string"),
    (in_user(result("c1", is_error="yes")), "messages.0.content.0.is_error: must be true or false"),
    (
        body(assistant(call("c1", deep=nested(100)))),
        "messages.0.content.0.input: is nested deeper than 128 levels",
    ),
    (
        in_user({"type": "server_tool_use", "input": nested(400)}),
        "messages.0.content.0.input: is nested deeper than 128 levels",
    ),
    (body(GO, system=5), "system: must be a string or a list of content blocks"),
    (body(GO, system=[{"type": "image"}]), "system.0.type: the system prompt can only hold text"),
    (body(GO, system=[{"type": "text", "text": None}]), "system.0.text: must be a string"),
    (body(GO, tools={"name": "f"}), "tools: must be a list"),
    (body(GO, tools=["f"]), "tools.0: must be an object"),
    (body(GO, tools=[{"input_schema": {}}]), "tools.0.name: must be the tool's name"),
    (body(GO, tools=[tool("f"), tool("f")]), "tools.1.name: another tool is called 'f', too"),
    (body(GO, tools=[{"name": "f", "input_schema": []}]), "tools.0.input_schema: must be a JSON schema object"),
    (body(GO, tools=[{"name": "f", "description": 1}]), "tools.0.description: must be a string"),
    (body(GO, tools=[{"name": "f", "type": 1}]), "tools.0.type: must be a string"),
    (body(GO, tools=[tool("f", a=nested(100))]), "tools.0.input_schema: is nested deeper than 128 levels"),
    (body(GO, tool_choice="auto"), 'tool_choice: must be an object of type "auto", "any", "tool" or "none"'),
    (body(GO, tool_choice={"type": "tool"}), "tool_choice.name: must be the tool's name"),
    (
        body(GO, tool_choice={"type": "auto", "disable_parallel_tool_use": 1}),
        "tool_choice.disable_parallel_tool_use: must be true or false",
    ),
    (body(GO, temperature="hot"), "temperature: must be a number of at least 0"),
    (body(GO, top_p=-1), "top_p: must be a number of at least 0"),
    (body(GO, top_k=0.5), "top_k: must be a whole number of at least 0"),
    (body(GO, stream="yes"), "stream: must be true or false"),
    (body(GO, stop_sequences="END"), "stop_sequences: must be a list of strings"),
    (body(GO, stop_sequences=[1]), "stop_sequences: must be a list of strings"),
    (body(GO, metadata=[]), "metadata: must be an object"),
    (body(GO, metadata={"user_id": 1}), "metadata.user_id: must be a string"),
    (body(GO, thinking="on"), "thinking: must be an object"),
    (body(GO, thinking={"type": "on"}), 'thinking.type: must be "enabled", "disabled" or "adaptive"'),
    (
        body(GO, thinking={"type": "enabled", "budget_tokens": "1k"}),
        "thinking.budget_tokens: must be a whole number of at least 1",
    ),
    (body(GO, output_config={"effort": 3}), "output_config.effort: must be a string"),
    (
        body(GO, output_config={"format": {"type": "json_schema"}}),
        'output_config.format: must be an object of type "json_schema" with a schema',
    ),
    (
        body(GO, output_format={"type": "json_schema", "schema": nested(100)}),
        "output_format.schema: is nested deeper than 128 levels",
    ),
]


@pytest.mark.parametrize(
    ("given", "message"), REFUSED, ids=[f"{i}-{message}" for i, (_, message) in enumerate(REFUSED)]
)
def test_refused(given: Any, message: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        validate_messages_request(given)
    assert str(refusal.value) == message


@pytest.mark.parametrize(
    "given",
    [
        body(GO, assistant("a"), system("note")),
        body({"role": "user", "content": []}),
        body(GO, new_field={"x": 1}, betas=["y"]),
        in_user({"type": "hologram", "anything": nested(600)}),
        in_user({"type": "hologram", "text": "t", "cache_control": {"type": "ephemeral"}}),
        body(GO, tools=[{"type": "mcp_toolset", "mcp_server_name": "s"}, {"type": "web_search_1", "name": "w"}]),
        body(GO, system=None, tools=None, tool_choice=None, thinking=None, output_config=None, stop_sequences=None),
        body(GO, thinking={"type": "enabled"}),
        body(assistant(call("c1", deep=nested(60))), user(result("c1", None), text("x"))),
    ],
)
def test_accepted_as_it_is(given: Any) -> None:
    assert validate_messages_request(given) is given


def test_counting_needs_no_max_tokens() -> None:
    request = body(GO)
    del request["max_tokens"]
    assert validate_messages_request(request, need_max_tokens=False) is request
    with pytest.raises(InvalidRequest, match="max_tokens"):
        validate_messages_request({**request, "max_tokens": "x"}, need_max_tokens=False)
