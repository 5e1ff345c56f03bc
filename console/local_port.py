"""The console's port to an engine in the same process."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING

from proxy_core.commands import Command, CommandResult
from proxy_core.event_ring import EventBatch
from proxy_core.live_settings import SettingsView, UpdateResult
from proxy_core.record_views import RecordView, RequestView, SessionDetail
from proxy_core.saving import SaveResult, save
from proxy_core.snapshot import Snapshot

if TYPE_CHECKING:
    from proxy_core.engine import Engine
    from proxy_core.server import EngineThread

ANSWER_SECONDS = 1.0


class LocalPort:
    """Reads frozen values directly; commands cross to the engine's loop and are waited for at most a second."""

    def __init__(self, engine: Engine, thread: EngineThread, by: str = "console") -> None:
        self._engine = engine
        self._thread = thread
        self._by = by

    def snapshot(self) -> Snapshot:
        """The newest picture of the engine."""
        return self._engine.snapshot()

    def events_since(self, number: int) -> EventBatch:
        """The events after `number`."""
        return self._engine.events.since(number)

    def settings(self) -> SettingsView:
        """The settings in force."""
        return self._engine.settings.view

    def update(self, changes: Mapping[str, str]) -> UpdateResult:
        """Change live settings; all are taken or none is."""
        return self._engine.update(changes, self._by)

    def save(self, names: tuple[str, ...], *, write: bool) -> SaveResult:
        """Save settings to the `.env` that this process read, or say what would change there."""
        return save(self._engine.settings, names, self._engine.events.publish, write=write)

    def detail(self, session: str) -> SessionDetail | None:
        """What is behind the state of a session."""
        return self._engine.detail(session)

    def requests(self, session: str) -> tuple[RequestView, ...]:
        """The last requests of a session."""
        return self._engine.records.requests(session)

    def record(self, request_id: str) -> RecordView | None:
        """All of one request; made here, not on the engine's thread."""
        return self._engine.records.record(request_id)

    def command(self, command: Command) -> CommandResult:
        """Carry out one command; a failure is told, not raised."""
        if not self._thread.running:
            return CommandResult(ok=False, message="the engine has stopped")
        future = self._thread.submit(self._engine.command(command))
        try:
            return future.result(ANSWER_SECONDS)
        except TimeoutError:
            future.cancel()
            return CommandResult(ok=False, message="the engine did not answer within a second")
        except (CancelledError, RuntimeError) as error:
            return CommandResult(ok=False, message=f"the engine could not do it: {error}")
