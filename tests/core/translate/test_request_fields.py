"""Everything of a request beside its messages and tools."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tests.core.translate.asking import body, tool, translate, user

GO = user("go")
STREAM = {"stream": True, "stream_options": {"include_usage": True}}
SCHEMA = {"type": "object", "properties": {"n": {"type": "string"}}, "required": ["n"]}
FORMAT = {"type": "json_schema", "schema": SCHEMA}


def fields_of(kind: str = "unknown", **fields: Any) -> dict[str, Any]:
    """What the fields become, without what every request has."""
    sent = translate(body(GO, **fields), server_kind=kind).body
    assert {key: sent.pop(key) for key in STREAM} == STREAM
    assert (sent.pop("model"), sent.pop("messages")) == ("served", [{"role": "user", "content": "go"}])
    return sent


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {}),
        ({"stream": False}, {}),
        ({"temperature": 0.7, "top_p": 0.9, "top_k": 40}, {"temperature": 0.7, "top_p": 0.9, "top_k": 40}),
        ({"temperature": 0, "top_k": 0}, {"temperature": 0, "top_k": 0}),
        ({"temperature": None, "tools": None, "thinking": None, "metadata": None}, {}),
        ({"stop_sequences": ["</b>", "", "\n"]}, {"stop": ["</b>", "\n"]}),
        ({"stop_sequences": []}, {}),
        ({"tools": []}, {}),
        ({"metadata": {"user_id": "u1"}}, {"user": "u1"}),
        ({"metadata": {"user_id": '{"device_id":"' + "0" * 64 + '"}'}}, {}),
        ({"context_management": {"edits": []}, "betas": ["x"], "service_tier": "auto", "new_field": 1}, {}),
    ],
)
def test_plain_fields(given: dict[str, Any], expected: dict[str, Any]) -> None:
    assert fields_of(**given) == {"max_tokens": 256, **expected}


def test_llama_cpp_is_asked_which_stop_sequence_it_was() -> None:
    sent = fields_of("llama.cpp", stop_sequences=["END"])
    assert sent == {"max_tokens": 256, "stop": ["END"], "verbose": True, "response_fields": ["stopping_word"]}
    assert fields_of("llama.cpp") == {"max_tokens": 256}


@pytest.mark.parametrize("tokens", [1, 100, 64000])
def test_max_tokens_is_the_clients(tokens: int) -> None:
    assert fields_of(max_tokens=tokens) == {"max_tokens": tokens}


OFF = {"thinking": {"type": "disabled"}, "output_config": {"effort": "high"}}
BUDGET = {"thinking": {"type": "enabled", "budget_tokens": 4000}}
ADAPTIVE = {"thinking": {"type": "adaptive"}}
LOW = {**ADAPTIVE, "output_config": {"effort": "low"}}
MAX = {"output_config": {"effort": "max"}}


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        ("llama.cpp", OFF, {"chat_template_kwargs": {"enable_thinking": False}}),
        ("llama.cpp", BUDGET, {"chat_template_kwargs": {"enable_thinking": True}, "thinking_budget_tokens": 4000}),
        ("llama.cpp", ADAPTIVE, {}),
        ("llama.cpp", LOW, {"chat_template_kwargs": {"reasoning_effort": "low"}, "reasoning_effort": "low"}),
        ("llama.cpp", MAX, {"chat_template_kwargs": {"reasoning_effort": "high"}, "reasoning_effort": "high"}),
        ("vllm", OFF, {"chat_template_kwargs": {"enable_thinking": False, "thinking": False}}),
        (
            "vllm",
            BUDGET,
            {"chat_template_kwargs": {"enable_thinking": True, "thinking": True}, "thinking_token_budget": 4000},
        ),
        ("vllm", MAX, {"chat_template_kwargs": {"reasoning_effort": "max"}, "reasoning_effort": "max"}),
        ("sglang", OFF, {"chat_template_kwargs": {"enable_thinking": False, "thinking": False}}),
        ("ollama", OFF, {"reasoning_effort": "none"}),
        ("ollama", ADAPTIVE, {}),
        ("unknown", OFF, {"reasoning_effort": "none"}),
        ("unknown", {"thinking": {"type": "enabled", "budget_tokens": 1024}}, {"reasoning_effort": "low"}),
        ("unknown", BUDGET, {"reasoning_effort": "medium"}),
        ("unknown", {"thinking": {"type": "enabled", "budget_tokens": 31999}}, {"reasoning_effort": "high"}),
        ("unknown", {**BUDGET, **LOW, "thinking": BUDGET["thinking"]}, {"reasoning_effort": "low"}),
        ("openrouter", OFF, {"reasoning": {"enabled": False}}),
        ("openrouter", BUDGET, {"reasoning": {"max_tokens": 4000}}),
        ("openrouter", LOW, {"reasoning": {"effort": "low"}}),
        ("openrouter", ADAPTIVE, {}),
    ],
)
def test_thinking_in_each_servers_words(kind: str, given: dict[str, Any], expected: dict[str, Any]) -> None:
    assert fields_of(kind, **given) == {"max_tokens": 256, **expected}


@pytest.mark.parametrize(
    ("kind", "given", "told"),
    [
        ("llama.cpp", MAX, [("effort max", "max", "high")]),
        ("vllm", MAX, []),
        ("llama.cpp", {**MAX, "thinking": {"type": "disabled"}}, []),
        ("unknown", {**MAX, "thinking": {"type": "disabled"}}, []),
        ("unknown", BUDGET, [("thinking budget", "4000 tokens", "medium")]),
        ("llama.cpp", {**BUDGET, **LOW, "thinking": BUDGET["thinking"]}, []),
        ("unknown", LOW, []),
    ],
)
def test_less_thinking_than_wished_is_told(kind: str, given: dict[str, Any], told: list[tuple[str, str, str]]) -> None:
    changes = translate(body(GO, **given), server_kind=kind).changes
    assert [(change.what, change.before, change.after) for change in changes] == told


@pytest.mark.parametrize("given", [{"output_config": {"format": FORMAT}}, {"output_format": FORMAT}])
def test_structured_output(given: dict[str, Any]) -> None:
    chat = translate(body(GO, **given))
    assert chat.structured
    assert chat.body["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "response", "schema": SCHEMA, "strict": True},
    }
    assert not translate(body(GO)).structured


def test_stop_sequences_are_reported_as_sent() -> None:
    assert translate(body(GO, stop_sequences=["a", "", "b"])).stop_sequences == ("a", "b")


def test_what_only_anthropic_can_run_is_told() -> None:
    chat = translate(body(GO, mcp_servers=[{"type": "url", "url": "https://h.example"}], container="c"))
    assert [change.what for change in chat.changes] == ["mcp_servers", "container"]
    assert "mcp_servers" not in chat.body


def test_counting_needs_no_max_tokens() -> None:
    request = body(GO)
    del request["max_tokens"]
    with pytest.raises(ValueError, match="max_tokens"):
        translate(request)


def test_cache_marks_are_gone_everywhere() -> None:
    mark = {"cache_control": {"type": "ephemeral"}}
    marked = body(
        user({"type": "text", "text": "q", **mark}),
        {"role": "assistant", "content": [{"type": "tool_use", "id": "c", "name": "f", "input": {}, **mark}]},
        user({"type": "tool_result", "tool_use_id": "c", "content": [{"type": "text", "text": "k", **mark}], **mark}),
        system=[{"type": "text", "text": "s", **mark}],
        tools=[{**tool("f"), **mark}],
    )
    assert b"cache_control" not in orjson.dumps(translate(marked).body)


def test_the_same_request_gives_the_same_bytes() -> None:
    request = body(GO, system="s", tools=[tool("b"), tool("a")], top_k=1, temperature=0.5, **BUDGET)
    once, again = (orjson.dumps(translate(request, server_kind="llama.cpp").body) for _ in range(2))
    assert once == again
    assert list(orjson.loads(once)) == [
        "model",
        "messages",
        "tools",
        "max_tokens",
        "temperature",
        "top_k",
        "chat_template_kwargs",
        "thinking_budget_tokens",
        "stream",
        "stream_options",
    ]
