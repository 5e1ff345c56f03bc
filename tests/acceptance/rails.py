"""The guardrails' decisions as plain functions, for scoring them on recorded sessions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from proxy_core.guardrails.end_turn import is_premature
from proxy_core.guardrails.loop_score import score_turns


def fires(messages: list[dict[str, Any]]) -> Iterator[tuple[int, int]]:
    """(assistant turn, level) for every turn at which the loop breaker would act."""
    for turn in score_turns(messages):
        if turn.level:
            yield turn.index, turn.level


def premature(text: str) -> bool:
    """Whether the premature stop guardrail would ask again after this reply."""
    return is_premature(text)
