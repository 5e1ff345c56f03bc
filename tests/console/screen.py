"""Drives the console without a terminal: keys as they are typed, the screen as text."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from unittest.mock import patch

from textual.pilot import Pilot, WaitForScreenTimeout

from console.app import ConsoleApp
from console.keys_file import KeysRead
from tests.console.fake_port import NOW, FakePort

SETTLE = 0.03
"""Seconds in which everything that a key set off has happened; Textual draws after at most 1/60 of one."""

KEY = re.compile(r"<([^>]+)>|(.)", re.DOTALL)


@dataclass
class Clock:
    """Unix time that moves only when it is told to."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


@dataclass
class Driven:
    """A running console."""

    app: ConsoleApp
    port: FakePort
    clock: Clock
    pilot: Pilot[int]

    @property
    def text(self) -> str:
        """The whole screen. The one place that looks into Textual for it."""
        return "\n".join(strip.text.rstrip() for strip in self.app.screen._compositor.render_strips())

    @property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    def line(self, part: str) -> str:
        """The first line with this in it."""
        found = next((line for line in self.lines if part in line), None)
        assert found is not None, f"{part!r} is not on the screen:\n{self.text}"
        return found

    async def type(self, keys: str) -> None:
        """Type: plain characters, and names in angle brackets, such as `/loop<enter>`."""
        try:
            await self.pilot.press(*(name or character for name, character in KEY.findall(keys)))
            await self.pilot.pause(SETTLE)
        except WaitForScreenTimeout:
            if self.app.return_code is None:  # a console that was left has no screen to wait for
                raise

    async def tick(self, seconds: float = 0.0) -> None:
        """Let time pass and the console look."""
        self.clock.now += seconds
        self.app.tick()
        await self.pilot.pause(SETTLE)

    async def settled(self) -> None:
        """Wait until what was asked beside the UI's thread is shown and nothing moves any more."""
        await self.app.workers.wait_for_complete()
        before = ""
        while before != self.text:
            before = self.text
            await self.pilot.pause(2 * SETTLE)

    async def resize(self, width: int, height: int) -> None:
        """Change the size; a layout may take several steps."""
        await self.pilot.resize_terminal(width, height)
        await self.settled()


@asynccontextmanager
async def opened(
    size: tuple[int, int] = (80, 24),
    *,
    port: FakePort | None = None,
    ascii_only: bool = False,
    keys: KeysRead | None = None,
) -> AsyncGenerator[Driven]:
    """A console on a fake engine, with a clock that stands still."""
    with utc(), patch("textual.app.wait_for_idle", _settle), patch("textual.pilot.wait_for_idle", _settle):
        port, clock = port or FakePort(), Clock()
        app = ConsoleApp(port, clock=clock, ascii_only=ascii_only, keys=keys)
        async with app.run_test(size=size, notifications=True) as pilot:
            await pilot.pause(SETTLE)
            yield Driven(app, port, clock, pilot)


async def _settle(*_: float) -> None:
    """Textual's own wait measures the load of the processor, which on a busy machine takes a second for each key."""
    await asyncio.sleep(0.005)


class utc:  # noqa: N801 - reads as a word
    """Local time is UTC inside."""

    def __enter__(self) -> None:
        self._before = os.environ.get("TZ")
        os.environ["TZ"] = "UTC"
        time.tzset()

    def __exit__(self, *_: object) -> None:
        if self._before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = self._before
        time.tzset()
