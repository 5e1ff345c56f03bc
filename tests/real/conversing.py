"""A coding agent's conversation with the real model: its own replies, and tool calls and results that a script adds."""

from __future__ import annotations

import random
from typing import Any

import httpx

from tests.real.proxy import Interlock

TEXT = """the file reads a list of names and writes them to the other table when every value is new again while the
parser keeps each line that was found in the first module and returns its number"""
WORDS = TEXT.split()

READ: dict[str, Any] = {
    "name": "Read",
    "description": "Reads a file.",
    "input_schema": {"type": "object", "properties": {"file_path": {"type": "string"}}, "required": ["file_path"]},
}


def prose(words: int, seed: int) -> str:
    """The same words for the same seed."""
    chosen = random.Random(seed)
    return " ".join(chosen.choice(WORDS) for _ in range(words))


class Agent:
    """One session. Each turn asks the model and then lets it read one more file of about `words` words."""

    def __init__(self, proxy: Interlock, session: str = "agent-1", *, words: int = 60) -> None:
        self.session = session
        self.turns = 0
        self.messages: list[dict[str, Any]] = [{"role": "user", "content": f"Task 1: {prose(40, 1)}"}]
        self.system = f"You are a coding agent. {prose(300, 2)}"
        self._words = words
        self._headers = {"x-claude-code-session-id": session, "user-agent": "claude-cli/2.1.197 (external, cli)"}
        self.http = httpx.Client(base_url=proxy.base, headers=self._headers, timeout=120.0, trust_env=False)

    def ask(self, **body: Any) -> httpx.Response:
        """One request with the conversation as it stands; `body` adds to it or takes its place."""
        whole = {
            "model": "claude-local",
            "max_tokens": 40,
            "thinking": {"type": "disabled"},
            "system": self.system,
            "tools": [READ],
            "tool_choice": {"type": "none"},
            "messages": self.messages,
        }
        return self.http.post("/v1/messages", json=whole | body)

    def turn(self) -> dict[str, Any]:
        """Ask, and add the reply with a call and its result. Returns the API message; fails on any error."""
        response = self.ask()
        assert response.status_code == 200, response.text
        message: dict[str, Any] = response.json()
        self.turns += 1
        number = self.turns
        file = f"/src/{number}.py"
        call = {"type": "tool_use", "id": f"toolu_{number}", "name": "Read", "input": {"file_path": file}}
        text = f"file {number}: {prose(self._words, number)}"
        result = {"type": "tool_result", "tool_use_id": call["id"], "content": text}
        said = [block for block in message["content"] if block["type"] == "text" and block["text"]]
        self.messages += [{"role": "assistant", "content": [*said, call]}, {"role": "user", "content": [result]}]
        return message

    def title(self, seed: int) -> dict[str, Any]:
        """A title request as Claude Code sends it beside the conversation."""
        schema = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}
        wish = {"format": {"type": "json_schema", "schema": schema}}
        messages = [{"role": "user", "content": prose(200, 1000 + seed)}]
        response = self.ask(messages=messages, system="Write a title.", tools=[], tool_choice=None, output_config=wish)
        assert response.status_code == 200, response.text
        return response.json()


def prompt_tokens(message: dict[str, Any]) -> int:
    """The whole prompt of an answer; the API counts cached tokens apart."""
    return message["usage"]["input_tokens"] + cached_tokens(message)


def cached_tokens(message: dict[str, Any]) -> int:
    """Those of the prompt that the server had."""
    return message["usage"]["cache_read_input_tokens"]
