"""What every screen shows at every size, as approved text (renew with --snapshot-update and read the difference)."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.console.fake_port import SNAPSHOT, FakePort
from tests.console.screen import Driven, opened

SIZES = ((60, 16), (80, 24), (100, 30), (140, 40))
WAYS = {
    "dashboard": "",
    "events": "e",
    "charts": "t",
    "session": "<enter>",
    "settings": "s",
    "setting editor": "s/ping<enter><enter>x",
    "filter": "/ctx>50",
    "help": "?",
}
DIALOGS = {"quit": "q", "cancel": "c"}


def without_versions(text: str) -> str:
    return re.sub(r"Interlock \S+, Textual \S+, Python \S+", "Interlock, Textual, Python", text)


def shot(console: Driven) -> str:
    size = console.app.size
    assert len(console.lines) == size.height
    return f"-- {size.width}x{size.height} --\n{without_versions(console.text)}"


async def at_all_sizes(console: Driven) -> str:
    """One console that changes its size."""
    shots: list[str] = []
    for width, height in SIZES:
        await console.resize(width, height)
        shots.append(shot(console))
    return "\n".join(shots)


async def opened_at_all_sizes(keys: str, *, ascii_only: bool) -> str:
    """A console for each size: what shines through below a dialog is laid out anew some time after a resize."""
    shots: list[str] = []
    for size in SIZES:
        async with opened(size, ascii_only=ascii_only) as console:
            await console.type(keys)
            shots.append(shot(console))
    return "\n".join(shots)


@pytest.mark.parametrize("ascii_only", [False, True], ids=["unicode", "ascii"])
@pytest.mark.parametrize("dialog", DIALOGS)
async def test_dialogs(dialog: str, ascii_only: bool, snapshot: SnapshotAssertion) -> None:
    text = await opened_at_all_sizes(DIALOGS[dialog], ascii_only=ascii_only)
    assert text.isascii() or not ascii_only
    assert text == snapshot


@pytest.mark.parametrize("way", WAYS)
async def test_screens(way: str, snapshot: SnapshotAssertion) -> None:
    async with opened() as console:
        await console.type(WAYS[way])
        assert await at_all_sizes(console) == snapshot


@pytest.mark.parametrize("way", ["dashboard", "session", "settings", "help"])
async def test_screens_in_ascii(way: str, snapshot: SnapshotAssertion) -> None:
    async with opened(ascii_only=True) as console:
        await console.type(WAYS[way])
        text = await at_all_sizes(console)
        assert text.isascii(), sorted(set(re.findall(r"[^\x00-\x7f]", text)))
        assert text == snapshot


@pytest.mark.parametrize("way", ["", "<enter>", "s", "?"], ids=["dashboard", "session", "settings", "help"])
async def test_a_light_theme_changes_no_word(way: str) -> None:
    """Colours are looked at in the pictures; what is approved above holds for every theme."""
    async with opened() as console:
        await console.type(way)
        for size in SIZES:
            await console.resize(*size)
            dark = console.text
            console.app.theme = "interlock-light"
            await console.tick()
            assert console.text == dark
            console.app.theme = "interlock-dark"
            await console.tick()


async def test_before_the_first_request(snapshot: SnapshotAssertion) -> None:
    upstream = replace(SNAPSHOT.upstream, state="down", kind="", model="", window=0, slots=None)
    empty = replace(SNAPSHOT, sessions=(), samples=(), active=0, upstream=upstream)
    async with opened(port=FakePort(picture=empty, happened=[])) as console:
        assert await at_all_sizes(console) == snapshot


async def test_other_sizes_that_people_have() -> None:
    async with opened() as console:
        for size in ((20, 5), (40, 10), (79, 24), (126, 12), (200, 60), (300, 20), (80, 200)):
            await console.resize(*size)
            assert "SERVING" in console.lines[0]
            assert "too small" not in console.text
