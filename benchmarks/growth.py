"""How the product's memory grows with requests: many sessions, each asking a small question now and then."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from benchmarks.load import Connection
from benchmarks.target import Target

SESSIONS, CLIENTS, CHUNKS = 500, 8, 20
FIRST, LONG = 2_000, 20_000
BAR = 5.0
"""Megabytes that the first requests may take."""


async def tell_growth(target: Target, body: bytes, *, long: bool) -> None:
    """Ask a fresh process and print what it took. `body` brings an answer of `CHUNKS` chunks."""
    await target.start(body, CHUNKS)
    try:
        idle = target.memory
        numbers = iter(range(LONG if long else FIRST))
        await _ask(target, body, numbers, FIRST)
        first = target.memory
        print(f"memory after {FIRST:,} requests in {SESSIONS} sessions: {first - idle:+.1f} MB (bar +{BAR:.0f})")
        if long:
            await _ask(target, body, numbers, LONG - FIRST)
            print(f"memory from {FIRST:,} to {LONG:,} requests: {target.memory - first:+.1f} MB")
    finally:
        target.stop()


async def _ask(target: Target, body: bytes, numbers: Iterator[int], count: int) -> None:
    async def client(share: int) -> None:
        connection = Connection(target.port)
        for _ in range(share):
            session = {"x-session-id": f"session-{next(numbers) % SESSIONS}"}
            (await connection.ask(target.path, body, session)).check(CHUNKS, target.end)
        connection.close()

    await asyncio.gather(*(client(count // CLIENTS) for _ in range(CLIENTS)))
