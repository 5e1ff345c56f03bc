"""The console with its colours, as approved pictures (renew with --snapshot-update and look at each)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from textual.pilot import Pilot

from console.app import ConsoleApp
from tests.console.fake_port import NOW, FakePort
from tests.console.screen import utc

Compare = Callable[..., bool]


@pytest.fixture(autouse=True)
def _utc() -> Iterator[None]:
    with utc():
        yield


def app() -> ConsoleApp:
    return ConsoleApp(FakePort(), clock=lambda: NOW, ascii_only=False)


def in_theme(name: str) -> Callable[[Pilot[int]], object]:
    async def change(pilot: Pilot[int]) -> None:
        pilot.app.theme = name
        await pilot.pause()

    return change


@pytest.mark.parametrize("size", [(140, 40), (80, 24), (60, 16)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_dashboard(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app(), terminal_size=size)


def test_light(snap_compare: Compare) -> None:
    assert snap_compare(app(), terminal_size=(140, 40), run_before=in_theme("interlock-light"))


def test_no_colour(snap_compare: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(app(), terminal_size=(80, 24))


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("session", ["enter"]),
        ("refused", ["s", "slash", *"PING_I", "enter", "enter", "backspace", "9"]),
        ("quit", ["q"]),
        ("events", ["e"]),
        ("frozen", ["space"]),
    ],
)
def test_screens(snap_compare: Compare, name: str, keys: list[str]) -> None:
    assert snap_compare(app(), terminal_size=(100, 30), press=keys)
