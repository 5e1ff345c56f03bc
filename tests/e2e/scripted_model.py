"""A model server beside the process under test that keeps what it was sent and answers by what it is asked."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, Self

from tests.core.api.scripted_upstream import DONE, USAGE, Call, ScriptedUpstream, chunk

ANNOUNCED = "Let me read the file."
"""What an answer that stops too early says; the proxy asks once more, where that guardrail is on."""


class ScriptedModel:
    """Serves on a free port of loopback from entering the block to leaving it.

    An answer announces an action and stops; one to a request whose last words contain "slowly" waits for `go_on` in
    the middle, one whose last words contain "hostile" is made of the texts that a test gave.
    """

    def __init__(self, hostile: str = "") -> None:
        self._hostile = hostile
        self._loop = asyncio.new_event_loop()
        self._upstream = ScriptedUpstream(self._answer)
        self._gate = asyncio.Event()

    def __enter__(self) -> Self:
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        asyncio.run_coroutine_threadsafe(self._upstream.start(), self._loop).result(10)
        self.url = self._upstream.base
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._upstream.stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """Every Chat Completions request so far."""
        return [call.body for call in self._upstream.calls]

    def asked(self, words: str) -> int:
        """How many of them hold these words."""
        return sum(words in str(body["messages"]) for body in self.bodies)

    def go_on(self) -> None:
        """Let the answer that waits come to its end."""
        self._loop.call_soon_threadsafe(self._gate.set)

    async def _answer(self, call: Call) -> None:
        words = str(call.body["messages"][-1]["content"])
        await call.start_stream()
        await call.send(chunk({"role": "assistant", "content": "I begin. "}))
        if "slowly" in words:
            self._gate.clear()
            await self._gate.wait()
        if "hostile" in words:
            await self._act_hostile(call)
        else:
            await call.send(chunk({"content": ANNOUNCED}), chunk({}, "stop"), USAGE, DONE)
        await call.end()

    async def _act_hostile(self, call: Call) -> None:
        named = {"name": f"Read{self._hostile}", "arguments": ""}
        tool_call = {"index": 0, "id": f"call_1{self._hostile}", "type": "function", "function": named}
        arguments = {"index": 0, "function": {"arguments": '{"path": "a"}'}}
        await call.send(
            chunk({"content": self._hostile}),
            chunk({"tool_calls": [tool_call]}),
            chunk({"tool_calls": [arguments]}),
            chunk({}, "tool_calls"),
            USAGE,
            DONE,
        )
