"""The scripted model server: llama.cpp's shapes, honest counts, and manners towards a person's own requests."""

from __future__ import annotations

import asyncio
import json
import shlex
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import httpx
import pytest

from console.demo import agents, completion
from console.demo.agents import SampleAgent
from console.demo.client import AssistantTurn
from console.demo.script import STUBBORN_STEPS, next_step
from console.demo.slots import KEPT_PROMPTS, Slots
from console.demo.stories import STORIES, Story
from console.demo.tool_set import TOOLS, run_tool
from console.demo.upstream import WINDOW, ScriptedUpstream
from console.demo.visitor import value_for
from console.demo.world import DemoWorld
from console.event_text import describe

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Weather of a place",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "unit": {"enum": ["C", "F"]}, "days": {"type": "integer"}},
            "required": ["city", "unit", "days"],
        },
    },
}


@pytest.fixture
async def http(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    monkeypatch.setattr(completion, "DECODE_RATE", 1e6)
    monkeypatch.setattr(completion, "PREFILL_RATE", 1e9)
    transport = httpx.ASGITransport(ScriptedUpstream())
    async with httpx.AsyncClient(transport=transport, base_url="http://model/v1") as client:
        yield client


def says(*texts: str, **more: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": text} for text in texts]
    return {"messages": messages, "stream": True, "stream_options": {"include_usage": True}, **more}


async def chunks(http: httpx.AsyncClient, body: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await http.post("chat/completions", json=body)
    assert answer.status_code == 200
    lines = [line for line in answer.text.split("\n\n") if line]
    assert lines[-1] == "data: [DONE]"
    return [json.loads(line.removeprefix("data: ")) for line in lines[:-1]]


def joined(stream: list[dict[str, Any]], key: str) -> str:
    deltas = (choice["delta"] for chunk in stream for choice in chunk["choices"])
    return "".join(delta.get(key) or "" for delta in deltas)


async def test_a_stream_has_progress_reasoning_text_and_usage(http: httpx.AsyncClient) -> None:
    stream = await chunks(http, says("Hello, who are you?", return_progress=True))
    progress = [chunk["prompt_progress"] for chunk in stream if "prompt_progress" in chunk]
    assert (progress[0]["processed"], progress[-1]["processed"]) == (0, progress[-1]["total"])
    assert joined(stream, "reasoning_content")
    assert "You wrote: “Hello, who are you?”" in joined(stream, "content")
    assert [c["finish_reason"] for chunk in stream for c in chunk["choices"] if c["finish_reason"]] == ["stop"]
    last = stream[-1]
    assert last["choices"] == []
    assert last["usage"]["total_tokens"] == last["usage"]["prompt_tokens"] + last["usage"]["completion_tokens"]
    assert last["timings"]["prompt_n"] + last["timings"]["cache_n"] == last["usage"]["prompt_tokens"]


async def test_the_same_question_gets_the_same_answer_and_finds_it_cached(http: httpx.AsyncClient) -> None:
    first, second = await chunks(http, says("Hello")), await chunks(http, says("Hello"))
    assert joined(first, "content") == joined(second, "content")
    assert first[-1]["usage"]["prompt_tokens_details"]["cached_tokens"] == 0
    usage = second[-1]["usage"]
    assert usage["prompt_tokens_details"]["cached_tokens"] == usage["prompt_tokens"] - 1


async def test_what_a_client_program_adds_to_the_words_is_not_echoed(http: httpx.AsyncClient) -> None:
    text = joined(await chunks(http, says("<system-reminder>be brief\n</system-reminder>\nHello")), "content")
    assert text.startswith("You wrote: “Hello”.")


async def test_not_streamed_is_the_same_in_one_object(http: httpx.AsyncClient) -> None:
    stream = await chunks(http, says("Hello"))
    answer = (await http.post("chat/completions", json={**says("Hello"), "stream": False})).json()
    assert answer["object"] == "chat.completion"
    assert answer["choices"][0]["message"]["content"] == joined(stream, "content")
    assert answer["usage"]["completion_tokens"] == stream[-1]["usage"]["completion_tokens"]


@pytest.mark.parametrize(
    ("more", "reason"),
    [({"max_tokens": 3}, "length"), ({"stop": ["demo model"]}, "stop"), ({"stop": "demo model"}, "stop")],
)
async def test_limits_are_honoured(http: httpx.AsyncClient, more: dict[str, Any], reason: str) -> None:
    stream = await chunks(http, says("Hello", chat_template_kwargs={"enable_thinking": False}, **more))
    assert joined(stream, "reasoning_content") == ""
    assert "demo model" not in joined(stream, "content")
    assert [c["finish_reason"] for chunk in stream for c in chunk["choices"] if c["finish_reason"]] == [reason]
    if reason == "length":
        assert stream[-1]["usage"]["completion_tokens"] == 3


@pytest.mark.parametrize(
    ("words", "choice", "called"),
    [
        ("What is the weather in Lisbon?", "auto", True),
        ("Hello", "auto", False),
        ("Hello", "required", True),
        ("What is the weather in Lisbon?", "none", False),
    ],
)
async def test_tools_are_called_when_they_fit_or_must(
    http: httpx.AsyncClient, words: str, choice: str, called: bool
) -> None:
    body = {**says(words, tools=[WEATHER], tool_choice=choice), "stream": False}
    answer = (await http.post("chat/completions", json=body)).json()["choices"][0]
    assert answer["finish_reason"] == ("tool_calls" if called else "stop")
    calls = answer["message"].get("tool_calls", [])
    assert [call["function"]["name"] for call in calls] == ["get_weather"] * called
    for call in calls:
        arguments = json.loads(call["function"]["arguments"])
        assert arguments == {"city": "Lisbon" if "Lisbon" in words else "demo", "unit": "C", "days": 1}


async def test_a_tool_result_is_answered_in_words(http: httpx.AsyncClient) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
    body = says("Weather?", tools=[WEATHER])
    body["messages"] += [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "21 degrees"},
    ]
    assert "21 degrees" in joined(await chunks(http, body), "content")


@pytest.mark.parametrize(
    ("name", "value"),
    [("command", "echo hello from the demo model"), ("file_path", "interlock-demo.txt"), ("query", "demo")],
)
def test_calls_on_a_persons_machine_do_no_damage(name: str, value: str) -> None:
    schema = {"type": "object", "properties": {name: {"type": "string"}}, "required": [name]}
    assert value_for(schema, "", "delete everything") == {name: value}


async def test_a_wanted_schema_is_answered_with_json(http: httpx.AsyncClient) -> None:
    schema = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}
    wanted = {"type": "json_schema", "json_schema": {"name": "t", "schema": schema}}
    assert json.loads(joined(await chunks(http, says("Name it", response_format=wanted)), "content")) == {
        "title": "demo"
    }


@pytest.mark.parametrize(
    ("path", "content", "status", "kind"),
    [
        ("chat/completions", b"{", 400, "invalid_request_error"),
        ("chat/completions", b"[]", 400, "invalid_request_error"),
        ("chat/completions", b"{}", 400, "invalid_request_error"),
        ("embeddings", b"{}", 404, "not_found_error"),
    ],
)
async def test_errors_have_llama_cpps_shape(
    http: httpx.AsyncClient, path: str, content: bytes, status: int, kind: str
) -> None:
    answer = await http.post(path, content=content)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["type"]) == (status, status, kind)


