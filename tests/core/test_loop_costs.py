"""What a loop and a changed tool list cost, read from what a session remembers of its requests."""

from __future__ import annotations

from typing import Any

import pytest

from proxy_core.guardrails.tool_hiding import LoopCosts
from proxy_core.loop_costs import loop_costs
from proxy_core.sessions.identity import Identity
from proxy_core.sessions.prefix import Cause, PrefixTurn
from proxy_core.sessions.store import Session


def turn(prompt: int, prefilled: int, cause: Cause = "", *, measured: bool = True) -> PrefixTurn:
    return PrefixTurn(
        messages=1, shared_messages=1, shared_tokens=prompt - prefilled, prompt_tokens=prompt, prefilled=prefilled,
        measured=measured, lost=0, cause=cause, detail="",
    )  # fmt: skip


def record(session: Session, prompt: int, output: int) -> None:
    figures: dict[str, Any] = {"ttft": 0.1, "decode_rate": 20.0, "tools": (), "stop_reason": "tool_use", "main": True}
    session.monitor.record(prompt_tokens=prompt, cached_tokens=0, output_tokens=output, estimated=False, **figures)


FIRST = turn(5000, 5000, "first")


@pytest.mark.parametrize(
    ("turns", "stale", "costs"),
    [
        ([], 0, LoopCosts(0, 1.0, 0, 0)),
        ([FIRST, turn(5100, 110), turn(5200, 120)], 2, LoopCosts(5200, 1.0, 230, 80)),
        ([FIRST, turn(5100, 110), turn(5200, 120)], 0, LoopCosts(5200, 1.0, 0, 0)),
        ([FIRST, turn(5100, 110), turn(5200, 1300, "tools"), turn(5300, 130)], 3, LoopCosts(5300, 0.25, 240, 120)),
        ([FIRST, turn(5200, 5200, "tools", measured=False)], 1, LoopCosts(5200, 1.0, 0, 40)),
    ],
    ids=["nothing yet", "the last turns count", "no loop", "a changed list was measured", "a guess is no measurement"],
)
def test_costs(turns: list[PrefixTurn], stale: int, costs: LoopCosts) -> None:
    session = Session("k", Identity("s", "", "", "x", "", "session header"), "", 0.0, 0.0, 0.0)
    for one in turns:
        session.prefix.keep(one)
    for seen in turns:
        record(session, seen.prompt_tokens, 40)
    assert loop_costs(session, stale) == costs
