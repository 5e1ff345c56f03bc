"""Runs gauntlet sessions through a real proxy on a real socket, and judges what came of them."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anthropic
import uvicorn

from proxy_core.api.app import create_app
from proxy_core.engine import Engine
from tests.core.api.conftest import _Nothing, settings
from tests.core.api.scripted_upstream import Call, ScriptedUpstream

from .code_agent import CodeAgent
from .sessions import Session
from .workplace import Agent, Run

AT_ONCE = 8
MOST_TURNS = 20
"""Turns within which a session beyond help has to be ended."""

OFF = {
    "PROXY_LOOP_BREAKER": "off", "PROXY_GUARDRAIL_RETRY": "off", "PROXY_TOOL_CALL_REPAIR": "off",
    "PROXY_REPETITION_CUT": "off", "PROXY_TEXT_TOOL_CALLS": "off", "PROXY_REASONING_LIMIT": "0",
}  # fmt: skip
"""Settings with which nothing but translation is left."""


@dataclass
class Judgement:
    """What came of one session. `extra`: calls of the model beyond one for each request of the agent."""

    session: Session
    run: Run
    finished: bool
    wrong: int
    extra: int
    explained: bool


@dataclass
class Tally:
    """What came of all sessions of a kind."""

    sessions: int = 0
    finished: int = 0
    wrong: int = 0
    extra: int = 0
    needless: int = 0
    generations: int = 0
    explained: int = 0
    failures: Counter[str] = field(default_factory=Counter)

    def add(self, judged: Judgement) -> None:
        """Count one."""
        self.sessions += 1
        self.finished += judged.finished
        self.wrong += judged.wrong
        self.extra += judged.extra
        self.needless += judged.session.model.needless
        self.generations += len(judged.session.model.bodies)
        self.explained += judged.explained
        if not judged.finished:
            self.failures[judged.run.failure or judged.run.said[:80] or "(nothing said)"] += 1


@asynccontextmanager
async def gauntlet(**values: str) -> AsyncGenerator[Gauntlet]:
    """A proxy before a model server that knows every session by its task."""
    place = Gauntlet()
    upstream = ScriptedUpstream(place.answer)
    await upstream.start()
    engine = Engine(settings(upstream.base, **values))
    sock = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(engine), log_config=None, lifespan="off"))
    server.capture_signals = _Nothing  # type: ignore[method-assign]
    await engine.start()
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    while not server.started:
        await asyncio.sleep(0.005)
    base = f"http://127.0.0.1:{sock.getsockname()[1]}"
    place.engine = engine
    place.address = base
    place.client = anthropic.AsyncAnthropic(api_key="none", base_url=base, max_retries=0)
    try:
        yield place
    finally:
        await place.client.close()
        engine.end_turns()
        await upstream.stop()
        server.should_exit = server.force_exit = True
        await serving
        await engine.stop()


class Gauntlet:
    """Runs sessions; the model server finds a session by its first human words."""

    engine: Engine
    client: anthropic.AsyncAnthropic
    address: str

    def __init__(self) -> None:
        self._models: dict[str, Session] = {}
        self._room = asyncio.Semaphore(AT_ONCE)

    async def answer(self, call: Call) -> None:
        """The model server's side."""
        said = next(message["content"] for message in call.body["messages"] if message["role"] == "user")
        task = next(line for line in said.splitlines() if line in self._models)
        await self._models[task].model.answer(call)

    async def run(self, session: Session, *, stream: bool, code: bool = False, **agent: Any) -> Judgement:
        """Run one session to its end; `code`: by the agent that is like Claude Code."""
        model = session.model

        def asking() -> None:
            model.request += 1

        self._models[session.task] = session
        if code:
            agent |= {"address": self.address, "seed": session.name}
        kind = CodeAgent if code else Agent
        async with self._room:
            made = kind(self.client, session.results, stream, asking=asking, **agent)
            run = await made.run(session.task, session.humans)
        return _judged(session, run)

    async def run_all(self, sessions: Iterable[Session]) -> list[Judgement]:
        """Run many: by turns with the SDK streaming, the SDK without, and like Claude Code."""
        return await asyncio.gather(
            *(
                self.run(session, stream=number % 3 == 0, code=number % 3 == 2)
                for number, session in enumerate(sessions)
            )
        )


def _judged(session: Session, run: Run) -> Judgement:
    model = session.model
    meant = list(model.steps)
    wrong = 0
    for act in run.acts:
        if meant and act == meant[0]:
            meant.pop(0)
        elif not session.hopeless:
            wrong += 1
    explained = not run.failure and run.turns <= MOST_TURNS and ("[The " in run.said or "I stopped here" in run.said)
    done = not meant and not run.failure and run.said.endswith(model.last_words)
    return Judgement(session, run, done, wrong, len(model.bodies) - model.request, explained)
