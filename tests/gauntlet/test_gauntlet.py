"""A short gauntlet with every test run; `make gauntlet` runs the long one."""

from __future__ import annotations

import pytest

from .flaws import FLAWS
from .running import gauntlet
from .sessions import HEALTHY, flaky, healthy, hopeless, single


async def test_healthy_sessions_are_not_touched() -> None:
    async with gauntlet() as place:
        judged = await place.run_all(healthy("short"))
        acts = [event.kind for event in place.engine.events.since(0).events]
    assert len(judged) == len(HEALTHY)
    assert [one.session.name for one in judged if not one.finished or one.extra or one.wrong] == []
    assert {"loop.acted", "answer.continued", "request.altered"}.isdisjoint(acts)


@pytest.mark.parametrize("flaw", FLAWS)
async def test_a_session_with_one_flaw_finishes(flaw: str) -> None:
    async with gauntlet() as place:
        judged = await place.run_all([single(flaw, f"short-{number}") for number in range(6)])
    assert [one.run.said for one in judged if not one.finished] == []
    assert [one.wrong for one in judged] == [0] * len(judged)
    assert [one.session.model.needless for one in judged] == [0] * len(judged)


async def test_flaky_sessions_make_no_wrong_act() -> None:
    async with gauntlet() as place:
        judged = await place.run_all([flaky(f"short-{number}") for number in range(20)])
    assert sum(one.wrong for one in judged) == 0
    assert sum(one.finished for one in judged) >= 18


async def test_models_beyond_help_are_ended_with_a_reason() -> None:
    async with gauntlet() as place:
        judged = await place.run_all(hopeless("short"))
    assert [(one.session.kind, one.run.turns, one.run.said) for one in judged if not one.explained] == []