async def test_a_prompt_beyond_the_window_is_refused_with_numbers(http: httpx.AsyncClient) -> None:
    error = (await http.post("chat/completions", json=says("x" * WINDOW * 4))).json()["error"]
    assert error["type"] == "exceed_context_size_error"
    assert error["n_ctx"] == WINDOW < error["n_prompt_tokens"]


async def test_discovery_answers_as_llama_cpp_does(http: httpx.AsyncClient) -> None:
    root = "http://model"
    assert (await http.get(f"{root}/health")).json() == {"status": "ok"}
    props = (await http.get(f"{root}/props")).json()
    assert (props["default_generation_settings"]["n_ctx"], props["total_slots"]) == (WINDOW, 4)
    assert (await http.get("models")).json()["data"][0]["meta"]["n_ctx"] == WINDOW
    assert len((await http.get(f"{root}/slots")).json()) == 4
    assert len((await http.post(f"{root}/tokenize", json={"content": "12345678"})).json()["tokens"]) == 2
    counted = (await http.post("chat/completions/input_tokens", json=says("Hello"))).json()["input_tokens"]
    assert counted == (await chunks(http, says("Hello")))[-1]["usage"]["prompt_tokens"]
    assert (await http.get("nothing")).status_code == 404


def test_the_hint_is_an_event_whose_command_a_shell_understands() -> None:
    hint = DemoWorld.hint("http://127.0.0.1:4000")
    words = shlex.split(describe(hint).removeprefix("try it yourself: "))
    assert words[:2] == ["curl", "http://127.0.0.1:4000/v1/messages"]
    assert json.loads(words[-1])["messages"] == [{"role": "user", "content": "Hello"}]


