"""The server itself behaves as the other tests assume, asked directly without a proxy."""

from __future__ import annotations

from typing import Any

from tests.realserver.server import LlamaServer

HELLO = [{"role": "user", "content": "Say hello."}]
TOOL: dict[str, Any] = {
    "type": "function",
    "function": {"name": "look", "parameters": {"type": "object", "properties": {}}},
}


def _complete(server: LlamaServer, **body: Any) -> dict[str, Any]:
    reply = server.http.post("/v1/chat/completions", json={"messages": HELLO, "max_tokens": 2000} | body)
    return reply.json()["choices"][0] if reply.is_success else reply.json()["error"]


def test_the_tiny_model_ends_its_turn(tiny: LlamaServer) -> None:
    assert _complete(tiny)["finish_reason"] == "stop"


def test_the_endless_model_writes_and_thinks_until_it_is_cut(endless: LlamaServer) -> None:
    thinking = _complete(endless, max_tokens=300)
    assert thinking["finish_reason"] == "length"
    assert thinking["message"]["reasoning_content"]
    talking = _complete(endless, max_tokens=300, chat_template_kwargs={"enable_thinking": False})
    assert talking["finish_reason"] == "length"
    assert talking["message"]["content"]


def test_the_calling_model_calls_when_it_must(calling: LlamaServer) -> None:
    reply = _complete(calling, tools=[TOOL], tool_choice="required", chat_template_kwargs={"enable_thinking": False})
    assert reply["finish_reason"] == "tool_calls"


def test_the_window_is_the_slots(endless: LlamaServer) -> None:
    assert endless.http.get("/props").json()["default_generation_settings"]["n_ctx"] == endless.window
    too_long = _complete(endless, messages=[{"role": "user", "content": "word " * 4000}])
    assert too_long["type"] == "exceed_context_size_error"
    assert too_long["n_prompt_tokens"] == endless.count({"messages": [{"role": "user", "content": "word " * 4000}]})
