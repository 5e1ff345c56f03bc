"""How many tokens an answer may have: input and output together fit, and the next turn still has room."""

from __future__ import annotations

from typing import Any, cast

from proxy_core.guardrails.pruning import ANSWER_SHARE
from proxy_core.translate.types import JsonObject

MARGIN = 8
"""Tokens left free: templates differ by a few from what was counted."""

LEAST_SHARE, LEAST = 0.125, 4096
"""An answer gets this share of the window, or this many tokens, before room is kept for the next turn."""


def fitting_max_tokens(wished: int, input_tokens: int, window: int) -> int:
    """The `max_tokens` to send for a wish of `wished`; never more than it.

    Where 15 % of the window can be kept for the next turn and a useful answer still fits, they are. A prompt that
    fills the window alone leaves the wish as it is: there is nothing that a cap could save.
    """
    room = window - input_tokens - MARGIN
    if room <= 0:
        return wished
    kept = room - round(window * ANSWER_SHARE)
    return min(wished, kept if kept >= min(LEAST, window * LEAST_SHARE) else room)


def raised_to_floor(body: JsonObject, floor: int) -> int | None:
    """The wished output of a Messages API body, raised to `floor` on a thinking turn with tools; None without one.

    Small models think long before a call; a client's limit that was made for another model cuts them off in thought.
    """
    wished: Any = body.get("max_tokens")
    if not isinstance(wished, int):
        return None
    thinking: Any = body.get("thinking")
    kind: object = cast("JsonObject", thinking).get("type") if isinstance(thinking, dict) else None
    thinks = kind in {"enabled", "adaptive"} and bool(body.get("tools"))
    return max(wished, floor) if thinks else wished
