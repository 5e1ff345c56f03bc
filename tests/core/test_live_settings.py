"""Changing settings while agents work."""

from __future__ import annotations

import pytest

from proxy_core.live_settings import AppliedChange, LiveSettings, SettingsView, Source
from proxy_core.settings import SPECS, Settings


@pytest.fixture
def live() -> LiveSettings:
    sources: dict[str, Source] = {spec.name: "default" for spec in SPECS}
    return LiveSettings(SettingsView(Settings(), sources))


def test_a_change_is_in_force_at_once_and_says_so(live: LiveSettings) -> None:
    result = live.update({"PROXY_STREAM_REASONING_FALLBACK": "visible", "PROXY_PING_INTERVAL": "2.5"})
    assert result.errors == ()
    assert result.changes == (
        AppliedChange("PROXY_STREAM_REASONING_FALLBACK", "off", "visible"),
        AppliedChange("PROXY_PING_INTERVAL", "4", "2.5"),
    )
    assert result.view is live.view
    assert (live.current.stream_reasoning_fallback, live.current.ping_interval) == ("visible", 2.5)
    assert live.view.sources["PROXY_PING_INTERVAL"] == "live"
    assert live.view.sources["PROXY_READ_TIMEOUT"] == "default"


def test_who_took_the_settings_before_keeps_them(live: LiveSettings) -> None:
    pinned = live.current
    live.update({"PROXY_READ_TIMEOUT": "30"})
    assert pinned.read_timeout == 600
    assert live.current.read_timeout == 30


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"PROXY_READ_TIMEOUT": "never"}, ["PROXY_READ_TIMEOUT: 'never' is not allowed; use 1 to 86400 s"]),
        ({"PROXY_PORT": "4001"}, ["PROXY_PORT: needs a restart; set it in the environment or .env"]),
        ({"PROXY_NONSENSE": "1"}, ["PROXY_NONSENSE: there is no such setting"]),
        (
            {"PROXY_READ_TIMEOUT": "30", "PROXY_LOG_LEVEL": "loud", "PROXY_PORT": "1"},
            [
                "PROXY_LOG_LEVEL: 'loud' is not allowed; use one of debug, info, warning, error",
                "PROXY_PORT: needs a restart; set it in the environment or .env",
            ],
        ),
    ],
    ids=["wrong value", "restart only", "unknown", "one good among bad"],
)
def test_one_refusal_refuses_all(live: LiveSettings, changes: dict[str, str], errors: list[str]) -> None:
    before = live.view
    result = live.update(changes)
    assert list(result.errors) == errors
    assert result.changes == ()
    assert live.view is before


def test_the_same_value_is_no_change(live: LiveSettings) -> None:
    result = live.update({"PROXY_READ_TIMEOUT": "600.0"})
    assert result.changes == result.errors == ()
    assert live.view.sources["PROXY_READ_TIMEOUT"] == "default"