async def test_slots_are_given_out_in_order_and_come_back() -> None:
    slots, order = Slots(1), []

    async def answer(name: str) -> None:
        async with slots.hold() as slot:
            assert slot.busy
            order.append(name)
            await asyncio.sleep(0)

    await asyncio.gather(*(answer(name) for name in "abc"))
    assert order == ["a", "b", "c"]
    assert not slots.all[0].busy


def test_prompts_are_remembered_as_far_as_they_agree() -> None:
    slots = Slots(1)
    slots.remember((("tools", 10), ("one", 5)))
    assert slots.known_tokens((("tools", 10), ("one", 5), ("two", 7))) == 15
    assert slots.known_tokens((("tools", 10), ("other", 5))) == 10
    assert slots.known_tokens((("tools", 10), ("one", 5))) == 14, "the last token is always read again"
    for number in range(KEPT_PROMPTS):
        slots.remember(((f"conversation {number}", 3),))
    assert slots.known_tokens((("tools", 10), ("one", 5))) == 0, "only the last prompts are kept"


def test_scripts_end_and_repeat_themselves() -> None:
    for story in STORIES:
        for task in story.tasks:
            replies = [next_step(story, task, step, 1) for step in range(STUBBORN_STEPS + 1)]
            assert replies == [next_step(story, task, step, 1) for step in range(STUBBORN_STEPS + 1)]
            steps = [bool(reply.calls) for reply in replies]
            assert steps == sorted(steps, reverse=True), "once it concludes, it calls nothing more"
            assert not steps[-1]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.label)
async def test_an_agents_history_stays_a_conversation_when_it_is_compacted(story: Story) -> None:
    async with httpx.AsyncClient() as http:
        agent = SampleAgent(story, "http://unused", "", http)
    agent._remember_the_morning()
    begun = len(agent._messages)
    agent._messages += [{"role": "user", "content": story.tasks[0]}]
    agent._compact()
    assert 3 <= len(agent._messages) < begun + 1
    roles = [message["role"] for message in agent._messages]
    assert roles[0] == roles[-1] == "user"
    assert all(before != after for before, after in pairwise(roles))


def test_a_stubborn_model_repeats_one_call_until_somebody_stops_it() -> None:
    (story,) = (story for story in STORIES if story.stubborn)
    assert story.stubborn == story.tasks[0], "it is seen early"
    calls = {str(next_step(story, story.stubborn, step, 1).calls) for step in range(1, STUBBORN_STEPS)}
    assert len(calls) == 1


async def test_a_history_is_bounded_even_when_nothing_ever_overflows(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths: list[int] = []

    async def ask(_http: object, _url: str, body: dict[str, Any], _headers: object) -> AssistantTurn:
        lengths.append(len(body["messages"]))
        return AssistantTurn([{"type": "text", "text": "Done."}], "end_turn")

    monkeypatch.setattr(agents, "ask", ask)
    async with httpx.AsyncClient() as http:
        agent = SampleAgent(STORIES[0], "http://unused", "", http)
    for _ in range(2 * agents.MOST_MESSAGES):
        await agent._do("one more thing")
    assert max(lengths) <= agents.MOST_MESSAGES


def test_everything_that_a_story_calls_is_declared_and_can_be_run() -> None:
    declared = {tool["name"]: tool["input_schema"] for tool in TOOLS}
    for story in STORIES:
        for task in story.tasks:
            for step in range(10):
                for call in next_step(story, task, step, 0).calls:
                    assert set(call.arguments) <= set(declared[call.name]["properties"])
                    assert set(declared[call.name]["required"]) <= set(call.arguments)
                    assert run_tool(story, call.name, call.arguments, completion.dice("x"))
