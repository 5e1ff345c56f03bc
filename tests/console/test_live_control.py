"""Settings changed while agents work."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from console.controls import QUICK, next_text, steps
from proxy_core.live_settings import UpdateResult
from proxy_core.settings import SPEC_BY_NAME, SPECS
from tests.console.fake_port import FakePort, settings_view
from tests.console.screen import Driven, opened

REASONING = "PROXY_STREAM_REASONING_FALLBACK"


def value(console: Driven, name: str) -> object:
    return console.port.live.current.value(name)


def test_every_key_is_for_a_live_setting_with_steps() -> None:
    assert all(SPEC_BY_NAME[quick.name].live and steps(SPEC_BY_NAME[quick.name]) for quick in QUICK)


def test_the_next_value_goes_round() -> None:
    assert next_text(settings_view(), REASONING) == "sanitized"
    assert next_text(settings_view(PROXY_STREAM_REASONING_FALLBACK="visible"), REASONING) == "off"
    assert next_text(settings_view(), "PROXY_GUARDRAIL_RETRY") == "off"


async def test_r_goes_to_the_next_value_at_once_and_u_takes_it_back() -> None:
    async with opened() as console:
        assert "R reasoning off" in console.text
        await console.type("R")
        assert value(console, REASONING) == "sanitized"
        assert "R reasoning sanitized" in console.text
        assert "reasoning off → sanitized" in console.text
        await console.type("RG")
        assert (value(console, REASONING), value(console, "PROXY_GUARDRAIL_RETRY")) == ("visible", False)
        await console.type("uu")
        assert (value(console, REASONING), value(console, "PROXY_GUARDRAIL_RETRY")) == ("sanitized", True)
        await console.type("u")
        assert value(console, REASONING) == "off"
        await console.type("u")
        assert "nothing to undo" in console.text


async def test_a_click_on_a_control_does_the_same() -> None:
    async with opened((140, 40)) as console:
        line = console.line("L loop breaker")
        await console.pilot.click(offset=(line.index("loop breaker"), console.lines.index(line)))
        await console.tick()
        assert value(console, "PROXY_LOOP_BREAKER") is False
        assert "on ▸off◂" in console.line("L loop breaker")


async def test_every_setting_is_on_the_settings_screen() -> None:
    async with opened((140, 80), port=FakePort(specs=SPECS)) as console:
        await console.type("s")
        for spec in SPECS:
            assert spec.name in console.text


async def test_a_value_is_judged_while_it_is_typed_and_applied_by_enter() -> None:
    async with opened((100, 30)) as console:
        await console.type("s/PING_INT<enter><enter>")
        assert "Pause between pings" in console.text
        await console.type("<backspace>9")
        assert "'9' is not allowed; use 0.2 to 5 s" in console.text
        await console.type("<enter>")
        assert value(console, "PROXY_PING_INTERVAL") == 4.0
        assert "PROXY_PING_INTERVAL  9" in console.text, "what was refused stays"
        await console.type("<backspace>2.5")
        assert "Enter applies" in console.text
        await console.type("<enter>")
        assert value(console, "PROXY_PING_INTERVAL") == 2.5
        row = console.line("PROXY_PING_INTERVAL")
        assert row.split()[:5] == ["▸●", "PROXY_PING_INTERVAL", "2.5", "4", "live"]
        await console.type("r")
        assert value(console, "PROXY_PING_INTERVAL") == 4.0


async def test_what_the_engine_refuses_stays_with_its_reason() -> None:
    class Refusing(FakePort):
        def update(self, changes: Mapping[str, str]) -> UpdateResult:
            return UpdateResult(self.live.view, errors=("PROXY_PING_INTERVAL: not while agents sleep",))

    async with opened((100, 30), port=Refusing()) as console:
        await console.type("s/PING_INT<enter><enter><backspace>3<enter>")
        assert "PROXY_PING_INTERVAL: not while agents sleep" in console.text
        assert "PROXY_PING_INTERVAL  3" in console.text
        await console.type("<escape>")
        assert "not while agents sleep" not in console.text
        await console.type("<escape>R")
        assert "not while agents" in console.text, "a key's refusal is told as well"


async def test_enter_turns_a_switch_and_steps_through_choices() -> None:
    async with opened((100, 30)) as console:
        await console.type("s/TEXT_TOOL<enter><enter>")
        assert value(console, "PROXY_TEXT_TOOL_CALLS") is False
        await console.type("<escape>/BROKEN_STREAM<enter><enter>")
        assert value(console, "PROXY_BROKEN_STREAM") == "event"


@pytest.mark.parametrize("name", ["PROXY_PORT", "PROXY_AUTH_TOKEN"])
async def test_what_is_read_at_the_start_cannot_be_edited(name: str) -> None:
    async with opened((100, 30)) as console:
        await console.type(f"s/{name}<enter><enter>")
        assert "is read at the start" in console.text
        assert not console.app.screen.query("#editor.-open")


async def test_secrets_are_never_on_the_screen() -> None:
    port = FakePort()
    view = settings_view(PROXY_AUTH_TOKEN="tok-s3cret", UPSTREAM_API_KEY="key-s3cret")
    port.live = type(port.live)(view)
    async with opened((140, 80), port=port) as console:
        await console.type("s")
        assert "s3cret" not in console.text
        assert "(set)" in console.line("PROXY_AUTH_TOKEN")
        await console.type("/PROXY_AUTH<enter><enter>")
        assert "s3cret" not in console.text
