"""How the console begins, idles, breaks and ends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from textual.app import App
from textual.widget import Widget

from console.app import ConsoleApp
from proxy_core.snapshot import Snapshot
from tests.console.fake_port import SESSIONS, SNAPSHOT, FakePort
from tests.console.screen import opened

QUIET = replace(
    SNAPSHOT, active=0, sessions=tuple(replace(view, phase="idle", active=0) for view in SESSIONS), samples=()
)


@contextmanager
def repaints(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Widget]]:
    """Every widget that asks to be drawn again."""
    asked: list[Widget] = []
    refresh = Widget.refresh

    def noted(self: Widget, *regions: object, **options: object) -> Widget:
        asked.append(self)
        return refresh(self, *regions, **options)  # pyright: ignore[reportArgumentType]

    with monkeypatch.context() as patch:
        patch.setattr(Widget, "refresh", noted)
        yield asked


async def test_nothing_is_drawn_again_while_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened((140, 40), port=FakePort(picture=QUIET)) as console:
        with repaints(monkeypatch) as asked:
            for _ in range(20):
                await console.tick(1.9)
        assert asked == []


async def test_the_clock_moves_by_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened((140, 40), port=FakePort(picture=QUIET)) as console:
        await console.tick(39)
        with repaints(monkeypatch) as asked:
            await console.tick(2)
        assert console.lines[0].endswith("14:14")
        assert "StatusLine" in {type(widget).__name__ for widget in asked}
        assert "ThroughputChart" not in {type(widget).__name__ for widget in asked}


async def test_only_the_row_that_changed_is_drawn_again() -> None:
    async with opened((140, 40)) as console:
        table = console.app.screen.query_one("#sessions")
        rows: list[int] = []
        refresh = table.refresh

        def noted(*regions: object, **options: object) -> Widget:
            rows.extend(region.y for region in regions)  # pyright: ignore[reportAttributeAccessIssue]
            return refresh(*regions, **options)  # pyright: ignore[reportArgumentType]

        table.refresh = noted  # pyright: ignore[reportAttributeAccessIssue]
        changed = tuple(replace(view, decode_rate=99.0) if view.short == "77c1f0" else view for view in SESSIONS)
        console.port.picture = replace(SNAPSHOT, sessions=changed)
        await console.tick()
        assert rows == [5]


async def test_an_idle_console_does_not_look_at_its_widgets(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(port=FakePort(picture=QUIET)) as console:
        calls: list[object] = []
        monkeypatch.setattr(console.app.screen, "show", calls.append)
        for _ in range(3):
            await console.tick(0.1)
        assert calls == []
        assert console.port.asked >= 3


@pytest.mark.parametrize("key", ["q", "<ctrl+c>", "<ctrl+q>"])
async def test_leaving_asks_nothing_when_nothing_is_in_flight(key: str) -> None:
    async with opened(port=FakePort(picture=QUIET)) as console:
        await console.type(key)
        assert (console.app.return_code, console.app.quit_mode) == (0, "drain")
        assert console.app.crash is None


@pytest.mark.parametrize(
    ("keys", "mode"),
    [
        ("qd", "drain"),
        ("q<enter>", "drain"),
        ("qn", "now"),
        ("<ctrl+c>d", "drain"),
        ("<ctrl+c><ctrl+c>", "now"),
        ("sq<ctrl+c>", "now"),
    ],
)
async def test_leaving_with_requests_in_flight(keys: str, mode: str) -> None:
    async with opened() as console:
        await console.type(keys)
        assert (console.app.return_code, console.app.quit_mode) == (0, mode)


@pytest.mark.parametrize("keys", ["q<escape>", "qs"])
async def test_staying(keys: str) -> None:
    async with opened() as console:
        await console.type("q")
        assert "4 requests in flight" in console.text
        console.port.picture = replace(SNAPSHOT, active=1)
        await console.tick()
        assert "1 request in flight" in console.text
        await console.type(keys[1:])
        assert "in flight" not in console.text
        assert console.app.return_code is None


async def test_an_exception_inside_is_kept_and_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    class Breaking(FakePort):
        broken = False

        def snapshot(self) -> Snapshot:
            if self.broken:
                api_key = "s3cret"
                raise LookupError(f"lost {len(api_key)}")
            return super().snapshot()

    port = Breaking()
    app = ConsoleApp(port, ascii_only=False)

    async def break_it(_pilot: object) -> None:
        port.broken = True

    await asyncio.wait_for(app.run_async(headless=True, size=(80, 24), auto_pilot=break_it), 10)  # pyright: ignore[reportArgumentType]
    assert isinstance(app.crash, LookupError)
    assert app.return_code == 1
    out, err = capfd.readouterr()
    assert "Traceback" not in out + err
    assert "s3cret" not in out + err


async def test_no_colour_is_written_where_people_asked_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened((140, 40)) as console:
        for keys in ("", "s", "<escape>?", "<escape>q"):
            await console.type(keys)
            for strip in console.app.screen._compositor.render_strips():
                for segment in strip:
                    style = segment.style
                    assert style is None or style.color is None or style.color.is_default, segment
                    assert style is None or style.bgcolor is None or style.bgcolor.is_default, segment
        assert "in flight" in console.text


async def test_the_themes_can_be_changed_and_everything_follows() -> None:
    async with opened((140, 40)) as console:
        dark = console.app.look
        for theme in ("interlock-light", "ansi-dark", "nord"):
            console.app.theme = theme
            await console.tick()
            assert console.app.look is not dark
            assert "SERVING" in console.text


def test_the_app_is_textual_s_and_takes_no_more_than_it_says() -> None:
    assert issubclass(ConsoleApp, App)
