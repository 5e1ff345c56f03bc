"""The agent's side of a gauntlet session: a few tools on a made-up workspace, and the real SDK that drives them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import anthropic
import orjson

JsonObject = dict[str, Any]


def _tool(name: str, needed: dict[str, str], optional: dict[str, str] | None = None) -> JsonObject:
    fields = {key: {"type": kind} for key, kind in {**needed, **(optional or {})}.items()}
    return {
        "name": name,
        "description": f"{name} of the workspace",
        "input_schema": {"type": "object", "properties": fields, "required": list(needed)},
    }


TOOLS = [
    _tool("read_file", {"path": "string"}, {"offset": "integer"}),
    _tool("write_file", {"path": "string", "content": "string"}),
    _tool("bash", {"command": "string"}, {"background": "boolean"}),
    _tool("search", {"pattern": "string", "path": "string"}, {"limit": "integer"}),
]
NAMES = frozenset(tool["name"] for tool in TOOLS)

Results = Callable[[str, JsonObject, int], tuple[str, bool]]
"""What a tool gives back: from its name, its arguments and how many calls were run before; and whether it failed."""


@dataclass
class Run:
    """What came of a session."""

    acts: list[tuple[str, JsonObject]] = field(default_factory=list)
    said: str = ""
    turns: int = 0
    failure: str = ""
    messages: list[JsonObject] = field(default_factory=list)


class Unanswered(Exception):
    """A request failed, or its answer broke off."""


@dataclass
class Agent:
    """An agent loop: asks, runs the calls, asks again, until an answer holds no call.

    `humans` are further things that the person says, each when the agent has finished. A request that fails is sent
    again twice, as agents do. This one asks through the SDK.
    """

    client: anthropic.AsyncAnthropic
    results: Results
    stream: bool
    most_turns: int = 70
    tools: list[JsonObject] = field(default_factory=lambda: TOOLS)
    tool_choice: JsonObject | None = None
    asking: Callable[[], None] = lambda: None

    async def run(self, task: str, humans: tuple[str, ...] = ()) -> Run:
        """Run the session to its end."""
        run = Run(messages=[self.opening(task)])
        waiting = list(humans)
        try:
            while run.turns < self.most_turns:
                content = await self._asked(run)
                run.turns += 1
                run.said = "".join(block["text"] for block in content if block["type"] == "text")
                calls = [block for block in content if block["type"] == "tool_use"]
                run.messages.append({"role": "assistant", "content": content or "."})
                if calls:
                    run.messages.append(self.results_message(run, calls))
                elif waiting:
                    run.messages.append({"role": "user", "content": waiting.pop(0)})
                else:
                    return run
            run.failure = "never came to an end"
        except Unanswered as error:
            run.failure = str(error)
        return run

    def opening(self, task: str) -> JsonObject:
        """The first message."""
        return {"role": "user", "content": task}

    def results_message(self, run: Run, calls: list[JsonObject]) -> JsonObject:
        """What the calls of an answer gave."""
        return {"role": "user", "content": [self.act(run, call) for call in calls]}

    async def ask(self, messages: list[JsonObject]) -> list[JsonObject]:
        """The content of the answer to one request. Raises `Unanswered`."""
        request: JsonObject = {"model": "claude-x", "max_tokens": 2000, "messages": messages, "tools": self.tools}
        if self.tool_choice is not None:
            request["tool_choice"] = self.tool_choice
        try:
            if self.stream:
                async with self.client.messages.stream(**request) as stream:
                    message = await stream.get_final_message()
            else:
                message = await self.client.messages.create(**request)
        except (anthropic.APIError, ValueError) as error:
            raise Unanswered(f"{type(error).__name__}: {error}") from error
        return [block.model_dump(exclude_none=True) for block in message.content]

    async def _asked(self, run: Run) -> list[JsonObject]:
        for attempt in range(3):
            self.asking()
            try:
                return await self.ask(run.messages)
            except Unanswered:
                if attempt == 2:
                    raise
        raise AssertionError

    def act(self, run: Run, call: JsonObject) -> JsonObject:
        """Run one call; its result."""
        name, given = call["name"], call["input"]
        known = next((tool for tool in self.tools if tool["name"] == name), None)
        missing = [key for key in known["input_schema"]["required"] if key not in given] if known else []
        if known is None or missing:
            text, failed = f"Error: no such tool or missing {missing}", True
        else:
            text, failed = self.results(name, given, len(run.acts))
            run.acts.append((name, orjson.loads(orjson.dumps(given))))
        return {"type": "tool_result", "tool_use_id": call["id"], "content": text, "is_error": failed}
