"""The mouse is as good as keys: wheel and clicks in every list, and on what looks like a button."""

from __future__ import annotations

import pytest
from textual.events import MouseScrollDown, MouseScrollUp

from console.screens.session import SessionScreen
from console.widgets.scrolled import Scrolled
from tests.console.fake_port import FakePort
from tests.console.fake_records import SESSION, detail, records
from tests.console.screen import Driven, opened


def port() -> FakePort:
    return FakePort(records=records(), details={SESSION: detail()})


async def wheel(console: Driven, name: str, kind: type[MouseScrollDown | MouseScrollUp]) -> None:
    widget = console.app.screen.query_one(name, Scrolled)
    widget.post_message(kind(widget, 1, 1, 0, 0, 0, shift=False, meta=False, ctrl=False))
    await console.tick()


@pytest.mark.parametrize(("way", "name"), [("", "#sessions"), ("j<enter>", "#requests"), ("s", "#settings")])
async def test_the_wheel_moves_the_cursor_of_a_list(way: str, name: str) -> None:
    async with opened((140, 40), port=port()) as console:
        await console.type(way)
        await console.app.workers.wait_for_complete()
        await console.type("<home>")
        first = console.line("▸")
        await wheel(console, name, MouseScrollDown)
        second = console.line("▸")
        assert second != first
        await wheel(console, name, MouseScrollUp)
        assert console.line("▸") == first


async def test_a_double_click_opens() -> None:
    async with opened((140, 40), port=port()) as console:
        row = console.lines.index(console.line("9b44"))
        await console.pilot.click(offset=(5, row), times=2)
        await console.tick()
        assert isinstance(console.app.screen, SessionScreen)
        assert "9b44d3 nightly triage" in console.text


async def test_the_tabs_of_a_request_are_buttons() -> None:
    async with opened((140, 40), port=port()) as console:
        await console.type("ji")
        await console.app.workers.wait_for_complete()
        await console.tick()
        row = console.lines.index(console.line("3 raw SSE"))
        await console.pilot.click(offset=(console.lines[row].index("raw SSE"), row))
        await console.app.workers.wait_for_complete()
        await console.tick()
        assert "data: " in console.text
