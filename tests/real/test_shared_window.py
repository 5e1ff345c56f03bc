"""Slots that share the server's memory are told from slots with a window each."""

from __future__ import annotations

import asyncio

import pytest
from anthropic import APIStatusError

from tests.real.asking import ask
from tests.real.proxy import Interlock
from tests.realserver.server import LlamaServer


@pytest.mark.parametrize("shared", [True, False])
async def test_answers_that_fill_the_shared_memory_show_it(shared: bool) -> None:
    with (
        LlamaServer("endless", slots=2, window=1024, kv_unified=shared) as server,
        Interlock(server.base) as proxy,
    ):
        assert proxy.context()["context_window_shared"] is None
        async with proxy.client() as client:
            asked = [ask(client, f"{word} {'again ' * 40}", stream=False, max_tokens=1900) for word in ("one", "two")]
            answers = await asyncio.gather(*asked, return_exceptions=True)
        assert [isinstance(answer, APIStatusError) for answer in answers] == [shared, shared]
        assert proxy.context()["context_window_shared"] is (True if shared else None)
