"""The sample agents: each works on its story through the proxy as a coding agent does, as long as the demo runs."""

from __future__ import annotations

import asyncio
import json
import logging
from itertools import count
from uuid import UUID

import httpx

from console.demo.client import AssistantTurn, Refusal, ask
from console.demo.conversation import count_text
from console.demo.script import Reply, dice, next_step
from console.demo.stories import Story
from console.demo.tool_set import TOOLS, run_tool
from console.demo.upstream import WINDOW
from proxy_core.translate.types import JsonObject

TRIES = 4
RETRY_SECONDS = 2.0
MOST_MESSAGES = 160
"""Beyond these an agent compacts by itself: the proxy prunes what it sends on, and an overflow may never come."""

KEPT_AFTER_COMPACTION = 6
"""Messages that a compaction keeps besides its summary."""

log = logging.getLogger(__name__)


class SampleAgent:
    """One agent with its conversation, which never grows beyond the model's window."""

    def __init__(self, story: Story, url: str, token: str, http: httpx.AsyncClient) -> None:
        self._story = story
        self._url = url
        self._http = http
        self._rng = dice("agent", story.label)
        self._messages: list[JsonObject] = []
        self._calls = count(1)
        session = str(UUID(int=dice(story.directory).getrandbits(128), version=4))
        self._metadata = {"user_id": json.dumps({"device_id": "demo", "account_uuid": "", "session_id": session})}
        self._headers = {
            "user-agent": "claude-cli/2.1.197 (external, sdk-cli)",
            "x-app": "cli",
            "anthropic-version": "2023-06-01",
            "x-claude-code-session-id": session,
            "x-api-key": token or "demo",
        }
        if story.agent_id:
            self._headers["x-claude-code-agent-id"] = story.agent_id

    async def live(self) -> None:
        """Do one task after the other, with a pause as a person makes it."""
        self._remember_the_morning()
        for number in count():
            await self._do(self._story.tasks[number % len(self._story.tasks)])
            await asyncio.sleep(self._rng.uniform(1.5, 6))

    async def _do(self, task: str) -> None:
        """One task: turns with tools until the model is content."""
        self._messages.append({"role": "user", "content": task})
        if len(self._messages) > MOST_MESSAGES:
            self._compact()
        while True:
            turn = await self._turn()
            if turn is None:
                self._forget_the_task()
                return
            self._messages.append({"role": "assistant", "content": turn.content})
            if not turn.calls:
                return
            await asyncio.sleep(self._rng.uniform(0.3, 1.8))
            self._messages.append({"role": "user", "content": [self._result(call) for call in turn.calls]})

    def _forget_the_task(self) -> None:
        """Go back to the last answer that was not a call: a history must not end in a call without its result."""
        while self._messages and not _is_final(self._messages[-1]):
            self._messages.pop()

    async def _turn(self) -> AssistantTurn | None:
        """One answer; None when even repeating did not help."""
        for attempt in range(TRIES):
            try:
                return await ask(self._http, self._url, self._body(), self._headers)
            except Refusal as refusal:
                if refusal.too_long:
                    self._compact()
                    continue
            except httpx.HTTPError as error:
                log.info("sample agent %s: %s", self._story.label, error)
            await asyncio.sleep(RETRY_SECONDS * 2**attempt)
        return None

    def _body(self) -> JsonObject:
        return {
            "model": "claude-sonnet-4-5",
            "max_tokens": 4096,
            "stream": True,
            "system": [{"type": "text", "text": self._story.system}],
            "tools": TOOLS,
            "thinking": {"type": "enabled", "budget_tokens": 2048},
            "metadata": self._metadata,
            "messages": self._messages,
        }

    def _result(self, call: JsonObject) -> JsonObject:
        rng = dice(self._story.label, call["name"], json.dumps(call["input"]))  # the same call, the same result
        text = run_tool(self._story, call["name"], call["input"], rng)
        return {"type": "tool_result", "tool_use_id": call["id"], "content": text}

    def _compact(self) -> None:
        """Replace the conversation by a summary and its last messages, from a human's message on."""
        tail = self._messages[-KEPT_AFTER_COMPACTION:]
        while tail and not isinstance(tail[0]["content"], str):
            tail = tail[1:]
        last_task = next((m["content"] for m in reversed(self._messages) if isinstance(m["content"], str)), "")
        rest = tail or [{"role": "user", "content": last_task}]
        summary = f"Summary so far: {len(self._messages)} messages of work in {self._story.directory}, all tests pass."
        answer = {"role": "assistant", "content": [{"type": "text", "text": "Understood, I go on from here."}]}
        self._messages = [{"role": "user", "content": summary}, answer, *rest]

    def _remember_the_morning(self) -> None:
        """Begin with the finished tasks of an earlier hour, so that the sessions differ from the first moment."""
        wanted = int(self._story.fill * WINDOW)
        known = 0
        for number in count():
            if known >= wanted:
                return
            task = self._story.tasks[-1 - number % len(self._story.tasks)]
            name = "" if self._messages else f"{self._story.label}: "  # the first words are what the session is called
            known += self._tell({"role": "user", "content": name + task})
            for step in count():
                reply = next_step(self._story, task, step, number)
                content = self._content(reply)
                known += self._tell({"role": "assistant", "content": content})
                if not reply.calls:
                    break
                results = [self._result(block) for block in content if block["type"] == "tool_use"]
                known += self._tell({"role": "user", "content": results})

    def _content(self, reply: Reply) -> list[JsonObject]:
        content: list[JsonObject] = [{"type": "text", "text": reply.text}] if reply.text else []
        for call in reply.calls:
            identity = f"toolu_{self._story.label}{next(self._calls):04}"
            content.append({"type": "tool_use", "id": identity, "name": call.name, "input": call.arguments})
        return content

    def _tell(self, message: JsonObject) -> int:
        self._messages.append(message)
        return count_text(json.dumps(message))


def _is_final(message: JsonObject) -> bool:
    return message["role"] == "assistant" and all(block["type"] != "tool_use" for block in message["content"])
