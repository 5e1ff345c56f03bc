"""Models, health, context, counting, and what is not there."""

from __future__ import annotations

import asyncio

import pytest

from .conftest import Proxy, StartProxy
from .scripted_upstream import ScriptedUpstream


async def until_up(proxy: Proxy) -> None:
    async with asyncio.timeout(5):
        while proxy.engine.watch.state != "up":
            await asyncio.sleep(0.01)


async def test_the_real_model_and_names_that_claude_code_lists(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    await until_up(proxy)
    ids = [model["id"] for model in (await proxy.client.get("/v1/models?limit=1000")).json()["data"]]
    assert "tiny" in ids
    assert any(name.startswith("claude") for name in ids)
    for name in ids:
        assert (await proxy.client.get(f"/v1/models/{name}")).json()["id"] == name
    assert (await proxy.client.get("/v1/models/nonsense")).status_code == 404


async def test_health_says_how_the_model_server_is(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    await until_up(proxy)
    health = (await proxy.client.get("/health")).json()
    assert (health["status"], health["model"], health["context_window"]) == ("ok", "tiny", 4096)


async def test_health_is_degraded_without_a_model_server(start_proxy: StartProxy) -> None:
    upstream = ScriptedUpstream()
    await upstream.start()
    await upstream.stop()
    proxy = await start_proxy(upstream=upstream, listening=False)
    answer = await proxy.client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")


async def test_context_has_the_figures_of_the_session(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    await until_up(proxy)
    headers = {"x-claude-code-session-id": "0f0e0d0c-1111-2222-3333-444455556666"}
    await proxy.client.post("/v1/messages", json=proxy.body(), headers=headers)
    figures = (await proxy.client.get("/v1/context")).json()
    assert figures["active_session_id"] == headers["x-claude-code-session-id"]
    assert (figures["last_input_tokens"], figures["context_window"], figures["warning_level"]) == (12, 4096, "ok")
    assert figures["utilization"] == round(12 / 4096, 4)
    assert len(figures["sessions"]) == 1
    assert (await proxy.client.get("/v1/context?session_id=unknown")).status_code == 404


async def test_counting_does_not_generate(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
    answer = await proxy.client.post("/v1/messages/count_tokens?beta=true", json=body)
    assert answer.json()["input_tokens"] >= 1
    assert not proxy.upstream.calls


async def test_counting_that_fails_has_the_shape_of_the_api(
    start_proxy: StartProxy, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    proxy = await start_proxy()

    async def broken(_: object) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(proxy.engine, "count_tokens", broken)
    answer = await proxy.client.post("/v1/messages/count_tokens", json=proxy.body())
    assert (answer.status_code, answer.json()["error"]["type"]) == (500, "api_error")
    assert "broken on purpose" not in answer.text
    assert "broken on purpose" in caplog.text


async def test_unknown_paths_have_the_shape_of_the_api(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    answer = await proxy.client.get("/v1/nope")
    assert (answer.status_code, answer.json()["error"]["type"]) == (404, "not_found_error")
    assert answer.headers["request-id"]
    assert (await proxy.client.head("/")).status_code == 200
    assert (await proxy.client.get("/v1/messages")).status_code == 405
