"""The guardrails' decisions as plain functions, for scoring them on recorded sessions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from proxy_core.guardrails.end_turn import is_premature
from proxy_core.guardrails.loop_history import score_conversation


def fires(messages: list[dict[str, Any]]) -> Iterator[tuple[int, int]]:
    """(assistant turn, level) for every turn at which a guardrail would act; a reply that is cut counts as level 1."""
    for turn in score_conversation(messages).turns:
        if turn.level or turn.repeats:
            yield turn.index, max(turn.level, 1)


def premature(text: str) -> bool:
    """Whether the premature stop guardrail would ask again after this reply."""
    return is_premature(text)
