"""How long the model server may be silent, and whose time it is."""

from __future__ import annotations

import asyncio

import pytest

from proxy_core.upstream.answer_body import NEVER, Silence


async def hear_nothing(seconds: float, *, reads_before: int = 0) -> None:
    """Wait for a server that says nothing after so many reads."""
    async with Silence(seconds) as silence:
        for _ in range(reads_before):
            silence.since = asyncio.get_running_loop().time()
            silence.since = NEVER
        silence.since = asyncio.get_running_loop().time()
        await asyncio.Event().wait()


@pytest.mark.parametrize("reads_before", [0, 2])
async def test_a_server_that_says_nothing_is_waited_for_no_longer(reads_before: int) -> None:
    with pytest.raises(TimeoutError):
        await hear_nothing(0.02, reads_before=reads_before)


async def test_what_the_client_takes_is_not_the_servers_time() -> None:
    async with Silence(0.02) as silence:
        silence.since = asyncio.get_running_loop().time()
        silence.since = NEVER
        await asyncio.sleep(0.1)


async def test_a_client_that_leaves_is_not_silence() -> None:
    task = asyncio.create_task(hear_nothing(60))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
