"""The command palette: everything that can be done on the screen it is opened on, and every setting."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from console.controls import steps
from console.keymap import EVERYWHERE, INSPECTOR, SESSION
from console.screens.base import ConsoleScreen
from console.screens.inspector import InspectorScreen
from proxy_core.commands import CheckUpstream, HoldSession, PruneNow, ReleaseSession
from proxy_core.settings import SPECS
from tests.console.fake_port import SNAPSHOT, FakePort
from tests.console.fake_records import SESSION as REFACTOR
from tests.console.fake_records import detail, records
from tests.console.screen import Driven, opened


def port() -> FakePort:
    return FakePort(records=records(), details={REFACTOR: detail()}, specs=SPECS)


def titles(console: Driven) -> list[str]:
    """What the palette would list now."""
    return [command.title for command in console.app.get_system_commands(console.app.screen)]


async def choose(console: Driven, words: str) -> None:
    """Open the palette, type, take the first hit, and wait for what comes of it."""
    await console.type(f"<ctrl+p>{words}<wait:300><enter><wait:100>")
    await console.app.workers.wait_for_complete()
    await console.tick()


async def test_every_setting_is_there_with_each_other_value_or_its_editor() -> None:
    async with opened((100, 30), port=port()) as console:
        offered = titles(console)
        view = console.app.frame.settings
        for spec in SPECS:
            mine = [title for title in offered if spec.name in title.replace(":", "").split()]
            if not spec.live:
                assert [title.partition(" ")[0] for title in mine] == ["show"], spec.name
            elif steps(spec):
                now = spec.show(view.settings.value(spec.name))
                assert sorted(title.rpartition(": ")[2] for title in mine) == sorted(set(steps(spec)) - {now})
            else:
                assert [title[-3:] for title in mine] == ["..."], spec.name


@pytest.mark.parametrize("way", ["", "j<enter>", "ji", "s", "?"])
async def test_every_key_of_the_screen_and_of_the_app_is_there_where_it_has_a_point(way: str) -> None:
    async with opened((140, 40), port=port()) as console:
        await console.type(way)
        await console.app.workers.wait_for_complete()
        await console.tick()
        screen = console.app.screen
        assert isinstance(screen, ConsoleScreen)
        offered = titles(console)
        for key in screen.SCOPE:
            assert (f"{screen.SCOPE.title}: {key.help}" in offered) is screen.can(key.action), key.id
        for key in EVERYWHERE:
            expected = key.action not in {"command_palette", "interrupt"} and console.app.can(key.action)
            assert (key.help in offered) is expected, key.id
        assert len(offered) == len(set(offered))


async def test_what_has_no_point_is_absent() -> None:
    async with opened((140, 40), port=port()) as console:
        undo = EVERYWHERE.keys[5].help
        assert undo == "take the last change of a setting back"
        assert undo not in titles(console)
        await console.type("R")
        assert undo in titles(console)
        await console.type("<end>")
        assert not any("cancel what is in flight" in title for title in titles(console)), "nothing runs there"
        await console.type("<enter>")
        assert f"Session: {SESSION.keys[0].help}" not in titles(console), "no request is kept of it"
        await console.type("<escape>gji")
        await console.app.workers.wait_for_complete()
        await console.tick()
        assert isinstance(console.app.screen, InspectorScreen)
        offered = titles(console)
        helps = {key.action: f"{INSPECTOR.title}: {key.help}" for key in INSPECTOR}
        assert helps["step(-1)"] in offered
        assert helps["step(1)"] not in offered, "this is the newest"
        assert helps["tab('timing')"] in offered
        assert helps["tab('request')"] not in offered, "it is shown"
        assert helps["match(1)"] not in offered, "nothing was searched for"
        await console.type("4")
        assert helps["tab('request')"] in titles(console)


async def test_without_sessions_there_is_nothing_to_open() -> None:
    empty = FakePort(picture=replace(SNAPSHOT, sessions=()))
    async with opened(port=empty) as console:
        assert not any(title.startswith(("session ", "Dashboard: open")) for title in titles(console))


async def test_acts_on_the_chosen_session_from_the_dashboard() -> None:
    async with opened((140, 40), port=port()) as console:
        await console.type("j")
        await choose(console, "refactor billing hold")
        assert "Hold 5d10e2 refactor billing?" in console.text
        await console.type("y")
        await choose(console, "prune at its next")
        await console.type("y")
        await console.app.workers.wait_for_complete()
        assert console.port.commands == [HoldSession(REFACTOR), PruneNow(REFACTOR)]
        await choose(console, "override guardrails")
        assert "Guardrails of 5d10e2 alone" in console.text


async def test_acts_on_the_session_that_is_shown() -> None:
    async with opened((140, 40), port=port()) as console:
        await console.type("j<enter>")
        await choose(console, "Session: hold this")
        assert "Hold 5d10e2 refactor billing?" in console.text
        await console.type("n")
        await choose(console, "Session: events of this")
        assert "requests 9" not in console.text


async def test_a_held_session_is_offered_to_be_released() -> None:
    held = port()
    held.picture = replace(SNAPSHOT, sessions=tuple(replace(view, held=True) for view in SNAPSHOT.sessions))
    async with opened((140, 40), port=held) as console:
        await choose(console, "dark mode release")
        assert console.port.commands == [ReleaseSession("a3f91c77")]


async def test_pages_copies_and_exports_of_a_request(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async with opened((140, 40), port=port()) as console:
        copied: list[str] = []
        monkeypatch.setattr(console.app, "copy_to_clipboard", copied.append)
        await console.type("ji")
        await console.app.workers.wait_for_complete()
        await console.tick()
        await choose(console, "Request: page 4")
        assert "4 timing" in console.text
        await choose(console, "Request: copy a curl")
        assert copied[0].startswith("curl -N ")
        await choose(console, "Request: copy the chosen")
        assert json.loads(copied[1])["max_tokens"] == 32_000
        monkeypatch.chdir(tmp_path)
        await choose(console, "Request: write all of it")
        assert len(list(tmp_path.iterdir())) == 1


async def test_sorting_freezing_filtering_and_asking() -> None:
    async with opened((140, 40), port=port()) as console:
        await choose(console, "sort sessions by ttft")
        assert "TTFT▼" in console.text
        await choose(console, "hold the picture still")
        assert "FROZEN" in console.text
        await choose(console, "hold the picture still")
        await choose(console, "Dashboard: filter the panel")
        await console.type("s:a3f9<enter>")
        assert "5 hidden" in console.text
        await choose(console, "ask the model server")
        assert console.port.commands == [CheckUpstream()]
        await choose(console, "theme: nord")
        assert console.app.theme == "nord"


async def test_values_and_editors_of_settings() -> None:
    async with opened((100, 30), port=port()) as console:
        await choose(console, "loop note PROXY_LOOP_NOTE: off")
        assert console.port.live.current.value("PROXY_LOOP_NOTE") is False
        await choose(console, "set ping interval")
        assert "PROXY_PING_INTERVAL  4" in console.text
        await console.type("<backspace>9")
        assert "use 0.2 to 5 s" in console.text
        await console.type("<backspace>3<enter>")
        assert console.port.live.current.value("PROXY_PING_INTERVAL") == 3.0
        await choose(console, "show port PROXY_PORT")
        assert console.line("▸").split()[1:2] == ["PROXY_PORT"]
        assert not console.app.screen.query("#editor.-open")


async def test_in_ascii() -> None:
    async with opened((100, 30), port=port(), ascii_only=True) as console:
        for words in ("", "loop"):
            await console.type(f"<ctrl+p>{words}<wait:300>")
            assert console.text.isascii(), {sign for sign in console.text if not sign.isascii()}
            await console.type("<escape>")
