"""What the proxy measures of each request, seen from outside: what goes upstream, /v1/context and the events."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from proxy_core.measurement import shared_memory_full
from proxy_core.translate.errors import ApiError
from proxy_core.translate.overflow import Overflow

from .conftest import Proxy, StartProxy
from .scripted_upstream import DONE, Call, ScriptedUpstream, chunk

SESSION = {"x-claude-code-session-id": "s1", "user-agent": "claude-cli/2.1.197 (external, cli)"}
TITLE = {"output_config": {"format": {"type": "json_schema", "schema": {"properties": {"title": {"type": "string"}}}}}}
WORDS = "The proxy reads the file and sends it on. " * 100
TOOLS = [{"name": name, "description": WORDS, "input_schema": {"type": "object"}} for name in ("Read", "Bash")]


def usage(prompt: int, cached: int) -> bytes:
    """The last chunk of llama.cpp."""
    return chunk(
        usage={
            "prompt_tokens": prompt,
            "completion_tokens": 3,
            "prompt_tokens_details": {"cached_tokens": cached},
        },
        timings={"cache_n": cached, "prompt_n": prompt - cached, "prompt_ms": 10.0, "predicted_n": 3},
    )


class Counting:
    """A model server that says "ok" and counts prompts as the test tells it: (prompt tokens, cached tokens)."""

    def __init__(self, *counts: tuple[int, int]) -> None:
        self._counts = list(counts)

    async def __call__(self, call: Call) -> None:
        await call.stream(chunk({"content": "ok"}, "stop"), usage(*self._counts.pop(0)), DONE)


async def started(start_proxy: StartProxy, *counts: tuple[int, int], **settings: str) -> Proxy:
    """A proxy that has found out what the server is."""
    proxy = await start_proxy(upstream=ScriptedUpstream(Counting(*counts)), **settings)
    async with asyncio.timeout(5):
        while proxy.engine.watch.state != "up":
            await asyncio.sleep(0.005)
    return proxy


async def ask(proxy: Proxy, *messages: Any, **more: Any) -> dict[str, Any]:
    said = [
        {"role": "user" if place % 2 == 0 else "assistant", "content": message}
        for place, message in enumerate(messages)
    ]
    answer = await proxy.client.post("/v1/messages", json=proxy.body(messages=said, **more), headers=SESSION)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def context(proxy: Proxy) -> dict[str, Any]:
    return (await proxy.client.get("/v1/context")).json()["sessions"][0]


async def test_llama_cpp_is_asked_for_its_progress_and_told_the_slot(start_proxy: StartProxy) -> None:
    proxy = await started(start_proxy, *[(500, 0)] * 3)
    await ask(proxy, "task")
    await ask(proxy, "a title, please", **TITLE)
    await ask(proxy, "task", "ok", "more")
    sent = [call.body for call in proxy.upstream.calls]
    assert [body["id_slot"] for body in sent] == [0, 1, 0]
    assert all(body["return_progress"] is True for body in sent)
    assert (await context(proxy))["prefix"]["slot"] == 0


async def test_the_slot_is_a_live_setting(start_proxy: StartProxy) -> None:
    proxy = await started(start_proxy, *[(500, 0)] * 2)
    await ask(proxy, "task")
    proxy.engine.update({"PROXY_SIDE_SLOT": "off"}, "test")
    await ask(proxy, "task", "ok", "more")
    assert ["id_slot" in call.body for call in proxy.upstream.calls] == [True, False]


async def test_another_server_is_sent_neither(start_proxy: StartProxy) -> None:
    proxy = await started(start_proxy, (500, 0))
    proxy.engine.watch.facts = type(proxy.engine.watch.facts)(kind="vllm", model="tiny", window=4096)
    await ask(proxy, "task")
    assert not {"id_slot", "return_progress"} & set(proxy.upstream.calls[0].body)


async def opening_tokens(proxy: Proxy, *messages: str) -> int:
    """`input_tokens` of the message_start: what is known before the answer."""
    said = [
        {"role": "user" if place % 2 == 0 else "assistant", "content": message}
        for place, message in enumerate(messages)
    ]
    answer = await proxy.client.post("/v1/messages", json=proxy.body(messages=said, stream=True), headers=SESSION)
    first = next(line for line in answer.text.splitlines() if line.startswith("data: "))
    return json.loads(first[6:])["message"]["usage"]["input_tokens"]


async def test_the_opening_figure_rests_on_the_turn_before(start_proxy: StartProxy) -> None:
    """The server counts three times what the estimate says; the second turn knows, and estimates only what is new."""
    proxy = await started(start_proxy, (3000, 0), (3030, 2990), (3060, 3020))
    first = await opening_tokens(proxy, WORDS)
    assert 700 <= first <= 1300
    second = await opening_tokens(proxy, WORDS, "ok", "more")
    assert 3005 <= second <= 3100
    assert await opening_tokens(proxy, WORDS, "ok", "more") == 3030
    assert (await context(proxy))["input_tokens_source"] == "exact"


async def test_what_fills_the_window(start_proxy: StartProxy) -> None:
    proxy = await started(start_proxy, (2000, 0), (3000, 0))
    call = {"type": "tool_use", "id": "a", "name": "Read", "input": {"file_path": "/x"}}
    result = {"type": "tool_result", "tool_use_id": "a", "content": WORDS}
    await ask(proxy, "task", [call], [result], system=WORDS, tools=TOOLS)
    fill = (await context(proxy))["window_fill"]
    assert sum(fill.values()) == pytest.approx(2000, abs=4)
    assert set(fill) == {"tools", "system", "files", "calls", "chat"}
    assert fill["tools"] == pytest.approx(2 * fill["system"], rel=0.2)
    assert fill["files"] == pytest.approx(fill["system"], rel=0.1)


async def test_a_broken_prefix_is_an_event_with_its_cause(start_proxy: StartProxy) -> None:
    proxy = await started(start_proxy, (3000, 0), (3050, 2995), (3080, 0), (3200, 100))
    await ask(proxy, WORDS, system="Be brief.")
    await ask(proxy, WORDS, "ok", "more", system="Be brief.")
    assert proxy.events_of("prefix.broken") == []
    await ask(proxy, WORDS, "ok", "more", system="Be long.")
    (event,) = proxy.events_of("prefix.broken")
    assert (event.cause, event.detail) == ("system", "the system text changed")
    assert event.prefilled == event.prompt_tokens == 3080
    assert 2900 <= event.lost <= 3080
    await ask(proxy, WORDS, "ok", "more", "ok", "go on", system="Be long.")
    *_, lost = proxy.events_of("prefix.broken")
    assert (lost.cause, lost.lost) == ("unexplained", 2980)
    figures = (await context(proxy))["prefix"]
    assert figures["breaks"] == {"system": 1, "unexplained": 1}
    assert figures["total_lost_tokens"] == event.lost + 2980
    assert [turn["cause"] for turn in figures["recent_turns"]] == ["first", "", "system", "unexplained"]


async def test_other_requests_in_between_are_named(start_proxy: StartProxy) -> None:
    proxy = await started(start_proxy, (3000, 0), (200, 0), (3050, 10))
    await ask(proxy, WORDS)
    await ask(proxy, "a title, please", **TITLE)
    await ask(proxy, WORDS, "ok", "more")
    (event,) = proxy.events_of("prefix.broken")
    assert event.cause == "server cache"
    assert "1 other requests ran in between" in event.detail


async def test_reordered_tools_break_nothing(start_proxy: StartProxy) -> None:
    proxy = await started(start_proxy, (3000, 0), (3050, 2990))
    await ask(proxy, WORDS, tools=TOOLS)
    await ask(proxy, WORDS, "ok", "more", tools=TOOLS[::-1])
    first, second = (call.body["tools"] for call in proxy.upstream.calls)
    assert first == second
    assert proxy.events_of("prefix.broken") == []


def overflowing(tokens: int) -> ApiError:
    return ApiError(400, "invalid_request_error", "prompt is too long", overflow=Overflow(tokens, 4096))


@pytest.mark.parametrize(
    ("error", "tokens", "expected"),
    [
        (ApiError(500, "api_error", "Context size has been exceeded."), 1000, True),
        (ApiError(500, "api_error", "Context size has been exceeded."), 4000, False),
        (ApiError(500, "api_error", "Context size has been exceeded."), 0, False),
        (ApiError(500, "api_error", "something else"), 1000, False),
        (overflowing(5000), 1000, False),
    ],
)
def test_when_slots_are_taken_to_share_their_memory(error: ApiError, tokens: int, expected: bool) -> None:
    assert shared_memory_full(error, tokens, 4096) is expected


async def test_a_prompt_is_shown_while_it_is_read(start_proxy: StartProxy) -> None:
    """First as it is estimated, then as the server tells with its progress, and in the end as its usage says."""
    told, over = asyncio.Event(), asyncio.Event()

    async def reads_slowly(call: Call) -> None:
        await call.start_stream()
        await told.wait()
        await call.send(chunk(prompt_progress={"total": 4000, "cache": 0, "processed": 1000, "time_ms": 900}))
        await over.wait()
        await call.send(chunk({"content": "ok"}, "stop"), usage(4001, 0), DONE)
        await call.end()

    proxy = await start_proxy(upstream=ScriptedUpstream(reads_slowly), PROXY_CONTEXT_WINDOW="5000")

    async def shown(wanted: str) -> tuple[int, str, str]:
        async with asyncio.timeout(5):
            while True:
                proxy.engine._refresh()
                (view,) = proxy.engine.snapshot().sessions
                assert view.utilisation == view.tokens / 5000
                if wanted in {view.count_label, view.phase}:
                    return view.tokens, "~" if view.estimated else "", view.level
                await asyncio.sleep(0.005)

    asking = asyncio.create_task(ask(proxy, WORDS))
    await proxy.upstream.next_call()
    tokens, mark, _ = await shown("estimate")
    assert (500 < tokens < 2000, mark) == (True, "~")
    told.set()
    assert await shown("exact") == (4000, "", "warning")
    over.set()
    await asking
    assert await shown("idle") == (4001, "", "warning")
