"""What a client of POST /v1/messages lives through, on a real socket."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from .conftest import Proxy, StartProxy
from .scripted_upstream import DONE, USAGE, Call, ScriptedUpstream, chunk

CLAUDE_CODE = {"user-agent": "claude-cli/2.1.197 (external, sdk-cli)"}
SDK = {"user-agent": "Anthropic/Python 2.12.0"}
OPENCODE = {"user-agent": "opencode/1.18.33 ai-sdk/provider-utils/3.0.9 runtime/bun/1.3"}


def events_in(text: str) -> list[dict[str, Any]]:
    return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]


async def read_events(response: httpx.Response, count: int) -> list[dict[str, Any]]:
    """The first `count` events of a stream."""
    events: list[dict[str, Any]] = []
    async for line in response.aiter_lines():
        if line.startswith("data: "):
            events.append(json.loads(line[6:]))
            if len(events) == count:
                break
    return events


async def gone(call: Call, seconds: float = 1.0) -> bool:
    """Whether the proxy hangs up on the model server."""
    try:
        async with asyncio.timeout(seconds):
            await call.until_client_leaves()
    except TimeoutError:
        return False
    return True


async def silent(_: Call) -> None:
    """Never a byte."""
    await asyncio.Event().wait()


async def silent_after_headers(call: Call) -> None:
    """Headers, as llama.cpp sends them before prefill, then nothing."""
    await call.start_stream()
    await asyncio.Event().wait()


async def one_word_then_silent(call: Call) -> None:
    """A word, then nothing."""
    await call.start_stream()
    await call.send(chunk({"role": "assistant", "content": "word"}))
    await asyncio.Event().wait()


async def cut_after_a_word(call: Call) -> None:
    """A word, then the connection breaks."""
    await call.start_stream()
    await call.send(chunk({"role": "assistant", "content": "word"}))
    await call.cut()


async def test_a_plain_answer(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    answer = await proxy.client.post("/v1/messages", json=proxy.body())
    message = answer.json()
    assert answer.status_code == 200
    assert message["content"] == [{"type": "text", "text": "hello"}]
    assert (message["model"], message["stop_reason"]) == ("claude-x", "end_turn")
    assert (message["usage"]["input_tokens"], message["usage"]["output_tokens"]) == (12, 3)
    assert answer.headers["request-id"].startswith("req_")
    assert proxy.upstream.calls[0].body["stream"] is True


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages?beta=true", "/anthropic/v1/messages"])
async def test_a_streamed_answer(start_proxy: StartProxy, path: str) -> None:
    proxy = await start_proxy()
    answer = await proxy.client.post(path, json=proxy.body(stream=True))
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert [event["type"] for event in events_in(answer.text)] == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]


async def test_upstream_connections_are_used_again(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    await proxy.client.post("/v1/messages", json=proxy.body())
    before = proxy.upstream.connections
    for _ in range(5):
        await proxy.client.post("/v1/messages", json=proxy.body(stream=True))
    assert proxy.upstream.connections <= before + 1


async def test_pings_while_the_request_is_queued(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(upstream=ScriptedUpstream(silent), PROXY_PING_INTERVAL="0.2")
    async with proxy.client.stream("POST", "/v1/messages", json=proxy.body(stream=True)) as response:
        events = await read_events(response, 4)
    assert [event["type"] for event in events] == ["message_start", "ping", "ping", "ping"]
    assert events[0]["message"]["usage"]["input_tokens"] > 0


async def test_pings_during_prefill_and_in_a_pause(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(upstream=ScriptedUpstream(one_word_then_silent), PROXY_PING_INTERVAL="0.2")
    async with proxy.client.stream("POST", "/v1/messages", json=proxy.body(stream=True)) as response:
        events = await read_events(response, 5)
    assert [event["type"] for event in events][-2:] == ["ping", "ping"]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("script", [silent, silent_after_headers, one_word_then_silent])
async def test_a_client_that_leaves_stops_the_model(start_proxy: StartProxy, script: Any, stream: bool) -> None:
    proxy = await start_proxy(upstream=ScriptedUpstream(script))
    task = asyncio.create_task(proxy.client.post("/v1/messages", json=proxy.body(stream=stream)))
    call = await proxy.upstream.next_call()
    await asyncio.sleep(0.05)
    task.cancel()
    assert await gone(call)
    assert [event.by for event in proxy.events_of("request.cancelled")] == ["client"]
    assert proxy.engine.active == 0


async def test_a_refusal_before_content_keeps_its_status(start_proxy: StartProxy) -> None:
    async def refuse(call: Call) -> None:
        await call.answer(429, {"error": {"message": "slow down"}}, "retry-after: 7\r\n")

    proxy = await start_proxy(upstream=ScriptedUpstream(refuse))
    answer = await proxy.client.post("/v1/messages", json=proxy.body(stream=True))
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert answer.json()["error"]["type"] == "rate_limit_error"


async def test_an_error_inside_a_stream_before_content_keeps_a_status(start_proxy: StartProxy) -> None:
    async def fail(call: Call) -> None:
        await call.stream(chunk(error={"message": "no slot", "type": "server_error", "code": 500}))

    proxy = await start_proxy(upstream=ScriptedUpstream(fail))
    answer = await proxy.client.post("/v1/messages", json=proxy.body(stream=True))
    assert answer.status_code >= 500
    assert "no slot" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("headers", "setting", "cut"),
    [
        (CLAUDE_CODE, "auto", True),
        (OPENCODE, "auto", True),
        (SDK, "auto", False),
        (CLAUDE_CODE, "event", False),
        (SDK, "cut", True),
    ],
)
async def test_a_broken_stream_never_ends_well(
    start_proxy: StartProxy, headers: dict[str, str], setting: str, cut: bool
) -> None:
    proxy = await start_proxy(upstream=ScriptedUpstream(cut_after_a_word), PROXY_BROKEN_STREAM=setting)
    text, was_cut = "", False
    async with proxy.client.stream("POST", "/v1/messages", json=proxy.body(stream=True), headers=headers) as response:
        try:
            async for part in response.aiter_text():
                text += part
        except httpx.RemoteProtocolError:
            was_cut = True
    types = [event["type"] for event in events_in(text)]
    assert was_cut is cut
    assert "message_stop" not in types
    assert (types[-1] == "error") is not cut


async def test_a_broken_answer_is_an_error_for_a_plain_client(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(upstream=ScriptedUpstream(cut_after_a_word))
    answer = await proxy.client.post("/v1/messages", json=proxy.body())
    assert answer.status_code >= 500
    assert answer.json()["type"] == "error"


async def test_a_server_that_comes_up_late_is_waited_for(start_proxy: StartProxy) -> None:
    upstream = ScriptedUpstream()
    await upstream.start()
    await upstream.stop()
    proxy = await start_proxy(upstream=upstream, listening=False)
    task = asyncio.create_task(proxy.client.post("/v1/messages", json=proxy.body(stream=True)))
    await asyncio.sleep(0.4)
    await upstream.start(upstream.port)
    answer = await task
    assert answer.status_code == 200
    assert proxy.events_of("request.retried")


async def test_a_server_that_stays_away_is_a_true_503_or_so(start_proxy: StartProxy) -> None:
    upstream = ScriptedUpstream()
    await upstream.start()
    await upstream.stop()
    proxy = await start_proxy(upstream=upstream, listening=False, PROXY_CONNECT_RETRIES="1")
    answer = await proxy.client.post("/v1/messages", json=proxy.body(stream=True))
    assert answer.status_code in {502, 503, 529}
    assert "cannot be reached" in answer.json()["error"]["message"]


async def test_a_request_keeps_the_settings_it_started_with(start_proxy: StartProxy) -> None:
    release = asyncio.Event()

    async def only_reasoning(call: Call) -> None:
        await call.start_stream()
        await call.send(chunk({"reasoning_content": "I should look at the file first."}))
        await release.wait()
        await call.send(chunk({}, "stop"), USAGE, DONE)
        await call.end()

    proxy = await start_proxy(upstream=ScriptedUpstream(only_reasoning))
    first = asyncio.create_task(proxy.client.post("/v1/messages", json=proxy.body()))
    await proxy.upstream.next_call()
    result = proxy.engine.update({"PROXY_STREAM_REASONING_FALLBACK": "visible"}, "test")
    assert not result.errors
    release.set()
    blocks = [block["type"] for block in (await first).json()["content"]]
    assert "text" not in blocks
    second = await proxy.client.post("/v1/messages", json=proxy.body())
    assert "text" in [block["type"] for block in second.json()["content"]]
    assert [event.after for event in proxy.events_of("setting.changed")] == ["visible"]


async def test_shutting_down_tells_the_client(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(upstream=ScriptedUpstream(one_word_then_silent))
    task = asyncio.create_task(proxy.client.post("/v1/messages", json=proxy.body(stream=True)))
    await proxy.upstream.next_call()
    await asyncio.sleep(0.1)
    proxy.engine.begin_drain()
    refused = await proxy.client.post("/v1/messages", json=proxy.body())
    assert (refused.status_code, refused.json()["error"]["type"]) == (529, "overloaded_error")
    proxy.engine.end_turns()
    last = events_in((await task).text)[-1]
    assert (last["type"], last["error"]["type"]) == ("error", "overloaded_error")


@pytest.mark.parametrize(
    ("content", "status", "error"),
    [
        (b"{bad", 400, "invalid_request_error"),
        (b'{"model":"\xff\xfe"}', 400, "invalid_request_error"),
        (b"[" * 100_000, 400, "invalid_request_error"),
        (b'{"model":"m","max_tokens":5}', 400, "invalid_request_error"),
        (b" " * (2**20 + 1), 413, "request_too_large"),
    ],
)
async def test_bad_bodies_get_a_clear_answer(start_proxy: StartProxy, content: bytes, status: int, error: str) -> None:
    proxy = await start_proxy(PROXY_MAX_BODY_MB="1")
    answer = await proxy.client.post("/v1/messages", content=content)
    assert (answer.status_code, answer.json()["error"]["type"]) == (status, error)
    assert not proxy.upstream.calls


async def test_threads_are_refused_so_that_sdks_replay(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    answer = await proxy.client.post("/v1/messages", json=proxy.body(thread={"type": "create"}))
    assert answer.status_code == 400
    assert answer.json()["error"]["details"]["error_code"] == "thread_unsupported_request"


@pytest.mark.parametrize(("headers", "status"), [(CLAUDE_CODE, 403), (SDK, 401)])
async def test_a_refused_upstream_key(start_proxy: StartProxy, headers: dict[str, str], status: int) -> None:
    async def refuse(call: Call) -> None:
        await call.answer(401, {"error": {"message": "Invalid API Key", "type": "authentication_error"}})

    proxy = await start_proxy(upstream=ScriptedUpstream(refuse))
    answer = await proxy.client.post("/v1/messages", json=proxy.body(), headers=headers)
    assert answer.status_code == status


def overflow_of(proxy: Proxy) -> list[str]:
    return [event.message for event in proxy.events_of("request.failed")]


async def test_an_overflow_is_the_text_that_agents_compact_on(start_proxy: StartProxy) -> None:
    async def refuse(call: Call) -> None:
        message = "request (13392 tokens) exceeds the available context size (8192 tokens), try increasing it"
        error = {"code": 400, "type": "exceed_context_size_error", "message": message}
        await call.answer(400, {"error": {**error, "n_prompt_tokens": 13392, "n_ctx": 8192}})

    proxy = await start_proxy(upstream=ScriptedUpstream(refuse))
    answer = await proxy.client.post("/v1/messages", json=proxy.body(stream=True))
    assert answer.status_code == 400
    assert "prompt is too long: 13392 tokens > 8192 maximum" in answer.json()["error"]["message"]
    assert overflow_of(proxy)
    assert proxy.engine.window == 8192


async def test_operator_cancels_a_session(start_proxy: StartProxy) -> None:
    from proxy_core.commands import CancelSession

    proxy = await start_proxy(upstream=ScriptedUpstream(one_word_then_silent))
    task = asyncio.create_task(proxy.client.post("/v1/messages", json=proxy.body(stream=True)))
    call = await proxy.upstream.next_call()
    await asyncio.sleep(0.1)
    key = proxy.engine.sessions.all()[0].key
    result = await proxy.engine.command(CancelSession(key))
    assert result.ok
    assert events_in((await task).text)[-1]["type"] == "error"
    assert await gone(call)
