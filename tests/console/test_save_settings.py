"""`w` on the settings screen: what would change in `.env` is shown, then it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy_core.live_settings import LiveSettings
from proxy_core.saving import unsaved
from proxy_core.settings import SPECS
from tests.console.fake_port import FakePort, settings_view
from tests.console.screen import opened

BEFORE = "# mine\nPROXY_LOOP_BREAKER=on # why\nOTHER=1\n"


@pytest.fixture
def port(tmp_path: Path) -> FakePort:
    path = tmp_path / ".env"
    path.write_text(BEFORE)
    return FakePort(live=LiveSettings(settings_view(), path))


def env(port: FakePort) -> str:
    return port.live.env_file.read_text()


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (140, 40)])
async def test_shown_first_then_written(port: FakePort, size: tuple[int, int]) -> None:
    async with opened(size, port=port) as console:
        await console.type("LsR")
        await console.type("w")
        assert "Write 2 lines?" in console.text
        for line in (
            "- PROXY_LOOP_BREAKER=on",
            "+ PROXY_LOOP_BREAKER=off",
            "+ PROXY_STREAM_REASONING_FALLBACK=sanitized",
        ):
            assert line in console.text
        assert env(port) == BEFORE
        await console.type("y")
        assert env(port) == (
            "# mine\nPROXY_LOOP_BREAKER=off # why\nOTHER=1\nPROXY_STREAM_REASONING_FALLBACK=sanitized\n"
        )
        assert "saved to" in console.text
        assert unsaved(port.live.view) == ()


@pytest.mark.parametrize("key", ["n", "<escape>", "q"])
async def test_no_leaves_the_file_alone(port: FakePort, key: str) -> None:
    async with opened(port=port) as console:
        await console.type(f"Lsw{key}")
        assert "Write 1 line?" not in console.text
        assert env(port) == BEFORE
        assert unsaved(port.live.view) == ("PROXY_LOOP_BREAKER",)


async def test_nothing_to_save_is_said(port: FakePort) -> None:
    async with opened(port=port) as console:
        await console.type("sw")
        assert "no setting was changed" in console.text


async def test_a_file_that_cannot_be_written_is_said(port: FakePort) -> None:
    port.live.env_file.write_bytes(b"\xff\xfe")
    async with opened((140, 40), port=port) as console:
        await console.type("Lsw")
        assert "text file" in console.text
        assert "Write 1" not in console.text


async def test_values_of_strangers_stay_on_their_line(port: FakePort) -> None:
    port.specs = SPECS
    port.live.update({"PROXY_MODEL_MAP": "a=\x1b]2;x\x07b"})
    async with opened((140, 40), port=port) as console:
        await console.type("sw")
        assert "+ PROXY_MODEL_MAP=a=␛]2;x␇b" in console.text
