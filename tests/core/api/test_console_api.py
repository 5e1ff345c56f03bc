"""The operator's interface under /_console: what it gives, and who gets nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from proxy_core import wire
from proxy_core.commands import CancelSession, CheckUpstream
from proxy_core.event_ring import EventBatch
from proxy_core.snapshot import Snapshot

from .conftest import Proxy, StartProxy

TOKEN = "a-long-token"
GETS = ["snapshot", "events", "settings", "detail?session=x", "requests?session=x", "record?request=x", "line"]
POSTS: dict[str, dict[str, Any]] = {
    "settings": {"changes": {"PROXY_LOOP_BREAKER": "off"}},
    "save": {"names": ["PROXY_LOOP_BREAKER"], "write": True},
    "command": {"command": "CheckUpstream"},
}


async def get(proxy: Proxy, path: str) -> Any:
    answer = await proxy.client.get(f"/_console/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def post(proxy: Proxy, path: str, body: dict[str, Any]) -> Any:
    answer = await proxy.client.post(f"/_console/{path}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_picture_comes_once(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    first = await get(proxy, "snapshot")
    while first["snapshot"]["version"] != proxy.engine.snapshot().version:  # a new one was made in between
        first = await get(proxy, "snapshot")
    picture = wire.decode(Snapshot, first["snapshot"])
    assert picture == proxy.engine.snapshot()
    again = await get(proxy, f"snapshot?since={picture.version}")
    assert again["snapshot"] is None or again["snapshot"]["version"] > picture.version
    assert again["run"] == first["run"]
    assert first["protocol"] == wire.PROTOCOL


async def test_samples_that_the_face_has_are_left_out(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    for second in (100, 101, 105):
        proxy.engine.throughput.decoded(second, 7)
    proxy.engine._refresh()
    assert [sample["at"] for sample in (await get(proxy, "snapshot"))["snapshot"]["samples"]] == [100, 101, 105]
    assert [sample["at"] for sample in (await get(proxy, "snapshot?samples=101"))["snapshot"]["samples"]] == [101, 105]


async def test_events_after_a_number(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    await proxy.client.post("/v1/messages", json=proxy.body())
    batch = wire.decode(EventBatch, await get(proxy, "events?since=1"))
    assert batch == proxy.engine.events.since(1)
    assert "request.finished" in [event.kind for event in batch.events]


async def test_settings_are_read_changed_and_refused(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(UPSTREAM_API_KEY="sk-very-secret")
    before = await get(proxy, "settings")
    assert wire.decode_settings(before["view"]).settings.loop_breaker is True
    assert "very-secret" not in str(before)
    changed = await post(proxy, "settings", {"changes": {"PROXY_LOOP_BREAKER": "off"}})
    assert changed["changes"] == [{"name": "PROXY_LOOP_BREAKER", "before": "on", "after": "off"}]
    assert changed["number"] > before["number"]
    assert proxy.engine.settings.current.loop_breaker is False
    assert [event.by for event in proxy.events_of("setting.changed")] == ["attached console"]
    refused = await post(proxy, "settings", {"changes": {"PROXY_LOOP_BREAKER": "on", "PROXY_PORT": "1"}})
    assert refused["changes"] == []
    assert refused["errors"] == ["PROXY_PORT: needs a restart; set it in the environment or .env"]
    assert (refused["number"], proxy.engine.settings.current.loop_breaker) == (changed["number"], False)


async def test_saving_goes_to_the_proxys_own_file(start_proxy: StartProxy, tmp_path: Path) -> None:
    proxy = await start_proxy()
    proxy.engine.settings.env_file = tmp_path / ".env"
    await post(proxy, "settings", {"changes": {"PROXY_LOOP_BREAKER": "off"}})
    preview = await post(proxy, "save", {"names": ["PROXY_LOOP_BREAKER"], "write": False})
    assert preview["result"]["lines"] == [{"name": "PROXY_LOOP_BREAKER", "before": None, "after": "off", "note": ""}]
    assert not (tmp_path / ".env").exists()
    saved = await post(proxy, "save", {"names": ["PROXY_LOOP_BREAKER"], "write": True})
    assert saved["result"]["saved"] is True
    assert saved["view"]["sources"]["PROXY_LOOP_BREAKER"] == "env file"
    assert (tmp_path / ".env").read_text() == "PROXY_LOOP_BREAKER=off\n"


async def test_commands_are_carried_out(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    assert (await post(proxy, "command", wire.encode_command(CheckUpstream())))["ok"] is True
    refused = await post(proxy, "command", wire.encode_command(CancelSession("nobody")))
    assert refused["ok"] is False
    assert refused["message"]


async def test_what_is_behind_sessions_and_requests(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    await proxy.client.post("/v1/messages", json=proxy.body())
    (key,) = [session.key for session in proxy.engine.sessions.all()]
    assert (await get(proxy, f"detail?session={key}"))["key"] == key
    (request,) = await get(proxy, f"requests?session={key}")
    record = await get(proxy, f"record?request={request['id']}")
    assert record["request"]["id"] == request["id"]
    assert '"hi"' in record["received"]["text"]
    assert await get(proxy, "record?request=nothing") is None
    assert await get(proxy, "detail?session=nobody") is None


async def test_the_line(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    answer = await proxy.client.get("/_console/line?ascii=1")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text.isascii()
    assert answer.text.endswith("idle\n")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("settings", [], 400),
        ("settings", {"changes": 3}, 400),
        ("save", {"names": "PROXY_LOOP_BREAKER"}, 400),
        ("command", {"command": "Reboot"}, 400),
        ("command", {"command": "CancelSession"}, 400),
        ("nonsense", {}, 404),
        ("command", {"command": "x" * 2**20}, 413),
    ],
)
async def test_what_is_not_understood(start_proxy: StartProxy, path: str, body: Any, status: int) -> None:
    proxy = await start_proxy()
    answer = await proxy.client.post(f"/_console/{path}", json=body)
    assert answer.status_code == status
    assert answer.json()["type"] == "error"


# -- who gets nothing -------------------------------------------------------------------------------------------------


async def everything(proxy: Proxy, client: httpx.AsyncClient, headers: dict[str, str]) -> list[httpx.Response]:
    base = f"http://127.0.0.1:{proxy.port}/_console"
    got = [await client.get(f"{base}/{path}", headers=headers) for path in GETS]
    return got + [await client.post(f"{base}/{path}", json=body, headers=headers) for path, body in POSTS.items()]


@pytest.mark.parametrize("headers", [{}, {"x-api-key": "wrong"}, {"authorization": "Bearer a-long-toke"}])
async def test_a_wrong_token_sees_and_changes_nothing(start_proxy: StartProxy, headers: dict[str, str]) -> None:
    proxy = await start_proxy(PROXY_AUTH_TOKEN=TOKEN)
    await proxy.client.post("/v1/messages", json=proxy.body(), headers={"x-api-key": TOKEN})
    before = proxy.engine.events.count
    for answer in await everything(proxy, proxy.client, headers):
        assert answer.status_code == 401
        assert answer.json()["error"]["type"] == "authentication_error"
        assert not {"sessions", "snapshot", "events", "PROXY_LOOP_BREAKER", TOKEN} & set(answer.text.split('"'))
    assert proxy.engine.settings.current.loop_breaker is True
    assert proxy.engine.events.count == before


async def test_the_right_token_sees_everything(start_proxy: StartProxy, tmp_path: Path) -> None:
    proxy = await start_proxy(PROXY_AUTH_TOKEN=TOKEN)
    proxy.engine.settings.env_file = tmp_path / ".env"
    assert {answer.status_code for answer in await everything(proxy, proxy.client, {"x-api-key": TOKEN})} == {200}


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://localhost:3000"},
        {"origin": "https://evil.example"},
        {"host": "rebound.example"},
        {"x-forwarded-for": "192.0.2.7"},
        {"forwarded": "for=192.0.2.7"},
    ],
)
async def test_web_pages_and_reverse_proxies_see_nothing(start_proxy: StartProxy, headers: dict[str, str]) -> None:
    proxy = await start_proxy()
    assert {answer.status_code for answer in await everything(proxy, proxy.client, headers)} == {403}
    assert proxy.engine.settings.current.loop_breaker is True


async def test_no_page_is_let_in_even_with_the_token(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(PROXY_AUTH_TOKEN=TOKEN)
    headers = {"x-api-key": TOKEN, "origin": "http://localhost:3000"}
    assert {answer.status_code for answer in await everything(proxy, proxy.client, headers)} == {403}


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_a_form_of_a_page_changes_nothing(start_proxy: StartProxy, kind: str) -> None:
    proxy = await start_proxy()
    content = b'{"changes": {"PROXY_LOOP_BREAKER": "off"}}'
    answer = await proxy.client.post("/_console/settings", content=content, headers={"content-type": kind})
    assert answer.status_code == 415
    assert proxy.engine.settings.current.loop_breaker is True


@pytest.mark.parametrize(("peer", "token", "status"), [
    ("192.0.2.7", "", 403), ("::ffff:10.0.0.1", "", 403), ("testclient", "", 403), ("127.0.0.1", "", 200),
    ("::1", "", 200), ("192.0.2.7", TOKEN, 200),
])  # fmt: skip
async def test_other_machines_need_a_token(start_proxy: StartProxy, peer: str, token: str, status: int) -> None:
    from proxy_core.api.app import create_app

    proxy = await start_proxy(PROXY_AUTH_TOKEN=token)
    transport = httpx.ASGITransport(create_app(proxy.engine), client=(peer, 5000))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        for answer in (
            await everything(proxy, client, {"x-api-key": token})
            if status == 403
            else [await client.get("/_console/snapshot", headers={"x-api-key": token})]
        ):
            assert answer.status_code == status
