"""What is watched while the day passes: memory of the process, CPU of a tick, and how much everything holds."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.soak.day import Day
from console.app import ConsoleApp
from console.port import EnginePort
from console.screens.inspector import InspectorScreen
from console.screens.session import SessionScreen
from proxy_core.engine import Engine
from proxy_core.events import LogRecorded

TICKS = 16
TICK_SECONDS = 0.25
EVENTS_A_TICK = 8


@dataclass(frozen=True, slots=True)
class Window:
    """One stretch of the day: what was done by its end, and how things stood then.

    `memory` and `texts` (recorded bodies, as they are counted) in MB, `tick` in CPU milliseconds of the UI's thread.
    """

    requests: int
    events: int
    memory: float
    tick: float
    sessions: int
    records: int
    texts: float


class Watch:
    """One console on one engine."""

    def __init__(self, engine: Engine, port: EnginePort, app: ConsoleApp, day: Day) -> None:
        self._engine = engine
        self._port = port
        self._app = app
        self._day = day

    async def window(self, requests: int) -> Window:
        """Look through the screens, then measure. No request runs meanwhile."""
        engine = self._engine
        await self._tour()
        cost = [await self._tick() for _ in range(TICKS)]
        return Window(
            requests=requests,
            events=engine.events.count,
            memory=memory(),
            tick=median(cost),
            sessions=len(engine.sessions),
            records=len(engine.records),
            texts=engine.records.held / 2**20,
        )

    async def _tick(self) -> float:
        """CPU milliseconds of a tick, all that it draws included, after a second with some events."""
        self._day.skip(1.0)
        for number in range(EVENTS_A_TICK):
            self._engine.events.publish(LogRecorded(at=self._day.now(), level="WARNING", text=f"line {number}"))
        began = time.thread_time()
        await asyncio.sleep(TICK_SECONDS)
        return (time.thread_time() - began) * 1e3

    async def _tour(self) -> None:
        """What an operator looks into: a session, its newest request page by page, and back to the dashboard."""
        sessions = self._port.snapshot().sessions
        key = sessions[-1].key
        ids = [view.id for view in self._port.requests(key)]
        self._app.push_screen(SessionScreen(key, lambda: [key]))
        await asyncio.sleep(0.3)
        inspector = InspectorScreen(ids[-1], lambda: ids)
        self._app.push_screen(inspector)
        await asyncio.sleep(0.3)
        for _ in range(3):
            inspector.action_turn(1)
            await asyncio.sleep(0.3)
        self._app.pop_screen()
        self._app.pop_screen()
        await asyncio.sleep(0.3)


def memory() -> float:
    """Resident memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
