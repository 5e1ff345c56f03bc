"""The program's log: a rotating file, and warnings as events for whichever face is there.

Nothing ever writes to stderr through logging: a handler made before the console takes the screen would paint over it.
"""

from __future__ import annotations

import faulthandler
import logging
import re
import sys
import threading
import time
import traceback
from collections.abc import Iterable, Mapping
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from proxy_core.event_ring import EventRing
from proxy_core.events import EngineEvent, LogRecorded, SettingChanged

MAX_BYTES = 5 * 1024 * 1024
OLD_FILES = 3
CHATTY = ("httpx", "httpcore", "aiohttp", "asyncio", "uvicorn.access")
"""Loggers of libraries that tell of every request; they are heard from warnings on."""

SHORTEST_SECRET = 4
CREDENTIAL = re.compile(r"(?i)\b(bearer\s+|x-api-key\W{1,4}|://[^/@\s:]+:)[^\s'\",@]+")
LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class MaskingFormatter(logging.Formatter):
    """Writes lines and tracebacks without the secrets it was told of and without anything that looks like a key."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__(LINE)
        self._secrets = tuple(secret for secret in secrets if len(secret) >= SHORTEST_SECRET)

    def format(self, record: logging.LogRecord) -> str:
        """The whole entry, masked."""
        return self.mask(super().format(record))

    def mask(self, text: str) -> str:
        """`text` without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return CREDENTIAL.sub(r"\1***", text)


class LogFile(RotatingFileHandler):
    """The file; when it can no longer be written (a full disk) it says so once and logging goes on without it."""

    def __init__(self, path: Path, ring: RingHandler) -> None:
        super().__init__(path, maxBytes=MAX_BYTES, backupCount=OLD_FILES, encoding="utf-8")
        self._ring = ring
        self._failed = False

    def _open(self) -> TextIOWrapper:
        stream = super()._open()
        Path(self.baseFilename).chmod(0o600)
        return stream

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - the names are logging's
        """Tell of the first failure instead of printing a traceback."""
        error = sys.exc_info()[1]
        if isinstance(error, OSError) and not self._failed:
            self._failed = True
            self._ring.warn(f"the log file {self.baseFilename} cannot be written: {error.strerror or error}")


class RingHandler(logging.Handler):
    """Turns log entries at warning level and above into events."""

    def __init__(self, events: EventRing, formatter: MaskingFormatter) -> None:
        super().__init__(logging.WARNING)
        self._events = events
        self._masking = formatter

    def emit(self, record: logging.LogRecord) -> None:
        """Publish the entry: its first line, and the kind of exception where there is one."""
        text = record.getMessage()
        if record.exc_info and record.exc_info[0] is not None:
            text = f"{text} ({record.exc_info[0].__name__}; the log has the details)"
        self._publish(record.levelname.lower(), text)

    def warn(self, text: str) -> None:
        """Publish a warning that did not come through logging."""
        self._publish("warning", text)

    def _publish(self, level: str, text: str) -> None:
        first_line = self._masking.mask(text).strip().partition("\n")[0]
        self._events.publish(LogRecorded(at=time.time(), level=level, text=first_line))


def default_path(environment: Mapping[str, str]) -> Path:
    """The log file in the user's state folder."""
    state = environment.get("XDG_STATE_HOME", "")
    folder = Path(state) if state.startswith("/") else Path.home() / ".local" / "state"
    return folder / "interlock" / "interlock.log"


def configure(path: Path, level: str, events: EventRing, secrets: Iterable[str] = ()) -> Path | None:
    """Send all logging to `path` and to `events`; the file in use, or None when it cannot be (one warning says why)."""
    formatter = MaskingFormatter(secrets)
    ring = RingHandler(events, formatter)
    handlers: list[logging.Handler] = [ring]
    file = _open(path, ring)
    if file is not None:
        file.setFormatter(formatter)
        handlers.append(file)
    logging.basicConfig(level=level.upper(), handlers=handlers, force=True)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    events.add_sink(_follow_level)
    threading.excepthook = _thread_died
    sys.unraisablehook = _unraisable
    return path if file is not None else None


def traceback_without_locals(error: BaseException) -> str:
    """The traceback as text; never with the values of local variables, which may be secrets or prompts."""
    return "".join(traceback.format_exception(type(error), error, error.__traceback__))


def _open(path: Path, ring: RingHandler) -> LogFile | None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = LogFile(path, ring)
        faulthandler.enable(path.open("a", encoding="utf-8"))  # a file of its own: the handler's is closed by rotation
    except OSError as error:
        ring.warn(f"the log file {path} cannot be written: {error.strerror or error}; logging goes on without it")
        return None
    return file


def _follow_level(event: EngineEvent) -> None:
    if isinstance(event, SettingChanged) and event.name == "PROXY_LOG_LEVEL":
        logging.getLogger().setLevel(event.after.upper())


def _thread_died(death: threading.ExceptHookArgs) -> None:
    if death.exc_type is not SystemExit:
        name = death.thread.name if death.thread else "?"
        logging.getLogger(__name__).error("thread %s died", name, exc_info=death.exc_value)


def _unraisable(problem: sys.UnraisableHookArgs) -> None:
    text = problem.err_msg or "an exception was ignored"
    logging.getLogger(__name__).error("%s", text, exc_info=problem.exc_value)
