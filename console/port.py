"""The seam between any face and the engine: a face knows the engine through this protocol and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from proxy_core.commands import Command, CommandResult
from proxy_core.event_ring import EventBatch
from proxy_core.live_settings import SettingsView, UpdateResult
from proxy_core.record_views import RecordView, RequestView, SessionDetail
from proxy_core.saving import SaveResult
from proxy_core.snapshot import Snapshot


class EnginePort(Protocol):
    """What a face may ask. Calls come from the face's thread, return within a second and never raise for bad input."""

    def snapshot(self) -> Snapshot:
        """The newest picture of the engine; the same object as last time when nothing changed."""
        ...

    def events_since(self, number: int) -> EventBatch:
        """The events after `number` (0: all kept)."""
        ...

    def settings(self) -> SettingsView:
        """The settings in force."""
        ...

    def update(self, changes: Mapping[str, str]) -> UpdateResult:
        """Change live settings, given as people write them, by environment name; all are taken or none is."""
        ...

    def save(self, names: tuple[str, ...], *, write: bool) -> SaveResult:
        """Save the values in force of these settings to the engine's `.env`; without `write` say what would change."""
        ...

    def command(self, command: Command) -> CommandResult:
        """Carry out one command."""
        ...

    def detail(self, session: str) -> SessionDetail | None:
        """What is behind the state of a session, by its key; None when there is no such session (any more)."""
        ...

    def requests(self, session: str) -> tuple[RequestView, ...]:
        """The last requests of a session, oldest first."""
        ...

    def record(self, request_id: str) -> RecordView | None:
        """All of one request, secrets masked; None when it is not kept (any more). May take tens of milliseconds."""
        ...
