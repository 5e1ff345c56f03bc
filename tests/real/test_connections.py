"""Requests that follow each other at once, as the further try after a premature stop does."""

from __future__ import annotations

import orjson

from proxy_core.settings import Settings
from proxy_core.upstream.client import UpstreamClient
from tests.core.upstream.told import Told
from tests.realserver.server import LlamaServer


async def test_none_waits_for_a_connection_that_the_server_closed() -> None:
    told = Told()
    body = orjson.dumps({"messages": [{"role": "user", "content": "Go."}], "stream": True, "max_tokens": 3})
    with LlamaServer("tiny") as server:
        client = UpstreamClient(Settings())
        for _ in range(6):
            answer = await client.open(f"{server.base}/v1/chat/completions", body, Settings(), told, told.goes_out)
            assert b"[DONE]" in await answer.read_all()
            answer.close()
        await client.aclose()
    assert told.retries == []
