"""Request bodies: a short question, and conversations of agents of a wanted size."""

from __future__ import annotations

import random
from typing import Any

WORDS = (
    "def",
    "return",
    "import",
    "class",
    "self",
    "value",
    "index",
    "stream",
    "buffer",
    "client",
    "error",
    "path",
    "é",
)


def _prose(rng: random.Random, length: int) -> str:
    words = " ".join(rng.choices(WORDS, k=length // 3))
    return words[:length].replace(" index", ' "index"\n   ')


def question() -> dict[str, Any]:
    """About a kilobyte less than one."""
    return {"max_tokens": 1024, "stream": True, "messages": [{"role": "user", "content": "Say something."}]}


def conversation(size: int, turns: int, tools: int, seed: int = 1) -> dict[str, Any]:
    """About `size` bytes: a system prompt, declarations of tools, a task, then calls and their results."""
    rng = random.Random(seed)  # noqa: S311 - the same texts in every run
    each = max((size - 600 * tools) // (turns * 10), 4)
    messages: list[dict[str, Any]] = [{"role": "user", "content": _prose(rng, each)}]
    for turn in range(turns):
        call = f"toolu_{turn:06d}"
        given = {"path": f"src/module_{turn}.py", "pattern": _prose(rng, each), "limit": turn}
        use = {"type": "tool_use", "id": call, "name": f"tool_{turn % tools:02d}", "input": given}
        messages.append({"role": "assistant", "content": [{"type": "text", "text": _prose(rng, each)}, use]})
        result = {"type": "tool_result", "tool_use_id": call, "content": _prose(rng, 8 * each)}
        messages.append({"role": "user", "content": [result]})
    return {
        "max_tokens": 4096,
        "stream": True,
        "system": [{"type": "text", "text": _prose(rng, 4000), "cache_control": {"type": "ephemeral"}}],
        "tools": [_tool(rng, number) for number in range(tools)],
        "messages": messages,
    }


def _tool(rng: random.Random, number: int) -> dict[str, Any]:
    properties = {name: {"type": "string", "description": _prose(rng, 60)} for name in ("content", "path", "pattern")}
    schema = {"type": "object", "properties": properties}
    return {"name": f"tool_{number:02d}", "description": _prose(rng, 300), "input_schema": schema}
