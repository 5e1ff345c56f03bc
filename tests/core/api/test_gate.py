"""Who is let in."""

from __future__ import annotations

import pytest

from .conftest import StartProxy

TOKEN = "a-long-token"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": "http://localhost:3000"}, 200),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "http://[half"}, 403),
        ({"host": "rebound.example:4000"}, 403),
        ({"host": "[half"}, 403),
        ({"host": "host.docker.internal:4000"}, 200),
        ({"host": "[::1]:4000"}, 200),
    ],
)
async def test_without_a_token_strangers_pages_are_refused(
    start_proxy: StartProxy, headers: dict[str, str], status: int
) -> None:
    proxy = await start_proxy()
    answer = await proxy.client.get("/v1/models", headers=headers)
    assert answer.status_code == status
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"origin": "https://evil.example"}, "requests from web pages of https://evil.example are not served"),
        (
            {"host": "rebound.example:4000"},
            "the host name rebound.example is not this machine's; set PROXY_AUTH_TOKEN to allow other names",
        ),
        ({"host": "[half"}, "the Host header '[half' is no address"),
    ],
)
async def test_who_is_refused_reads_why(start_proxy: StartProxy, headers: dict[str, str], message: str) -> None:
    proxy = await start_proxy()
    answer = await proxy.client.get("/v1/models", headers=headers)
    assert answer.json()["error"] == {"type": "permission_error", "message": message}


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens", "/anthropic/v1/messages"])
async def test_the_endpoints_before_the_layers_are_guarded_as_well(start_proxy: StartProxy, path: str) -> None:
    proxy = await start_proxy(PROXY_AUTH_TOKEN=TOKEN)
    for headers, status in (({}, 401), ({"x-api-key": TOKEN}, 200)):
        answer = await proxy.client.post(path, json=proxy.body(), headers=headers)
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/v1/models", {}, 401),
        ("/v1/models", {"x-api-key": "wrong"}, 401),
        ("/v1/models", {"x-api-key": TOKEN}, 200),
        ("/v1/models", {"authorization": f"Bearer {TOKEN}"}, 200),
        ("/v1/context", {}, 401),
        ("/health", {}, 200),
    ],
)
async def test_with_a_token(start_proxy: StartProxy, path: str, headers: dict[str, str], status: int) -> None:
    proxy = await start_proxy(PROXY_AUTH_TOKEN=TOKEN)
    answer = await proxy.client.get(path, headers=headers)
    assert answer.status_code == status
    assert TOKEN not in answer.text
