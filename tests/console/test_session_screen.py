"""One session on the screen: requests, behaviour, what fills the window, and what an operator can do to it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from syrupy.assertion import SnapshotAssertion

from console.screens.inspector import InspectorScreen
from console.screens.override import OverrideScreen
from proxy_core.commands import (
    CancelSession,
    Command,
    HoldSession,
    OverrideGuardrail,
    PruneNow,
    ReleaseSession,
    ResetLoop,
)
from tests.console.fake_port import SNAPSHOT, FakePort
from tests.console.fake_records import SESSION, detail, records
from tests.console.screen import Driven, opened

FILL = (("results", 24_100), ("tools", 14_200), ("files", 9_800), ("system", 5_200), ("calls", 2_100), ("chat", 900))


def port(**changes: object) -> FakePort:
    shown = {"fill": FILL, "breaks": (("pruned", 1),), "last_break": "history was cut", "total_lost": 28_100, **changes}
    sessions = tuple(
        replace(view, **shown) if view.key == SESSION else view  # pyright: ignore[reportArgumentType]
        for view in SNAPSHOT.sessions
    )
    return FakePort(picture=replace(SNAPSHOT, sessions=sessions), records=records(), details={SESSION: detail()})


async def look(console: Driven, keys: str = "j<enter>") -> None:
    await console.type(keys)
    await console.app.workers.wait_for_complete()
    await console.pilot.pause(0.03)


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (100, 30), (140, 40), (200, 60)])
async def test_every_size_has_requests_and_behaviour(size: tuple[int, int]) -> None:
    async with opened(size, port=port()) as console:
        await look(console)
        assert len(console.lines) == size[1]
        assert max(map(len, console.lines)) <= size[0]
        assert console.line("requests 9").count("1 failed") == 1
        assert "14:12" in console.line("▸")
        assert console.line("loop step 2/4")
        assert "[Read]×5" in console.line("calls     ")
        if size[1] >= 24:
            assert "results 24.1k" in console.text
            assert "▼ pruned" in console.text


@pytest.mark.parametrize("ascii_only", [False, True], ids=["unicode", "ascii"])
async def test_the_screen(ascii_only: bool, snapshot: SnapshotAssertion) -> None:
    """As approved text; renew with --snapshot-update and read the difference."""
    async with opened((140, 40), port=port(), ascii_only=ascii_only) as console:
        await look(console)
        shots: list[str] = []
        for size in ((60, 16), (80, 24), (100, 30), (140, 40)):
            await console.resize(*size)
            await look(console, "")
            shots.append(f"-- {size[0]}x{size[1]} --\n{console.text}")
        text = "\n".join(shots)
        assert text.isascii() or not ascii_only
        assert text == snapshot


async def test_requests_with_their_figures_and_acts() -> None:
    async with opened((140, 40), port=port()) as console:
        await look(console)
        assert console.line("14:12:40").split("│")[1].split() == [
            "▸", "14:12:40", "main", "2.3k", "54.7k", "49", "4.5s", "28.4", "9.6s", "tool_use", "Read",
        ]  # fmt: skip
        assert "pruned 59.6k → 42.4k, prefix broke (pruned), 28.1k read again" in console.line("14:11:20")
        assert "loop step 1" in console.line("14:12:00")
        await look(console, "g")
        assert "503 overloaded_error in connect: slot busy" in console.line("failed  ")


async def test_the_loop_and_the_prefix_in_words() -> None:
    async with opened((140, 40), port=port()) as console:
        await look(console)
        assert "score 7, step 2 of 4: a free tool choice; from 8: the tool left out" in console.text
        assert "Read(src/app.py) was called 6 times; 5 turns in a row brought nothing new" in console.text
        assert "28.1k tokens read again (pruned ×1); last: history was cut" in console.text
        assert "only here: LOOP_END off" in console.text


@pytest.mark.parametrize(
    ("key", "question", "command"),
    [
        ("c", "Cancel 1 request of 5d10e2 refactor billing?", CancelSession(SESSION)),
        ("h", "Hold 5d10e2 refactor billing?", HoldSession(SESSION)),
        ("r", "Reset the loop breaker of 5d10e2 refactor billing?", ResetLoop(SESSION)),
        ("P", "Prune 5d10e2 refactor billing?", PruneNow(SESSION)),
    ],
)
async def test_what_cannot_be_taken_back_is_asked_first(key: str, question: str, command: Command) -> None:
    async with opened((100, 30), port=port()) as console:
        await look(console)
        await look(console, key)
        assert question in console.text
        await look(console, "n")
        assert console.port.commands == []
        await look(console, f"{key}y")
        assert console.port.commands == [command]


async def test_a_held_session_says_so_and_is_released_at_once() -> None:
    async with opened((100, 30), port=port(held=True, waiting=2)) as console:
        await look(console)
        assert "HELD, 2 waiting" in console.text
        await look(console, "h")
        assert console.port.commands == [ReleaseSession(SESSION)]


async def test_guardrails_of_this_session_alone() -> None:
    async with opened((100, 30), port=port()) as console:
        await look(console)
        await look(console, "o")
        assert " ".join(console.line("● LOOP_END").split("│")[1].split()) == "● LOOP_END off elsewhere on"
        await look(console, "<enter>")
        await look(console, "j<enter>")
        await look(console, "x")
        assert "use 20 to 20000 characters" in console.text
        await look(console, "<enter>")
        assert len(console.port.commands) == 1, "what is not allowed is not sent"
        await look(console, "<backspace>2400<enter>")
        await look(console, "jjjjj")
        assert "Loop breaker, step 4" in console.text
        await look(console, "x")
        assert console.port.commands == [
            OverrideGuardrail(SESSION, "PROXY_STREAM_REASONING_FALLBACK", "sanitized"),
            OverrideGuardrail(SESSION, "PROXY_STREAM_REASONING_MAX_CHARS", "2400"),
            OverrideGuardrail(SESSION, "PROXY_LOOP_END", None),
        ]
        await look(console, "<escape>")
        assert not isinstance(console.app.screen, OverrideScreen)


async def test_the_cursor_follows_the_newest_request_until_it_is_moved() -> None:
    async with opened((140, 40), port=port()) as console:
        everything = dict(console.port.records)
        last = list(everything)[-1]
        del console.port.records[last]
        await look(console)
        assert "14:12:00" in console.line("▸")
        console.port.records[last] = everything[last]
        console.port.picture = replace(console.port.picture, version=8)
        await console.tick(1)
        await look(console, "")
        assert "14:12:40" in console.line("▸")
        await look(console, "k")
        del console.port.records[next(iter(everything))]
        console.port.picture = replace(console.port.picture, version=9)
        await console.tick(1)
        await look(console, "")
        assert "14:12:00" in console.line("▸")


async def test_enter_looks_into_the_chosen_request_and_esc_comes_back() -> None:
    async with opened((140, 40), port=port()) as console:
        await look(console)
        await look(console, "k<enter>")
        assert isinstance(console.app.screen, InspectorScreen)
        assert "8 of 9" in console.text
        await look(console, "<escape>")
        assert "14:12:00" in console.line("▸")


async def test_another_session_has_other_requests() -> None:
    async with opened((140, 40), port=port()) as console:
        await look(console)
        await look(console, "n")
        assert "no requests are kept of this session" in console.text
        await look(console, "N")
        assert "requests 9" in console.text


async def test_events_on_the_whole_screen_and_back() -> None:
    async with opened((100, 30), port=port()) as console:
        await look(console)
        await look(console, "e")
        assert "requests 9" not in console.text
        assert "loop, step 1 of 4" in console.text
        await look(console, "<escape>")
        assert "requests 9" in console.text


async def test_without_colour_the_parts_of_the_window_are_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened((140, 40), port=port()) as console:
        await look(console)
        bar = console.line("RRRRRR").strip()
        assert list(dict.fromkeys(bar)) == ["R", "T", "F", "S", "C", "H", "░"]
        assert bar.count("░") == pytest.approx(138 * (65_536 - 56_300) / 65_536, abs=1)


async def test_from_the_dashboard_straight_into_the_newest_request() -> None:
    async with opened((140, 40), port=port()) as console:
        await look(console, "ji")
        assert isinstance(console.app.screen, InspectorScreen)
        assert "9 of 9" in console.text
        await look(console, "<escape>gi")
        assert "no requests are kept of this session" in console.text
