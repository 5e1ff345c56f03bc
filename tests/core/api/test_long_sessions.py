"""Sessions that outgrow the window of the model, as their clients live through them."""

from __future__ import annotations

import json
import re
from typing import Any

import anthropic
import httpx
import pytest

from .conftest import Proxy, StartProxy
from .scripted_upstream import DONE, Call, ScriptedUpstream, chunk

Message = dict[str, Any]

CLAUDE_CODE = {"user-agent": "claude-cli/2.1.197 (external, cli)", "x-claude-code-session-id": "a" * 32}
SDK = {"user-agent": "Anthropic/Python 2.12.0"}
TOOLS = [{"name": "Read", "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}}}]
SUMMARY = "Your task is to create a detailed summary of the conversation so far."
TOO_LONG = re.compile(r"prompt is too long: (\d+) tokens > (\d+) maximum")


class Model:
    """A model server with a window that calls a tool on every turn, and counts `characters` as one token."""

    def __init__(self, window: int = 4096, characters: float = 4.0) -> None:
        self.window = window
        self.characters = characters
        self.sizes: list[int] = []
        self.refused: list[int] = []

    def size(self, body: Message) -> int:
        prompt = json.dumps([body.get("tools"), body["messages"]], ensure_ascii=False)
        return round(len(prompt) / self.characters)

    async def __call__(self, call: Call) -> None:
        size = self.size(call.body)
        if size > self.window:
            self.refused.append(size)
            error = {"code": 400, "type": "exceed_context_size_error", "message": "request exceeds the context size"}
            await call.answer(400, {"error": error | {"n_prompt_tokens": size, "n_ctx": self.window}})
            return
        self.sizes.append(size)
        assert_pairs(call.body["messages"])
        usage = {"prompt_tokens": size, "completion_tokens": 20, "total_tokens": size + 20}
        if SUMMARY in json.dumps(call.body["messages"][-1]):
            await call.stream(chunk({"content": "All was well."}), chunk({}, "stop"), chunk(usage=usage), DONE)
            return
        number = len(self.sizes)
        function = {"name": "Read", "arguments": json.dumps({"path": f"/src/{number}.py"})}
        tool = {"index": 0, "id": f"call_{number}", "type": "function", "function": function}
        await call.stream(chunk({"tool_calls": [tool]}), chunk({}, "tool_calls"), chunk(usage=usage), DONE)


def assert_pairs(messages: list[Message]) -> None:
    """Every call is followed by its result, and no result stands alone."""
    waiting: list[str] = []
    for message in messages:
        if message["role"] == "tool":
            assert waiting.pop(0) == message["tool_call_id"]
        else:
            assert not waiting
            waiting = [call["id"] for call in message.get("tool_calls", ())]
    assert not waiting


def file_text(number: int, chars: int) -> str:
    """A file like no other."""
    return "".join(f"value_{number}_{line} = parse(token, {line})\n" for line in range(chars // 32))


def results_of(content: list[Any], number: int, chars: int) -> list[Message]:
    return [
        {"type": "tool_result", "tool_use_id": block["id"], "content": file_text(number, chars)}
        for block in content
        if block["type"] == "tool_use"
    ]


async def start(start_proxy: StartProxy, model: Model, **values: str) -> Proxy:
    proxy = await start_proxy(upstream=ScriptedUpstream(model), **values)
    await until_up(proxy)
    return proxy


async def until_up(proxy: Proxy) -> None:
    """Wait until the window is known."""
    while not proxy.engine.watch.facts.window and not proxy.engine.settings.current.context_window:
        await proxy.client.get("/health")


async def grow(
    client: httpx.AsyncClient, rounds: int, headers: Message, chars: int = 900
) -> tuple[list[httpx.Response], list[Message]]:
    """A scripted client: resends its whole history, and compacts when it is told that the prompt is too long."""
    history: list[Message] = [{"role": "user", "content": "Fix the failing tests."}]
    answers: list[httpx.Response] = []

    async def ask(messages: list[Message]) -> httpx.Response:
        body = {"model": "claude-x", "max_tokens": 512, "messages": messages, "tools": TOOLS}
        answers.append(await client.post("/v1/messages", json=body, headers=headers))
        return answers[-1]

    for number in range(rounds):
        answer = await ask(history)
        if answer.status_code == 400 and (told := TOO_LONG.search(answer.text)):
            assert int(told[1]) > int(told[2])
            summary = await ask([*history[:-4], {"role": "user", "content": SUMMARY}])
            assert summary.status_code == 200
            assert summary.json()["content"] == [{"type": "text", "text": "All was well."}]
            history = [{"role": "user", "content": "So far: All was well."}, *history[-4:]]
            answer = await ask(history)
        assert answer.status_code == 200, answer.text
        content = answer.json()["content"]
        history += [{"role": "assistant", "content": content}]
        history += [{"role": "user", "content": results_of(content, number, chars)}]
    return answers, history


@pytest.mark.parametrize("characters", [5.5, 4.0, 2.0, 1.3])
@pytest.mark.parametrize(("headers", "overflow"), [(SDK, "auto"), (CLAUDE_CODE, "prune")])
async def test_a_session_four_times_the_window_by_pruning(
    start_proxy: StartProxy, headers: Message, overflow: str, characters: float
) -> None:
    model = Model(characters=characters)
    proxy = await start(start_proxy, model, PROXY_OVERFLOW=overflow)
    answers, history = await grow(proxy.client, rounds := 70, headers, chars=round(256 * characters))
    assert len(answers) == rounds
    assert model.size({"messages": history}) > 4 * model.window
    pruned = proxy.events_of("context.pruned")
    assert 3 <= len(pruned) <= rounds / 3
    assert all(event.after < event.before for event in pruned)
    assert len(model.refused) <= 1, "what a refusal teaches is kept"


async def test_a_session_four_times_the_window_by_compaction(start_proxy: StartProxy) -> None:
    model = Model()
    proxy = await start(start_proxy, model, PROXY_OVERFLOW="compact")
    answers, _ = await grow(proxy.client, 70, CLAUDE_CODE)
    told = [answer for answer in answers if answer.status_code == 400]
    assert len(told) >= 4
    assert not proxy.events_of("context.pruned")
    assert not model.refused


async def test_auto_prunes_results_and_lets_claude_code_compact(start_proxy: StartProxy) -> None:
    model = Model()
    proxy = await start(start_proxy, model)
    answers, _ = await grow(proxy.client, 90, CLAUDE_CODE, chars=1700)
    assert 1 <= len([answer for answer in answers if answer.status_code == 400]) <= 12
    pruned = proxy.events_of("context.pruned")
    assert pruned
    assert not any(event.turns for event in pruned)
    assert not model.refused


async def test_the_real_sdk_works_on_for_four_windows(start_proxy: StartProxy) -> None:
    model = Model()
    proxy = await start(start_proxy, model)
    client = anthropic.AsyncAnthropic(base_url=f"http://127.0.0.1:{proxy.port}", api_key="x", max_retries=0)
    history: list[Any] = [{"role": "user", "content": "Fix the failing tests."}]
    sdk_tools: Any = TOOLS
    async with client:
        for number in range(70):
            async with client.messages.stream(
                model="claude-x", max_tokens=512, messages=history, tools=sdk_tools
            ) as stream:
                answer = await stream.get_final_message()
            assert answer.stop_reason == "tool_use"
            content = [block.model_dump() for block in answer.content]
            history += [{"role": "assistant", "content": content}]
            history += [{"role": "user", "content": results_of(content, number, 1000)}]
    assert model.size({"messages": history}) > 4 * model.window
    assert not model.refused


async def test_a_refusal_is_met_by_one_cut_and_one_more_try(start_proxy: StartProxy) -> None:
    """A server that cannot count, and whose tokens are twice as many: the second try fits."""
    model = Model(characters=1.6)
    proxy = await start(start_proxy, model)
    history: list[Message] = [{"role": "user", "content": "Fix the failing tests."}]
    for number in range(6):
        use: Message = {"type": "tool_use", "id": f"toolu_{number}", "name": "Read", "input": {"path": f"/{number}"}}
        history += [{"role": "assistant", "content": [use]}]
        history += [{"role": "user", "content": results_of([use], number, 1300)}]
    answer = await proxy.client.post("/v1/messages", json=proxy.body(messages=history, tools=TOOLS), headers=SDK)
    assert answer.status_code == 200
    assert len(model.refused) == 1
    (met,) = proxy.events_of("context.overflow")
    assert (met.tokens, met.limit, met.act) == (model.refused[0], 4096, "pruned and sent again")
    again = await proxy.client.post("/v1/messages", json=proxy.body(messages=history, tools=TOOLS), headers=SDK)
    assert again.status_code == 200
    assert len(model.refused) == 1
    first, second = proxy.upstream.calls[1].body, proxy.upstream.calls[2].body
    assert second["messages"] == first["messages"]


@pytest.mark.parametrize("overflow", ["auto", "prune", "compact"])
@pytest.mark.parametrize("headers", [SDK, CLAUDE_CODE])
async def test_what_cannot_be_cut_is_refused_in_the_words_on_which_clients_compact(
    start_proxy: StartProxy, overflow: str, headers: Message
) -> None:
    model = Model()
    proxy = await start(start_proxy, model, PROXY_OVERFLOW=overflow)
    body = proxy.body(messages=[{"role": "user", "content": file_text(1, 40_000)}])
    answer = await proxy.client.post("/v1/messages", json=body, headers=headers)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["type"] == "invalid_request_error"
    told = TOO_LONG.fullmatch(error["message"])
    assert told
    assert int(told[1]) > int(told[2])
    assert int(told[2]) <= 4096
    (met,) = proxy.events_of("context.overflow")
    assert (met.act, met.why) == (
        "refused",
        "the model server refused it; this first prompt, with its tools, is larger than the window",
    )


@pytest.mark.parametrize("headers", [SDK, CLAUDE_CODE])
async def test_a_refused_prompt_that_cannot_be_cut_is_not_sent_again(start_proxy: StartProxy, headers: Message) -> None:
    """A server whose tokens are many more than the estimate says, and a conversation that is all of the newest turn."""

    async def small(call: Call) -> None:
        message = "the request exceeds the available context size, try increasing it"
        details = {"code": 400, "message": message, "type": "exceed_context_size_error"}
        await call.answer(400, {"error": details | {"n_prompt_tokens": 45_000, "n_ctx": 40_000}})

    proxy = await start_proxy(upstream=ScriptedUpstream(small), PROXY_CONTEXT_WINDOW="40000")
    use: Message = {"type": "tool_use", "id": "toolu_1", "name": "Read", "input": {"path": "/1"}}
    history: list[Message] = [{"role": "user", "content": "Go."}, {"role": "assistant", "content": [use]}]
    history += [{"role": "user", "content": results_of([use], 1, 300)}]
    answer = await proxy.client.post("/v1/messages", json=proxy.body(messages=history, tools=TOOLS), headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "prompt is too long: 45000 tokens > 40000 maximum"
    assert len(proxy.upstream.calls) == 1
    assert [event.act for event in proxy.events_of("context.overflow")] == ["refused"]


async def test_only_output_too_long_is_sent_again_with_less(start_proxy: StartProxy) -> None:
    """vLLM refuses input and output together, and here has a smaller window than the operator says."""

    async def vllm(call: Call) -> None:
        if call.body["max_tokens"] > 3996:
            text = (
                "This model's maximum context length is 4096 tokens. However, you requested 5100 tokens (100 in the "
                "messages, 5000 in the completion). Please reduce the length of the messages or completion."
            )
            await call.answer(400, {"error": {"message": text, "type": "BadRequestError", "code": 400}})
            return
        await call.stream(chunk({"content": "fine"}), chunk({}, "stop"), DONE)

    proxy = await start_proxy(upstream=ScriptedUpstream(vllm), PROXY_CONTEXT_WINDOW="32768")
    answer = await proxy.client.post("/v1/messages", json=proxy.body(max_tokens=5000))
    assert answer.status_code == 200
    assert [call.body["max_tokens"] > 3996 for call in proxy.upstream.calls] == [True, False]
    assert [event.act for event in proxy.events_of("context.overflow")] == ["sent again with less room for the answer"]
    assert (await proxy.client.post("/v1/messages", json=proxy.body(max_tokens=5000))).status_code == 200
    assert len(proxy.upstream.calls) == 3, "the true window is remembered"


async def test_the_answer_is_capped_so_that_it_fits(start_proxy: StartProxy) -> None:
    proxy = await start(start_proxy, Model())
    asked = proxy.body(max_tokens=32_000, messages=[{"role": "user", "content": file_text(1, 4000)}])
    answer = await proxy.client.post("/v1/messages", json=asked)
    assert answer.status_code == 200
    sent = proxy.upstream.calls[0].body["max_tokens"]
    (capped,) = proxy.events_of("output.capped")
    assert (capped.before, capped.after, capped.window) == (32_000, sent, 4096)
    assert sent + capped.input_tokens < 4096 * 0.86


async def test_titles_are_never_cut_and_counts_are_true(start_proxy: StartProxy) -> None:
    proxy = await start(start_proxy, Model())
    schema = {"type": "object", "properties": {"title": {"type": "string"}}}
    rounds: list[Message] = [{"role": "user", "content": "go"}]
    for number in range(9):
        use: Message = {"type": "tool_use", "id": f"toolu_{number}", "name": "Read", "input": {}}
        rounds += [{"role": "assistant", "content": [use]}]
        rounds += [{"role": "user", "content": results_of([use], number, 1500)}]
    title = proxy.body(messages=rounds, output_config={"format": {"type": "json_schema", "schema": schema}})
    assert (await proxy.client.post("/v1/messages", json=title)).status_code == 200
    assert "removed" not in json.dumps(proxy.upstream.calls[0].body)
    count = await proxy.client.post("/v1/messages/count_tokens", json={"model": "claude-x", "messages": rounds})
    assert count.json()["input_tokens"] > 3500
    assert (await proxy.client.post("/v1/messages", json=proxy.body(messages=rounds))).status_code == 200
    assert "removed" in json.dumps(proxy.upstream.calls[1].body)


@pytest.mark.parametrize("stream", [True, False])
async def test_usage_in_the_terms_of_the_window_that_the_client_assumes(start_proxy: StartProxy, stream: bool) -> None:
    model = Model()
    proxy = await start(start_proxy, model, PROXY_USAGE_SCALE="200000")
    answer = await proxy.client.post("/v1/messages", json=proxy.body(stream=stream))
    scaled = round(model.sizes[0] * 200_000 / 4096)
    assert f'"input_tokens":{scaled},' in answer.text.replace(" ", "")
    assert proxy.engine.sessions.all()[0].monitor.last_input_tokens == model.sizes[0]
