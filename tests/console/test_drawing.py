"""What is left as it was drawn is what drawing it anew would give, whatever moved in between."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from console.widgets.controls import ControlsPanel
from console.widgets.event_feed import EventFeed
from console.widgets.lines import Lines
from console.widgets.sessions_table import SessionsTable
from proxy_core.events import LogRecorded, SettingChanged
from tests.console.fake_port import CHANGE, NOW, SESSIONS, SNAPSHOT, UPSTREAM, FakePort
from tests.console.screen import Driven, opened

Happens = Callable[[Driven], Awaitable[None]]
SIZES = [(140, 40), (100, 30), (80, 24), (60, 16)]


def pictured(**changes: object) -> Happens:
    """The engine's picture is another one."""

    async def happen(console: Driven) -> None:
        console.port.picture = replace(console.port.picture, **changes)  # pyright: ignore[reportArgumentType] - by name
        await console.tick()

    return happen


def typed(keys: str) -> Happens:
    async def happen(console: Driven) -> None:
        await console.type(keys)

    return happen


def after(seconds: float) -> Happens:
    async def happen(console: Driven) -> None:
        await console.tick(seconds)

    return happen


async def told(console: Driven) -> None:
    console.port.happened.append(LogRecorded(at=NOW + 1, level="WARNING", text="disk is full"))
    await console.tick(0.25)


async def known_by_what_it_did(console: Driven) -> None:
    """A change of a setting, whose line tells the medians once there are some."""
    at = NOW + 2
    console.port.happened.append(SettingChanged(at=at, name="PROXY_LOOP_NOTE", before="on", after="off", by="console"))
    await console.tick(0.25)
    change = replace(CHANGE, number=2, at=at, name="PROXY_LOOP_NOTE", before="on", after="off")
    await pictured(changes=(CHANGE, change))(console)


STORY: dict[str, Happens] = {
    "a quarter of a second": after(0.25),
    "two seconds": after(2),
    "a minute": after(61),
    "a session works on": pictured(sessions=(replace(SESSIONS[0], decode_rate=11.0, tokens=64_000), *SESSIONS[1:])),
    "a session comes to rest": pictured(sessions=(replace(SESSIONS[0], phase="idle", active=0), *SESSIONS[1:])),
    "it rests for a while": after(75),
    "sessions go": pictured(sessions=SESSIONS[2:]),
    "sessions come": pictured(sessions=SESSIONS),
    "the server goes": pictured(upstream=replace(UPSTREAM, state="down", since=NOW + 100)),
    "figures grow": pictured(totals=replace(SNAPSHOT.totals, requests=300), active=5),
    "an event": told,
    "a change is told": known_by_what_it_did,
    "the focus moves": typed("<tab>"),
    "the cursor moves": typed("<tab><tab>jj"),
    "a filter": typed("/web<enter>"),
    "no filter": typed("<escape>"),
    "another order": typed("oO"),
    "a setting is changed": typed("R"),
    "and taken back": typed("u"),
    "frozen": typed("<space>"),
    "an event while frozen": told,
    "going on": typed("<space>"),
    "only the events": typed("e"),
    "back": typed("<escape>"),
}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_nothing_on_the_screen_is_older_than_the_picture(size: tuple[int, int]) -> None:
    async with opened(size) as console:
        for name, happen in STORY.items():
            await happen(console)
            shown = console.text
            for widget in console.app.screen.query(Lines):
                widget.redraw()
            await console.settled()
            assert console.text == shown, f"after {name!r}"


async def test_the_other_theme_is_drawn_at_once() -> None:
    async with opened((100, 30)) as console:

        def colours() -> list[str]:
            strips = console.app.screen._compositor.render_strips()
            return [str(segment.style) for line in strips for segment in line]

        dark = colours()
        console.app.theme = "interlock-light"
        await console.settled()
        light = colours()
        assert not set(dark) & set(light)
        for widget in console.app.screen.query(Lines):
            widget.notify_style_update()
            widget.redraw()
        await console.settled()
        assert colours() == light


@pytest.mark.parametrize(
    ("kind", "moves"),
    [
        (ControlsPanel, {"a setting is changed", "and taken back"}),
        (EventFeed, {"an event", "a change is told", "a setting is changed", "and taken back"}),
    ],
    ids=["settings", "events"],
)
async def test_what_did_not_move_is_not_drawn(
    kind: type[Lines], moves: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[object] = []
    draw = kind.draw
    monkeypatch.setattr(kind, "draw", lambda self, frame: drawn.append(frame) or draw(self, frame))
    steady = ("a quarter of a second", "a minute", "a session works on", "figures grow")
    async with opened((140, 40), port=FakePort()) as console:
        await console.type("<tab><tab><tab>")  # the focus is elsewhere
        for name in (*steady, *sorted(moves)):
            drawn.clear()
            await STORY[name](console)
            assert bool(drawn) == (name in moves), name


async def test_only_rows_of_sessions_that_move_are_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    row = SessionsTable._row
    monkeypatch.setattr(
        SessionsTable, "_row", lambda self, view, *rest: made.append(view.label) or row(self, view, *rest)
    )
    async with opened((140, 40)) as console:
        made.clear()
        console.port.picture = replace(SNAPSHOT, version=8)
        await console.tick(0.25)
        assert sorted(made) == sorted(view.label for view in SESSIONS if view.active)
        made.clear()
        await console.tick(1)
        assert sorted(made) == sorted(view.label for view in SESSIONS)
