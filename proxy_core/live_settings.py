"""The settings in force, where each value came from, and the one way to change them while agents work."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from proxy_core.declaration import BadSetting, Setting, Value
from proxy_core.settings import SPEC_BY_NAME, SPECS, Settings

DEFAULT_ENV_FILE = Path(".env")
Source: TypeAlias = Literal["default", "env file", "environment", "command line", "live"]


@dataclass(frozen=True, slots=True)
class SettingsView:
    """The settings in force and where each value (by environment name) came from."""

    settings: Settings
    sources: Mapping[str, Source]
    specs: tuple[Setting, ...] = SPECS


@dataclass(frozen=True, slots=True)
class AppliedChange:
    """One value that changed, as texts fit for screens (secrets masked)."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class UpdateResult:
    """The answer to a change: the view now in force, what changed, or one plain sentence for each refused value."""

    view: SettingsView
    changes: tuple[AppliedChange, ...] = ()
    errors: tuple[str, ...] = ()


class LiveSettings:
    """Holds the current `SettingsView` and swaps it whole; readers on any thread see the old one or the new one."""

    def __init__(self, view: SettingsView, env_file: Path = DEFAULT_ENV_FILE) -> None:
        self.started = view
        """The settings at the start, with the sources that a restart reads again."""
        self.env_file = env_file.absolute()
        """The file that changes are saved to; it need not exist."""
        self._view = view
        self._lock = threading.Lock()

    @property
    def view(self) -> SettingsView:
        """The view now in force."""
        return self._view

    @property
    def current(self) -> Settings:
        """The values now in force; a request reads this once."""
        return self._view.settings

    def update(self, changes: Mapping[str, str]) -> UpdateResult:
        """Change live settings, given as people write them, by environment name. All are taken or none is."""
        parsed: dict[str, Value] = {}
        errors: list[str] = []
        for name, text in changes.items():
            try:
                parsed[name] = self._parse(name, text)
            except BadSetting as error:
                errors.append(str(error))
        if errors:
            return UpdateResult(self._view, errors=tuple(errors))
        with self._lock:
            before = self._view
            settings = before.settings.changed(parsed)
            moved = [name for name in parsed if before.settings.value(name) != settings.value(name)]
            sources: dict[str, Source] = {**before.sources, **dict.fromkeys(moved, "live")}
            self._view = SettingsView(settings, sources)
        specs = [SPEC_BY_NAME[name] for name in moved]
        applied = tuple(
            AppliedChange(s.name, s.masked(before.settings.value(s.name)), s.masked(settings.value(s.name)))
            for s in specs
        )
        return UpdateResult(self._view, applied)

    def saved(self, names: Iterable[str]) -> None:
        """The values of these settings now stand in the env file."""
        with self._lock:
            sources: dict[str, Source] = {**self._view.sources, **dict.fromkeys(names, "env file")}
            self._view = SettingsView(self._view.settings, sources)

    @staticmethod
    def _parse(name: str, text: str) -> Value:
        spec = SPEC_BY_NAME.get(name)
        if spec is None:
            raise BadSetting(f"{name}: there is no such setting")
        if not spec.live:
            raise BadSetting(f"{name}: needs a restart; set it in the environment or .env")
        return spec.parse(text)
