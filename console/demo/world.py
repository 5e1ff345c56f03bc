"""Keeps the demo alive: a thread with the scripted model server, and the sample agents once the proxy serves."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from contextlib import suppress

import httpx

from console.demo import curl_line
from console.demo.agents import SampleAgent
from console.demo.hint import DemoHint
from console.demo.stories import STORIES
from console.demo.upstream import ScriptedUpstream
from proxy_core.listening import bind, url_of
from proxy_core.server import QuietServer, make_server, new_loop

START_GAP = 0.4
"""Seconds between the starts of two agents."""

WAIT_SECONDS = 5.0


class DemoWorld:
    """Everything that the demo adds to the process; nothing of it is reachable from other machines."""

    def __init__(self) -> None:
        self._sock = bind("127.0.0.1", 0)
        self.upstream_url = f"{url_of(self._sock)}/v1"
        self._loop = new_loop()
        self._agents: list[asyncio.Task[None]] = []
        self._server: QuietServer | None = None
        self._thread = threading.Thread(target=self._run, name="demo", daemon=True)

    def start(self) -> None:
        """Serve the model; requests that come before the thread runs wait in the socket's queue."""
        self._thread.start()

    @staticmethod
    def hint(url: str) -> DemoHint:
        """What a person can try through the proxy at `url`, for the event feed."""
        return DemoHint(at=time.time(), text=f"try it yourself: {curl_line(url)}")

    def begin(self, url: str, token: str) -> None:
        """Let the agents work through the proxy at `url`."""
        self._loop.call_soon_threadsafe(self._begin, url, token)

    def end_agents(self) -> None:
        """Stop the agents and wait until they hold no connection to the proxy."""
        with suppress(RuntimeError, TimeoutError):
            asyncio.run_coroutine_threadsafe(self._end_agents(), self._loop).result(WAIT_SECONDS)

    def stop(self) -> None:
        """End everything."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._end_server)
        self._thread.join(WAIT_SECONDS)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._server = make_server(ScriptedUpstream())
        self._loop.run_until_complete(self._server.serve(sockets=[self._sock]))
        self._loop.close()

    def _begin(self, url: str, token: str) -> None:
        agents = self._loop.create_task(self._live(url, token))
        agents.add_done_callback(_tell_failure)
        self._agents.append(agents)

    async def _live(self, url: str, token: str) -> None:
        async with (
            httpx.AsyncClient(timeout=httpx.Timeout(120.0), trust_env=False) as http,
            asyncio.TaskGroup() as group,
        ):
            for story in STORIES:
                group.create_task(SampleAgent(story, url, token, http).live())
                await asyncio.sleep(START_GAP)

    async def _end_agents(self) -> None:
        for task in self._agents:
            task.cancel()
        await asyncio.gather(*self._agents, return_exceptions=True)
        self._agents.clear()

    def _end_server(self) -> None:
        if self._server is not None:
            self._server.should_exit = True


def _tell_failure(agents: asyncio.Task[None]) -> None:
    if not agents.cancelled() and agents.exception() is not None:
        logging.getLogger(__name__).error("the sample agents failed", exc_info=agents.exception())
