"""What the user is told when an answer could not be saved: the agent would otherwise stop without a word."""

from __future__ import annotations

CUT_TWICE = "[The reply was cut because it repeated itself, twice. Tell me how to go on, or ask for a shorter answer.]"
ENDLESS_REASONING = (
    "[The model's reasoning was cut because it did not come to an end ({limit} characters). Ask a smaller question, or "
    "raise PROXY_REASONING_LIMIT.]"
)
EMPTY_TWICE = "[The model gave an empty answer, twice. Tell me how to go on, or ask again.]"
WRITTEN_TWICE = (
    "[The model wrote a tool call as text that could not be read, twice; nothing was run. Tell me how to go on.]"
)
STOPPED_TWICE = "[The model announced what it would do but called no tool, twice. Tell me to go on, or ask again.]"


def left_out(tool: str, error: str) -> str:
    """A line in the place of a call that could not be run."""
    return f"[The call of {tool} could not be run and was left out: {error}]"
