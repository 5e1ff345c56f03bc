"""Step 3 of the loop breaker: whether the looping tool is left out of one request, which a cached prompt pays for.

Measured on llama.cpp with a template that writes the tools at the top, as most do: of a prompt of 9,000 tokens with
twelve tools, one tool less had 93 % read again when it was the first and 70 % when it was the last, and the same once
more when the tool came back with the request after. A changed tool choice costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from proxy_core.translate.types import JsonObject

THERE_AND_BACK = 2
CHEAP = 1024
"""Tokens: a second or two on slow machines, and less than most tool results bring with every turn."""

WRITTEN_WEIGHT = 10
"""Tokens of a prompt that count as much as one that is written. Prompts are read in batches, many times faster than
answers are written; ten is on the careful side, where tools are left out seldom.
"""


@dataclass(frozen=True, slots=True)
class LoopCosts:
    """Tokens. `prompt`: of the last prompt, 0 while that is not known. `reread`: the share of a prompt that the server
    read again when the tool list changed last, 1 when it never did. `prefilled` and `written`: what the turns that
    brought nothing new had the server read and write.
    """

    prompt: int
    reread: float
    prefilled: int
    written: int

    @property
    def hiding(self) -> int:
        """What it costs to leave a tool out, in tokens of the prompt."""
        return round(THERE_AND_BACK * self.prompt * self.reread)

    @property
    def loop(self) -> int:
        """What the loop has cost so far, in tokens of the prompt."""
        return self.prefilled + WRITTEN_WEIGHT * self.written


def worth_hiding(costs: LoopCosts) -> str:
    """Why a tool may be left out although that spoils the cached prompt, "" when it may not."""
    if not costs.prompt:
        return ""
    if costs.hiding <= CHEAP:
        return f"to read the prompt again costs about {costs.hiding:,} tokens"
    if costs.loop > costs.hiding:
        return f"the loop has cost as much as {costs.loop:,} tokens of the prompt, to read it again {costs.hiding:,}"
    return ""


def without_tools(body: JsonObject, names: frozenset[str]) -> tuple[JsonObject, tuple[JsonObject, ...]]:
    """The Chat Completions body without the tools of these names, and these tools.

    The same body, and none, when no tool would be left or a certain one is demanded.
    """
    choice: Any = body.get("tool_choice")
    tools: list[JsonObject] = body.get("tools") or []
    hidden = tuple(tool for tool in tools if tool["function"]["name"] in names)
    if isinstance(choice, dict) or not hidden or len(hidden) == len(tools):
        return body, ()
    return body | {"tools": [tool for tool in tools if tool not in hidden]}, hidden
