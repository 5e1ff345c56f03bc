"""What a tick of the console costs, in function calls: sessions out of view cost next to nothing."""

from __future__ import annotations

from dataclasses import replace

from console.app import ConsoleApp
from tests.console.fake_port import SNAPSHOT, FakePort, session
from tests.console.screen import opened
from tests.performance.counting import calls_in

IN_VIEW, MANY = 40, 200


def port(sessions: int) -> FakePort:
    views = tuple(session(f"{number:08x}", f"session {number}", created_at=number) for number in range(sessions))
    return FakePort(picture=replace(SNAPSHOT, sessions=views, active=sessions))


async def calls_of_a_tick(sessions: int) -> int:
    async with opened((140, 40), port=port(sessions)) as console:
        app: ConsoleApp = console.app
        app.tick(anyway=True)
        return calls_in(lambda: app.tick(anyway=True))


async def test_a_session_out_of_view_costs_few_calls_a_tick() -> None:
    few, many = await calls_of_a_tick(IN_VIEW), await calls_of_a_tick(MANY)
    each = (many - few) / (MANY - IN_VIEW)
    print(f"{few} calls with {IN_VIEW} sessions, {each:.1f} for each further one")
    assert each <= 12
