"""What a changed tool list costs on the real server: the reason for the rule of the loop breaker's third step.

Templates write the tools before the conversation. What stands behind the first difference is read again, and once more
when the tool comes back.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.real.conversing import cached_tokens, prompt_tokens, prose
from tests.real.proxy import Interlock
from tests.realserver.server import LlamaServer

TOOLS = 12
TURNS = 40
STALE = 7
"""Equal calls at the end of a session, with the last of which the loop breaker comes to its third step."""

WRITTEN = 100
"""Tokens of each answer: the model never ends by itself."""


@pytest.fixture(scope="module")
def server() -> Iterator[LlamaServer]:
    with LlamaServer("endless", window=16_384) as server:
        yield server


def tool(number: int) -> dict[str, Any]:
    """A declaration of some 190 tokens, as coding agents have them."""
    fields = {"path": {"type": "string", "description": prose(10, 100 + number)}, "limit": {"type": "integer"}}
    schema = {"type": "object", "properties": fields, "required": ["path"]}
    return {"name": f"tool_{number:02d}", "description": prose(30, number), "input_schema": schema}


def conversation(turns: int, stale: int = 0) -> list[dict[str, Any]]:
    """Turns that each call another tool, and then `stale` equal ones of the first tool."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": f"Task: {prose(40, 1)}"}]
    for number in range(turns + stale):
        place, name = (number, number % TOOLS) if number < turns else (-1, 0)
        call = {
            "type": "tool_use",
            "id": f"toolu_{number}",
            "name": f"tool_{name:02d}",
            "input": {"path": f"/{place}.py"},
        }
        result = {"type": "tool_result", "tool_use_id": call["id"], "content": prose(60, 1000 + place)}
        messages += [{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
    return messages


# -- on the server itself -------------------------------------------------------------------------------------------


def asked(server: LlamaServer, turns: int, **more: Any) -> tuple[int, int]:
    """Tokens of the prompt that the server had, and those that it read, by its own timings."""
    messages: list[dict[str, Any]] = [{"role": "system", "content": f"You are a coding agent. {prose(300, 2)}"}]
    for message in conversation(turns):
        [block, *_] = message["content"] if isinstance(message["content"], list) else [message]
        if message["role"] == "assistant":
            function = {"name": block["name"], "arguments": json.dumps(block["input"])}
            call = {"id": block["id"], "type": "function", "function": function}
            messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
        elif block.get("type") == "tool_result":
            messages.append({"role": "tool", "tool_call_id": block["tool_use_id"], "content": block["content"]})
        else:
            messages.append(message)
    body = {"messages": messages, "max_tokens": 4, "tool_choice": "none", "tools": declared(), **more}
    timings = server.http.post("/v1/chat/completions", json=body).json()["timings"]
    return int(timings["cache_n"]), int(timings["prompt_n"])


def declared(without: int = -1) -> list[dict[str, Any]]:
    tools = [tool(number) for number in range(TOOLS) if number != without]
    return [
        {"type": "function", "function": {"name": one["name"], "description": one["description"],
                                          "parameters": one["input_schema"]}}
        for one in tools
    ]  # fmt: skip


@pytest.mark.parametrize(("without", "least"), [(0, 0.9), (TOOLS // 2, 0.75), (TOOLS - 1, 0.6)])
def test_one_tool_less_has_the_conversation_read_again_and_once_more(
    server: LlamaServer, without: int, least: float
) -> None:
    asked(server, TURNS)
    had, read = asked(server, TURNS + 1)
    assert had > 0.95 * (had + read)
    for tools in (declared(without), declared()):
        had, read = asked(server, TURNS + 1, tools=tools)
        print(f"without tool {without + 1} of {TOOLS}: {read} of {had + read} tokens read again")
        assert read > least * (had + read)


def test_another_tool_choice_costs_nothing(server: LlamaServer) -> None:
    asked(server, TURNS)
    for choice in ("auto", "required", "none"):
        assert asked(server, TURNS, tool_choice=choice)[1] <= 4


# -- through the proxy ----------------------------------------------------------------------------------------------


def told(proxy: Interlock, messages: list[dict[str, Any]], tools: int) -> dict[str, Any]:
    body = {
        "model": "claude-local",
        "max_tokens": WRITTEN,
        "thinking": {"type": "disabled"},
        "system": f"You are a coding agent. {prose(300, 2)}",
        "tools": [tool(number) for number in range(tools)],
        "messages": messages,
    }
    headers = {"x-claude-code-session-id": "loop", "user-agent": "claude-cli/2.1.197 (external, cli)"}
    url = f"{proxy.base}/v1/messages"
    response = httpx.post(url, json=body, headers=headers, timeout=120.0, trust_env=False)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def cached_in_a_loop(server: LlamaServer, hide: str, turns: int, tools: int = TOOLS) -> float:
    """The share of the prompt that the server still had when the loop breaker came to its third step."""
    with Interlock(server.base, PROXY_LOOP_HIDE_TOOL=hide, PROXY_LOOP_END="off") as proxy:
        for stale in range(STALE + 1):
            answer = told(proxy, conversation(turns, stale), tools)
    return cached_tokens(answer) / prompt_tokens(answer)


@pytest.mark.parametrize(
    ("hide", "kept"),
    [("off", True), ("on", False), ("auto", True)],
    ids=["never", "always", "not where the prompt is worth more than the loop"],
)
def test_a_loop_late_in_a_session(server: LlamaServer, hide: str, kept: bool) -> None:
    share = cached_in_a_loop(server, hide, TURNS)
    print(f"{hide}: {share:.0%} of the prompt came from the cache")
    assert (share > 0.9) if kept else (share < 0.5)


def test_a_loop_early_in_a_session_loses_its_tool(server: LlamaServer) -> None:
    """Its prompt is short, so the answers that the loop had written cost more than to read it again."""
    assert cached_in_a_loop(server, "auto", 0, tools=3) < 0.5
