"""What the proxy tells of a real server's slots and memory, through the interface that a console asks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
from anthropic import AsyncAnthropic

from proxy_core.upstream.load import EVERY, metric
from tests.real.asking import ask
from tests.real.proxy import Interlock
from tests.realserver.server import LlamaServer

SECONDS = 30.0
DRAFTING: dict[str, Any] = {
    "speculative.types": [6],  # COMMON_SPECULATIVE_TYPE_NGRAM_SIMPLE: drafts what followed the same words before
    "speculative.ngram_simple.size_n": 1,
    "speculative.ngram_simple.size_m": 4,
}


async def picture(proxy: Interlock) -> dict[str, Any]:
    """What a console sees."""
    async with httpx.AsyncClient(base_url=proxy.base, trust_env=False) as http:
        return (await http.get("/_console/snapshot")).json()["snapshot"]


async def seen(proxy: Interlock, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The load once it is as wanted; asked for again and again, as a console does."""
    async with asyncio.timeout(SECONDS):
        while True:
            load = (await picture(proxy))["upstream"]["load"]
            if load is not None and wanted(load):
                return load
            await asyncio.sleep(0.2)


@asynccontextmanager
async def working(client: AsyncAnthropic, agents: int) -> AsyncGenerator[None]:
    """So many requests at once, until the block ends."""
    tasks = [asyncio.create_task(ask(client, f"Work on part {n}.", stream=True, max_tokens=900)) for n in range(agents)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_slots_queue_and_memory_of_a_busy_server() -> None:
    with LlamaServer("slow", slots=2, window=2048) as server, Interlock(server.base) as proxy:
        idle = await seen(proxy, lambda _: True)
        assert idle == {"busy": 0, "queued": 0, "held": None, "used": None, "fullest": None, "drafting": False}
        async with proxy.client() as client, working(client, agents=4):
            busy = await seen(proxy, lambda load: load["queued"] == 2)
            assert busy["busy"] == 2
            fuller = await seen(proxy, lambda load: (load["held"] or 0) > (busy["held"] or 0))
            assert 0 < fuller["fullest"] < 1
            assert fuller["held"] <= 2 * 2048
        rest = await seen(proxy, lambda load: load["busy"] == 0)
        assert rest["queued"] == 0
        assert rest["held"] > 0, "a slot keeps what it read last"


async def test_a_server_without_slots_and_metrics_is_served_and_tells_nothing() -> None:
    with LlamaServer("tiny", endpoint_slots=False, endpoint_metrics=False) as server, Interlock(server.base) as proxy:
        async with proxy.client() as client:
            await ask(client, "Hello.", stream=True, max_tokens=30)
        async with asyncio.timeout(SECONDS):
            while (await picture(proxy))["upstream"]["state"] != "up":
                await asyncio.sleep(0.1)
        for _ in range(2 * int(EVERY)):
            upstream = (await picture(proxy))["upstream"]
            assert (upstream["state"], upstream["kind"], upstream["load"]) == ("up", "llama.cpp", None)
            await asyncio.sleep(0.7)


async def test_one_slot_has_its_memory_for_itself() -> None:
    with LlamaServer("tiny", window=2048, endpoint_metrics=False) as server, Interlock(server.base) as proxy:
        async with proxy.client() as client:
            answer = await ask(client, "Hello.", stream=True, max_tokens=30)
        usage = answer.usage
        tokens = usage.input_tokens + (usage.cache_read_input_tokens or 0) + usage.output_tokens
        load = await seen(proxy, lambda load: load["held"] and load["busy"] == 0)
        assert load["queued"] is None
        assert abs(load["held"] - tokens) <= 1, "the last token was never read again"
        assert load["used"] == load["fullest"] == load["held"] / 2048


async def test_how_many_drafts_were_accepted() -> None:
    with LlamaServer("endless", **DRAFTING) as server, Interlock(server.base) as proxy:
        async with proxy.client() as client:
            await ask(client, "Hello. " * 40, stream=True, max_tokens=600)
        assert (await seen(proxy, lambda _: True))["drafting"] is True
        totals = (await picture(proxy))["totals"]
        counted = server.http.get("/metrics").text
    assert totals["drafted_tokens"] > 0
    assert totals["drafted_tokens"] == metric(counted, "spec_decode_num_draft_tokens_total")
    assert totals["accepted_tokens"] == metric(counted, "spec_decode_num_accepted_tokens_total")
