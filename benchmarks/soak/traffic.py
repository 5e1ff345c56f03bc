"""The traffic of the soak: agents over real connections, and the many small events of a day."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator

from benchmarks.load import Connection
from benchmarks.soak.agents import CHUNKS, Agent
from benchmarks.soak.day import Day
from proxy_core import events as ev
from proxy_core.engine import Engine
from proxy_core.server import EngineThread, new_loop

AT_ONCE = 6
HOURS = 8


class Traffic:
    """Sessions with their requests, `AT_ONCE` at a time, and small events, all over a working day."""

    def __init__(self, engine: Engine, thread: EngineThread, day: Day, port: int) -> None:
        self._engine = engine
        self._thread = thread
        self._day = day
        self._port = port
        self.done = 0
        self._allowed = 0
        self._running = 0
        self._failure: BaseException | None = None

    def start(self, sessions: int, turns: int, events: int) -> None:
        """Get ready, on a thread of its own; `until` lets it go."""
        threading.Thread(target=self._run, args=(sessions, turns, events), name="traffic", daemon=True).start()

    async def until(self, requests: int) -> None:
        """Return when so many requests were answered, and none runs. Raises what went wrong."""
        self._allowed = requests
        while self._failure is None and (self.done < requests or self._running):  # noqa: ASYNC110 - it is another thread's
            await asyncio.sleep(0.05)
        if self._failure is not None:
            raise self._failure

    def _run(self, sessions: int, turns: int, events: int) -> None:
        loop = new_loop()
        try:
            loop.run_until_complete(self._all(sessions, turns, events))
        except BaseException as error:  # noqa: BLE001 - told by whoever waits
            self._failure = error
        finally:
            loop.close()

    async def _all(self, sessions: int, turns: int, events: int) -> None:
        numbers = iter(range(sessions))
        step, each = HOURS * 3600 / (sessions * turns), events // (sessions * turns)
        await asyncio.gather(*(self._agents(numbers, turns, step, each) for _ in range(AT_ONCE)))

    async def _agents(self, numbers: Iterator[int], turns: int, step: float, each: int) -> None:
        connection = Connection(self._port)
        for number in numbers:
            agent = Agent(number, turns)
            for request in agent.requests():
                if self.done + self._running >= self._allowed:
                    connection.close()  # the server would, in the meantime
                    connection = Connection(self._port)
                while self.done + self._running >= self._allowed:  # noqa: ASYNC110 - it is another thread's
                    await asyncio.sleep(0.02)
                self._running += 1
                answer = await connection.ask("/v1/messages", request.body, request.headers)
                answer.check(CHUNKS if request.whole else answer.chunks, b"message_stop")
                await asyncio.wrap_future(self._thread.submit(self._small_events(agent.key, each)))
                self._day.skip(step)
                self._running -= 1
                self.done += 1
        connection.close()

    async def _small_events(self, session: str, count: int) -> None:
        """What a day brings besides, published where the engine publishes."""
        views = self._engine.records.requests(session)
        request = views[-1].id if views else ""
        publish, at = self._engine.events.publish, self._day.now()
        for number in range(count):
            publish(KINDS[number % len(KINDS)](at, session, request, number))


Make = Callable[[float, str, str, int], ev.EngineEvent]
KINDS: tuple[Make, ...] = (
    lambda at, session, request, number: ev.RequestAltered(
        at=at, session=session, request=request, what=f"field {number}", why="the server does not know it", before="x"
    ),
    lambda at, session, request, number: ev.OutputCapped(
        at=at, session=session, request=request, before=32_000, after=8_000 + number, input_tokens=9_000, window=20_000
    ),
    lambda at, session, request, number: ev.UpstreamRetried(
        at=at, session=session, request=request, reason="connection refused", attempt=1 + number % 3, pause=0.5
    ),
    lambda at, session, _request, number: ev.LogRecorded(
        at=at, session=session, level="WARNING", text=f"line {number} of the log"
    ),
)
