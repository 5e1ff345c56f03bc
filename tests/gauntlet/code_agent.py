"""An agent like Claude Code: streams over plain HTTP, repairs nothing, thinks, and adds reminders of its own."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from .workplace import Agent, JsonObject, Run, Unanswered

USER_AGENT = "claude-cli/2.1.197 (external, cli)"
UNPARSED = "__unparsedToolInput"
REMINDERS = (
    "The TodoWrite tool hasn't been used recently. If it would help, consider using it.",
    "A file was modified, either by the user or by a linter. Take it into account.",
)


@dataclass
class CodeAgent(Agent):
    """Answers arguments that are no JSON with an error, as it keeps them; gives results of parallel calls in any order.

    `address` is the proxy's; `seed` decides on the order of results and on where reminders stand.
    """

    address: str = ""
    seed: str = ""
    _session: str = field(default_factory=lambda: str(uuid.uuid4()))

    def __post_init__(self) -> None:
        self._rng = random.Random(f"{self.seed}/code")

    def opening(self, task: str) -> JsonObject:
        """The person's words, and what the client adds to them."""
        reminder = (
            "<system-reminder>\nAs you answer, you can use this context:\n# env\nplatform: linux\n</system-reminder>"
        )
        return {"role": "user", "content": [{"type": "text", "text": task}, {"type": "text", "text": reminder}]}

    def results_message(self, run: Run, calls: list[JsonObject]) -> JsonObject:
        """Run the calls one after another; the results come as they are ready, now and then with a reminder."""
        content = [self.act(run, call) for call in calls]
        self._rng.shuffle(content)
        if self._rng.random() < 0.3:
            content.append(
                {"type": "text", "text": f"<system-reminder>{self._rng.choice(REMINDERS)}</system-reminder>"}
            )
        return {"role": "user", "content": content}

    def act(self, run: Run, call: JsonObject) -> JsonObject:
        """An error for arguments that could not be read."""
        if UNPARSED not in call["input"]:
            return super().act(run, call)
        text = f"<tool_use_error>InputValidationError: {call['name']} got arguments that are no JSON</tool_use_error>"
        return {"type": "tool_result", "tool_use_id": call["id"], "content": text, "is_error": True}

    async def ask(self, messages: list[JsonObject]) -> list[JsonObject]:
        """One request; raises `Unanswered` when the stream breaks or tells of an error."""
        body = {
            "model": "claude-x", "max_tokens": 32_000, "stream": True, "messages": messages, "tools": self.tools,
            "thinking": {"type": "adaptive"}, "metadata": {"user_id": json.dumps({"session_id": self._session})},
            "system": [{"type": "text", "text": "You are a coding agent.", "cache_control": {"type": "ephemeral"}}],
        }  # fmt: skip
        headers = {"user-agent": USER_AGENT, "x-claude-code-session-id": self._session, "x-app": "cli"}
        blocks: list[JsonObject] = []
        stopped = False
        async with (
            httpx.AsyncClient(base_url=self.address, headers=headers, timeout=60.0, trust_env=False) as http,
            http.stream("POST", "/v1/messages?beta=true", json=body) as response,
        ):
            if response.status_code != 200:
                raise Unanswered((await response.aread()).decode())
            try:
                async for event in _events(response):
                    stopped = stopped or event["type"] == "message_stop"
                    _take(blocks, event)
            except httpx.TransportError as error:
                raise Unanswered(str(error)) from error
        if not stopped:
            raise Unanswered("the stream ended before its message")
        return [_read(block) for block in blocks]


async def _events(response: httpx.Response) -> AsyncIterator[JsonObject]:
    async for line in response.aiter_lines():
        if line.startswith("data: "):
            event: JsonObject = json.loads(line[6:])
            if event["type"] == "error":
                raise Unanswered(str(event["error"]))
            yield event


def _take(blocks: list[JsonObject], event: JsonObject) -> None:
    if event["type"] == "content_block_start":
        blocks.append({**event["content_block"], "pieces": []})
    elif event["type"] == "content_block_delta":
        delta = event["delta"]
        pieces = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}
        if delta["type"] in pieces:
            blocks[-1]["pieces"].append(delta[pieces[delta["type"]]])


def _read(block: JsonObject) -> JsonObject:
    """A finished block as the client keeps it in its history."""
    whole = "".join(block.pop("pieces"))
    if block["type"] == "tool_use":
        try:
            given: Any = json.loads(whole or "{}")
        except ValueError:
            given = {UNPARSED: {"raw": whole, "len": len(whole)}}
        return {**block, "input": given}
    return {**block, block["type"]: block.get(block["type"], "") + whole}
