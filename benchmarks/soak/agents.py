"""The agents of the soak: sessions that are resumed with a long history and go on for some turns, calling tools."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from benchmarks.bodies import conversation

RESUMED = 80
"""Calls in the history that a session begins with, so that the memories of messages are full after the warm-up."""

LOOPING = 10
"""Every so many sessions one calls the same tool with the same arguments until the loop breaker sees it."""

CHUNKS, PER_WRITE = 24, 4


@dataclass(frozen=True, slots=True)
class Request:
    """One request of an agent: headers and body as they travel. `whole`: all chunks of the answer must come."""

    headers: dict[str, str]
    body: bytes
    whole: bool


class Agent:
    """One session. Messages are written once; a request joins them."""

    def __init__(self, number: int, turns: int) -> None:
        self.key = f"{number:08x}-5a4b-4c3d-8e2f-0123456789ab"
        self._turns = turns
        self._looping = number % LOOPING == 0
        self._random = random.Random(number)  # noqa: S311 - the same texts in every run
        self._kind = ("tool", "text", "reasoning")[number % 3]
        whole = conversation(60_000, RESUMED, 12, number)
        wish = {"name": f"bench-{self._kind}-{CHUNKS}-{PER_WRITE}", "input_schema": {"type": "object"}}
        user = orjson.dumps({"session_id": self.key}).decode()
        messages = whole.pop("messages")
        more = {"model": "bench", "metadata": {"user_id": user}, "tools": [*whole["tools"], wish], "messages": []}
        self._head = orjson.dumps(whole | more).removesuffix(b"[]}")
        self._messages = [orjson.dumps(message) for message in messages]
        self._headers = {"user-agent": "opencode/1.4.0", "x-session-id": self.key}

    def requests(self) -> Iterator[Request]:
        """Its turns, one after the other."""
        for turn in range(self._turns):
            yield Request(self._headers, self._head + b"[" + b",".join(self._messages) + b"]}", not self._looping)
            self._messages += [orjson.dumps(message) for message in self._step(turn)]

    def _step(self, turn: int) -> list[dict[str, Any]]:
        """An answer with a call, and the call's result."""
        call = f"toolu_{self._random.getrandbits(64):016x}"
        path = "src/same.py" if self._looping else f"src/part_{turn}.py"
        result = "the same" if self._looping else f"# {self._random.getrandbits(256):x}\n" * 6
        use = {"type": "tool_use", "id": call, "name": f"tool_{turn % 12:02d}", "input": {"path": path}}
        if self._looping:
            use["name"] = "tool_00"
        said = {"type": "text", "text": f"Step {turn}: {self._random.getrandbits(128):x}"}
        return [
            {"role": "assistant", "content": [said, use]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call, "content": result}]},
        ]
