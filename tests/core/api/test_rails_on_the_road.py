"""Agents with the real SDK before models that go in circles: every run ends; healthy ones are untouched."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from typing import Any

import anthropic
import pytest
from anthropic.lib.tools import BetaAsyncFunctionTool, beta_async_tool

from proxy_core.events import RequestFinished
from tests.gauntlet.flaws import dumped, native, text_of
from tests.gauntlet.model import Model
from tests.gauntlet.running import OFF, Gauntlet, gauntlet
from tests.gauntlet.sessions import Session
from tests.gauntlet.workplace import Results

from .conftest import Proxy, StartProxy
from .scripted_upstream import Call, ScriptedUpstream, chunk

JsonObject = dict[str, Any]
TURNS = 20
HUMAN = "(Interlock's loop breaker"


def same(name: str, arguments: JsonObject, number: int) -> tuple[str, bool]:
    return "content", False


def failing(name: str, arguments: JsonObject, number: int) -> tuple[str, bool]:
    return f"2026-01-01T10:00:{number % 60:02d}Z pid {number}: not found, after {number}.5s", True


def calling(pick: Callable[[int], tuple[str, JsonObject]]) -> Callable[[JsonObject], list[bytes]]:
    """A model that makes the n-th call whatever it was told; n is the number of results that it sees."""

    def answer(body: JsonObject) -> list[bytes]:
        name, arguments = pick(sum(message["role"] == "tool" for message in body["messages"]))
        return native([(name, dumped(arguments))])

    return answer


def read(path: str) -> tuple[str, JsonObject]:
    return "read_file", {"path": path}


LOOPS: dict[str, tuple[Callable[[JsonObject], list[bytes]], Results]] = {
    "a the same call": (calling(lambda n: read("/a")), same),
    "c two in turn": (calling(lambda n: read("/a" if n % 2 else "/b")), same),
    "d three in turn": (calling(lambda n: read(f"/{n % 3}")), same),
    "f a failing command": (calling(lambda n: ("bash", {"command": "make x"})), failing),
    "g near-identical failing edits": (
        calling(lambda n: ("write_file", {"path": "/a", "content": "x" + " " * (n % 5)})), failing,
    ),
}  # fmt: skip
HEALTHY: dict[str, tuple[list[tuple[str, JsonObject]], Results]] = {
    "b one tool, sixty files": (
        [read(f"/srv/{number}") for number in range(60)], lambda name, given, number: (f"file {number}", False)),
    "e polling, results change": (
        [("bash", {"command": "sleep 5; tail -1 log"})] * 60, lambda name, given, number: (f"{number} of 60", False)),
}  # fmt: skip


@pytest.fixture
async def place() -> AsyncIterator[Gauntlet]:
    async with gauntlet() as made:
        yield made


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("family", LOOPS)
async def test_a_loop_is_ended_with_a_reason(place: Gauntlet, family: str, stream: bool) -> None:
    instead, results = LOOPS[family]
    model = Model([], "", family, instead=instead)
    judged = await place.run(Session("loop", family, f"Do {family}.", model, results, hopeless=True), stream=stream)
    assert judged.run.failure == ""
    assert judged.run.turns <= TURNS
    assert HUMAN in judged.run.said
    assert len(model.bodies) == judged.run.turns - 1
    levels = [event.level for event in place.engine.events.since(0).events if event.kind == "loop.acted"]
    assert levels == [1, 2, 3, 4]


@pytest.mark.parametrize("family", HEALTHY)
async def test_sixty_healthy_turns_reach_the_model_as_without_guardrails(family: str) -> None:
    bodies: list[list[bytes]] = []
    for values in ({}, OFF):
        steps, results = HEALTHY[family]
        model = Model(steps, "It is done.", family)
        async with gauntlet(**values) as place:
            judged = await place.run(Session("healthy", family, f"Do {family}.", model, results), stream=True)
        assert judged.finished
        assert judged.run.turns == 61
        bodies.append([re.sub(rb'"call_[0-9a-f]+"', b'"id"', body) for body in model.bodies])
    assert bodies[0] == bodies[1]


async def test_notes_keep_the_prefix_of_the_prompt(place: Gauntlet) -> None:
    instead, results = LOOPS["d three in turn"]
    model = Model([], "", "prefix", instead=instead)
    await place.run(Session("loop", "prefix", "Keep the prefix.", model, results, hopeless=True), stream=True)
    sent = [json.loads(body)["messages"] for body in model.bodies]
    assert any("Note from the proxy" in json.dumps(messages) for messages in sent)
    for before, after in pairwise(sent):
        assert after[: len(before)] == before


@pytest.mark.parametrize("values", [{"PROXY_TOOL_CHOICE": "smart"}, {}])
async def test_a_model_that_obeys_required_for_ever_is_ended(values: dict[str, str]) -> None:
    def obeys(body: JsonObject) -> list[bytes]:
        forced = body.get("tool_choice") == "required"
        choices.append(forced)
        return native([("read_file", '{"path": "/a"}')]) if forced or len(choices) == 1 else text_of("I am done.")

    choices: list[bool] = []
    model = Model([], "", "required", instead=obeys)
    session = Session("loop", "required", "Call for ever.", model, same, hopeless=True)
    wish = {} if values else {"tool_choice": {"type": "any"}}
    async with gauntlet(**values) as place:
        judged = await place.run(session, stream=True, **wish)
    assert judged.run.failure == ""
    assert judged.run.turns <= TURNS
    assert judged.run.said == "I am done."
    assert choices[-1] is False


async def test_without_release_the_last_step_ends_it() -> None:
    model = Model([], "", "any", instead=LOOPS["a the same call"][0])
    session = Session("loop", "any", "Call for ever.", model, same, hopeless=True)
    async with gauntlet(PROXY_LOOP_RELEASE="off", PROXY_NO_PROGRESS_THRESHOLD="1000") as place:
        judged = await place.run(session, stream=False, tool_choice={"type": "any"})
    assert HUMAN in judged.run.said
    assert all(json.loads(body)["tool_choice"] == "required" for body in model.bodies)


async def test_a_monologue_is_ended(start_proxy: StartProxy) -> None:
    async def talk(call: Call) -> None:
        await call.stream(*text_of("I have looked at the parser. The router comes after that."))

    proxy = await start_proxy(upstream=ScriptedUpstream(talk))
    messages: list[JsonObject] = [{"role": "user", "content": "Do the work."}]
    for _ in range(TURNS):
        answer = (await proxy.client.post("/v1/messages", json=_with_tools(proxy, messages))).json()
        if HUMAN in answer["content"][0]["text"]:
            break
        messages += [{"role": "assistant", "content": answer["content"]}, {"role": "user", "content": "Continue."}]
    else:
        pytest.fail("never ended")
    assert "the same text was written" in answer["content"][0]["text"]


@pytest.mark.parametrize("stream", [True, False])
async def test_degenerate_text_is_cut(start_proxy: StartProxy, stream: bool) -> None:
    async def babble(call: Call) -> None:
        await call.start_stream()
        for _ in range(20_000):
            await call.send(chunk({"content": "and then the router again, "}))

    proxy = await start_proxy(upstream=ScriptedUpstream(babble))
    answer = await proxy.client.post("/v1/messages", json=_with_tools(proxy, None, stream=stream))
    assert "repeated itself, twice" in answer.text
    assert len(proxy.upstream.calls) == 2
    assert proxy.upstream.calls[1].body["frequency_penalty"] > 0
    [told] = proxy.events_of("answer.continued")
    assert told.why == "repetition"


async def test_endless_reasoning_is_cut(start_proxy: StartProxy) -> None:
    async def think(call: Call) -> None:
        await call.start_stream()
        for number in range(100_000):
            await call.send(chunk({"reasoning_content": f"What if it were {number}? That is no help either. "}))

    proxy = await start_proxy(upstream=ScriptedUpstream(think), PROXY_REASONING_LIMIT="20000")
    answer = (await proxy.client.post("/v1/messages", json=_with_tools(proxy, None))).json()
    assert [block["type"] for block in answer["content"]] == ["thinking", "text"]
    assert "did not come to an end" in answer["content"][1]["text"]
    assert len(proxy.upstream.calls) == 1


async def test_parallel_sessions_and_subagents_share_nothing(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    loop = _loop_messages(12)
    agent = {"x-claude-code-session-id": "s1", "x-claude-code-agent-id": "a1"}
    for headers, messages, ended in (
        ({"x-claude-code-session-id": "s1"}, loop, True),
        ({"x-claude-code-session-id": "s1"}, loop[:3], False),
        ({"x-claude-code-session-id": "s2"}, loop[:3], False),
        (agent, loop[:3], False),
        (agent, loop, True),
    ):
        answer = await proxy.client.post("/v1/messages", json=_with_tools(proxy, messages), headers=headers)
        assert (HUMAN in answer.text) is ended


async def test_an_answer_of_the_proxys_own_counts_as_no_work_of_the_model(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    ended = await proxy.client.post("/v1/messages", json=_with_tools(proxy, _loop_messages(12)))
    assert HUMAN in ended.text
    told = [event for event in proxy.engine.events.since(0).events if isinstance(event, RequestFinished)]
    assert [(event.asked, event.prompt_tokens, event.output_tokens, event.decode_rate) for event in told] == [
        (False, 0, 0, None)
    ]
    picture = proxy.engine.snapshot()
    assert (picture.totals.prompt_tokens, picture.totals.output_tokens) == (0, 0)
    assert not any(sample.decoded or sample.first_tokens for sample in picture.samples)


async def test_a_person_can_go_on_after_the_end(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    messages = _loop_messages(12)
    ended = (await proxy.client.post("/v1/messages", json=_with_tools(proxy, messages))).json()
    assert proxy.upstream.calls == []
    messages += [{"role": "assistant", "content": ended["content"]}, {"role": "user", "content": "continue"}]
    answer = (await proxy.client.post("/v1/messages", json=_with_tools(proxy, messages))).json()
    assert answer["content"][0]["text"] == "hello"


@pytest.mark.parametrize(
    ("changes", "headers"),
    [
        ({"tools": []}, {}),
        ({"tool_choice": {"type": "none"}}, {}),
        ({"messages": [{"role": "user", "content": "Your task is to create a detailed summary of it."}]}, {}),
        ({"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}}, {}),
    ],
)
async def test_where_a_stop_is_never_continued(start_proxy: StartProxy, changes: JsonObject, headers: Any) -> None:
    async def announce(call: Call) -> None:
        await call.stream(*text_of("Let me read the file."))

    proxy = await start_proxy(upstream=ScriptedUpstream(announce))
    await proxy.client.post("/v1/messages", json=_with_tools(proxy, None) | changes, headers=headers)
    assert len(proxy.upstream.calls) == 1


async def test_an_announcement_is_continued_once_for_each_human_message(start_proxy: StartProxy) -> None:
    async def announce(call: Call) -> None:
        await call.stream(*text_of("Let me read the file."))

    proxy = await start_proxy(upstream=ScriptedUpstream(announce))
    messages: list[JsonObject] = [{"role": "user", "content": "Go."}]
    counts: list[int] = []
    for word in ("Continue.", "Do the other one."):
        answer = (await proxy.client.post("/v1/messages", json=_with_tools(proxy, messages))).json()
        counts.append(len(proxy.upstream.calls))
        messages += [{"role": "assistant", "content": answer["content"]}, {"role": "user", "content": word}]
    await proxy.client.post("/v1/messages", json=_with_tools(proxy, messages))
    assert [*counts, len(proxy.upstream.calls)] == [2, 3, 5]


async def test_a_refused_grammar_is_remembered(start_proxy: StartProxy) -> None:
    async def strict(call: Call) -> None:
        if "(?=" in json.dumps(call.body["tools"]):
            message = "failed to parse grammar"
            await call.answer(400, {"error": {"message": message, "code": 400, "type": "invalid_request_error"}})
            return
        await call.stream(*text_of("fine"))

    proxy = await start_proxy(upstream=ScriptedUpstream(strict))
    tool = {
        "name": "x",
        "input_schema": {"type": "object", "properties": {"a": {"type": "string", "pattern": "(?=a)"}}},
    }
    for _ in range(3):
        answer = await proxy.client.post("/v1/messages", json=proxy.body(tools=[tool]))
        assert answer.status_code == 200
    assert len(proxy.upstream.calls) in {3, 4}


async def test_the_sdks_tool_runner_comes_to_its_end(start_proxy: StartProxy) -> None:
    """The runner begins with a thread, which is refused, and goes on with the whole history."""

    @beta_async_tool
    async def read_file(path: str) -> str:
        """Read a file.

        Args:
            path: its path
        """
        return "content"

    for model, word in ((_reads_then_answers, "All read."), (LOOPS["a the same call"][0], HUMAN)):
        proxy = await start_proxy(upstream=ScriptedUpstream(_answering(model)))
        said, turns = await _run_tools(proxy, read_file)
        assert word in said
        assert turns <= TURNS


async def _run_tools(proxy: Proxy, tool: BetaAsyncFunctionTool[Any]) -> tuple[str, int]:
    async with anthropic.AsyncAnthropic(api_key="x", base_url=f"http://127.0.0.1:{proxy.port}") as client:
        runner = client.beta.messages.tool_runner(
            model="claude-x", max_tokens=500, tools=[tool], messages=[{"role": "user", "content": "Read it."}]
        )
        said, turns = "", 0
        async for message in runner:
            turns += 1
            said = "".join(block.text for block in message.content if block.type == "text")
    return said, turns


def _answering(model: Callable[[JsonObject], list[bytes]]) -> Callable[[Call], Any]:
    async def answer(call: Call) -> None:
        await call.stream(*model(call.body))

    return answer


def _reads_then_answers(body: JsonObject) -> list[bytes]:
    read_already = any(message["role"] == "tool" for message in body["messages"])
    told = body["messages"][-1]["role"] == "user" and len(body["messages"]) > 1
    if read_already:
        return text_of("All read.")
    return native([("read_file", '{"path": "/a"}')]) if told else text_of("Let me read it.")


def _with_tools(proxy: Proxy, messages: list[JsonObject] | None, **changes: Any) -> JsonObject:
    tool = {"name": "read_file", "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}}}
    body = proxy.body(tools=[tool], max_tokens=4000, **changes)
    return body if messages is None else body | {"messages": messages}


def _loop_messages(times: int) -> list[JsonObject]:
    messages: list[JsonObject] = [{"role": "user", "content": "Go."}]
    for number in range(times):
        call = {"type": "tool_use", "id": f"t{number}", "name": "read_file", "input": {"path": "/a"}}
        result = {"type": "tool_result", "tool_use_id": f"t{number}", "content": "content"}
        messages += [{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
    return messages
