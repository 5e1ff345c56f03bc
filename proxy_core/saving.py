"""Writes settings that were changed while agents worked to the `.env` file, so that a restart keeps them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from dotenv.parser import parse_stream

from proxy_core.env_edit import edited, write_private
from proxy_core.events import EngineEvent, OperatorActed
from proxy_core.live_settings import LiveSettings, SettingsView
from proxy_core.settings import SPEC_BY_NAME


@dataclass(frozen=True, slots=True)
class SavedLine:
    """One assignment in the file, as people write the values; `before` is None where there was none."""

    name: str
    before: str | None
    after: str
    note: str = ""
    """Why the line will not hold after a restart; "" when it will."""


@dataclass(frozen=True, slots=True)
class SaveResult:
    """What was written to the file, or would be. `error` is one plain sentence, "" when all is well."""

    path: str
    lines: tuple[SavedLine, ...] = ()
    saved: bool = False
    error: str = ""


def unsaved(view: SettingsView) -> tuple[str, ...]:
    """The settings whose values would be lost at a restart."""
    return tuple(spec.name for spec in view.specs if view.sources.get(spec.name) == "live")


def save(
    settings: LiveSettings, names: Iterable[str], publish: Callable[[EngineEvent], None], *, write: bool
) -> SaveResult:
    """Save the values in force of the live settings named; without `write` only say what would change.

    Any thread; never raises for bad names or a file that cannot be read or written.
    """
    path = settings.env_file
    view = settings.view
    known = [SPEC_BY_NAME[name] for name in dict.fromkeys(names) if name in SPEC_BY_NAME and SPEC_BY_NAME[name].live]
    values = {spec.name: spec.show(view.settings.value(spec.name)) for spec in known}
    try:
        text = _read(path)
        standing = _assignments(text)
        new = edited(text, {name: value for name, value in values.items() if standing.get(name) != value})
        if _assignments(new) != standing | values:
            return SaveResult(str(path), error=f"{path} cannot be edited without changing more than asked for")
        if write:
            write_private(path, new)
    except UnicodeDecodeError:
        return SaveResult(str(path), error=f"{path} is not a UTF-8 text file")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return SaveResult(str(path), error=f"{path} cannot be saved: {reason.lower()}")
    lines = tuple(
        SavedLine(name, standing.get(name), value, _note(settings, name))
        for name, value in values.items()
        if standing.get(name) != value
    )
    if write:
        settings.saved(values)
        publish(OperatorActed(at=time.time(), act=f"saved {', '.join(values) or 'nothing'} to {path}"))
    return SaveResult(str(path), lines, saved=write)


def _read(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def _assignments(text: str) -> dict[str, str]:
    """The values that hold, by name; lines that are no assignment do not count."""
    found = parse_stream(StringIO(text))
    return {b.key: b.value for b in found if b.key is not None and b.value is not None and not b.error}


def _note(settings: LiveSettings, name: str) -> str:
    source = settings.started.sources.get(name, "default")
    if source in {"environment", "command line"}:
        return f"the {source} of the proxy has it, too, and goes before the file"
    return ""
