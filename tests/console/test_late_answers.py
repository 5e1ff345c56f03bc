"""The engine answers late: the screen that asked was left meanwhile, or is only being made."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest

from proxy_core.record_views import RecordView, RequestView, SessionDetail
from tests.console.fake_port import FakePort
from tests.console.fake_records import SESSION, detail, records
from tests.console.screen import opened

SECONDS = 10.0


@dataclass
class SlowPort(FakePort):
    """Answers what is asked beside the UI's thread once it is let to."""

    free: threading.Event = field(default_factory=threading.Event)
    reached: threading.Event = field(default_factory=threading.Event)

    def requests(self, session: str) -> tuple[RequestView, ...]:
        self._wait()
        return super().requests(session)

    def record(self, request_id: str) -> RecordView | None:
        self._wait()
        return super().record(request_id)

    def detail(self, session: str) -> SessionDetail | None:
        self._wait()
        return super().detail(session)

    def _wait(self) -> None:
        self.reached.set()
        assert self.free.wait(SECONDS)


@pytest.mark.parametrize(
    ("before", "key"),
    [("j", "<enter>"), ("j<enter>", "i"), ("j<enter>", "o")],
    ids=["a session", "a request", "what is overridden in a session"],
)
async def test_an_answer_that_comes_after_its_screen_was_left_breaks_nothing(before: str, key: str) -> None:
    port = SlowPort(records=records(), details={SESSION: detail()})
    port.free.set()
    async with opened((100, 30), port=port) as console:
        await console.type(before)
        await console.settled()
        port.free.clear()
        port.reached.clear()
        await console.type(key)
        assert port.reached.is_set()
        await console.type("<escape><escape>")
        port.free.set()
        await console.app.workers.wait_for_complete()
        await console.tick(1)
        assert console.app.crash is None
        assert "sessions" in console.lines[1]
