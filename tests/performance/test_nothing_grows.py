"""A long day in short: sessions come and go, and what engine and console hold stays as much as it was.

`make soak` lives through the whole day and measures memory and time; here the bounds are small and nothing is timed.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks.bodies import conversation
from console.app import ConsoleApp
from console.local_port import LocalPort
from proxy_core.engine import Engine
from proxy_core.events import LogRecorded
from tests.console.served import Served
from tests.core.api.scripted_upstream import ScriptedUpstream
from tests.performance.holdings import holdings

TURNS = 4
FIRST, THEN = 12, 24
"""Sessions before the first count, and after it."""

HEAD = conversation(6_000, 8, 4) | {"model": "m"}

SLACK = 1.15
"""Some containers breathe: how many messages the last sessions had, which of them are in the middle of something."""

SMALL: dict[str, object] = {
    "events._ring": deque(maxlen=40),
    "records.most": 40,
    "records.most_texts": 8,
    "preparation._memory._most": 60,
    "preparation._scores._most": 4,
    "preparation._threads.most": 4,
    "fitting._cache.conversations": 4,
    "fitting._cache.digests.messages": 60,
    "_effects._answers": deque(maxlen=40),
}
"""Bounds of the engine that a day would reach; with these a second does."""


def small(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    for path, bound in SMALL.items():
        *steps, name = path.split(".")
        owner: Any = engine
        for step in steps:
            owner = getattr(owner, step)
        monkeypatch.setattr(owner, name, bound)
    monkeypatch.setattr("proxy_core.upstream.outline.PIECES_KEPT", 80)
    monkeypatch.setattr("proxy_core.upstream.prompt_counts.COUNTS_KEPT", 4)
    monkeypatch.setattr("proxy_core.fitting.CONVERSATIONS", 6)
    monkeypatch.setattr("proxy_core.upstream.slots.HOMES_KEPT", 8)
    monkeypatch.setattr("console.feed.KEPT", 40)


async def live(url: str, engine: Engine, first: int, sessions: int) -> None:
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        for number in range(first, first + sessions):
            whole = HEAD | {"messages": conversation(6_000, 8, 4, number)["messages"]}
            for turn in range(TURNS):
                body = {**whole, "messages": whole["messages"][: 5 + 2 * turn]}
                headers = {"x-session-id": f"session-{number}", "user-agent": f"agent/{number}"}
                (await client.post("/v1/messages", json=body, headers=headers)).raise_for_status()
            for line in range(20):
                engine.events.publish(LogRecorded(at=0.0, level="WARNING", text=f"{number} {line}"))


def grown(before: Counter[str], after: Counter[str]) -> dict[str, tuple[int, int]]:
    return {path: (before[path], count) for path, count in after.items() if count > before[path] * SLACK + 8}


async def test_nothing_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    upstream = ScriptedUpstream()
    await upstream.start()
    with Served(upstream.base, tmp_path, PROXY_MAX_SESSIONS="10") as proxy:
        engine = proxy.engine
        small(engine, monkeypatch)
        app = ConsoleApp(LocalPort(engine, proxy.thread), ascii_only=False)
        async with app.run_test(size=(140, 40)) as pilot:
            counts: list[Counter[str]] = []
            for first, sessions in ((0, FIRST), (FIRST, THEN)):
                await live(proxy.url, engine, first, sessions)
                await asyncio.sleep(0.3)  # the engine makes a picture, and the console shows it
                app.tick(anyway=True)
                await pilot.press("enter")
                await pilot.press("escape")
                counts.append(holdings(engine=engine, app=app))
        assert counts[1]["engine.sessions._sessions"] == 10
        assert len(counts[1]) > 60, "the walk finds what is there"
        assert grown(*counts) == {}
    await upstream.stop()
    await asyncio.sleep(0.05)  # its connections end


def test_what_is_not_bounded_is_seen() -> None:
    engine_like = {"kept": deque([1, 2], maxlen=2), "leak": [1] * 10}
    before = holdings(root=engine_like)
    engine_like["leak"].extend([1] * 90)
    assert grown(before, holdings(root=engine_like)) == {"root[]": (2 + 10, 2 + 100)}
