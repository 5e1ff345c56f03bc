"""How long the model server may be silent, and whose time it is."""

from __future__ import annotations

import asyncio

import pytest

from proxy_core.upstream.answer_body import Silence


async def test_a_server_that_says_nothing_is_waited_for_no_longer() -> None:
    with pytest.raises(TimeoutError):
        async with Silence(0.02) as silence:
            silence.begins()
            await asyncio.Event().wait()


async def test_the_wait_begins_anew_behind_each_read() -> None:
    with pytest.raises(TimeoutError):
        async with Silence(0.02) as silence:
            silence.begins()
            silence.ends()
            silence.begins()
            await asyncio.Event().wait()


async def test_what_the_client_takes_is_not_the_servers_time() -> None:
    async with Silence(0.02) as silence:
        silence.begins()
        silence.ends()
        await asyncio.sleep(0.1)


async def test_a_client_that_leaves_is_not_silence() -> None:
    async def read() -> None:
        async with Silence(60) as silence:
            silence.begins()
            await asyncio.Event().wait()

    task = asyncio.create_task(read())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
