"""The face without a screen: every event as a line on stdout, and a summary at the end."""

from __future__ import annotations

import os
import threading
import time
from datetime import datetime

from console.event_text import describe, event_json, summary, summary_json
from console.port import EnginePort
from proxy_core.events import EngineEvent, SessionForgotten, SessionOpened, Severity
from proxy_core.sessions.identity import short

POLL_SECONDS = 0.2
FLUSH_SECONDS = 1.0
"""How long the end of the program waits for a reader that does not read."""

WHO = 24
"""Width of the column that says which session an event belongs to."""

RANKS: dict[str, int] = {"debug": 0, "info": 1, "notice": 2, "warning": 3, "error": 4}
COLOURS: dict[Severity, str] = {"debug": "2", "info": "0", "notice": "36", "warning": "33", "error": "31"}


class Headless:
    """Prints on a thread of its own, so that a stopped or vanished reader of stdout holds up nothing."""

    def __init__(self, port: EnginePort, *, human: bool, colour: bool, descriptor: int = 1) -> None:
        self._port = port
        self._human = human
        self._colour = colour
        self._descriptor = descriptor
        self._seen = 0
        self._labels: dict[str, str] = {}
        self._ending = threading.Event()
        self._broken = False
        self._thread = threading.Thread(target=self._run, name="lines", daemon=True)

    def start(self) -> None:
        """Begin to print: first what is already in the ring."""
        self._thread.start()

    def finish(self) -> None:
        """Print what is left and the summary; give up on a reader that does not take it."""
        self._ending.set()
        self._thread.join(FLUSH_SECONDS)

    def _run(self) -> None:
        while not self._ending.wait(POLL_SECONDS):
            self._print_new()
        self._print_new()
        self._write(self._summary())

    def _print_new(self) -> None:
        batch = self._port.events_since(self._seen)
        self._seen = batch.next
        least = RANKS[self._port.settings().settings.log_level]
        for event in batch.events:
            self._note(event)
            if RANKS[event.severity] >= least:
                self._write(self._line(event))

    def _note(self, event: EngineEvent) -> None:
        """Remember what sessions are called, as long as they exist."""
        if isinstance(event, SessionOpened):
            self._labels[event.session] = event.label
        elif isinstance(event, SessionForgotten):
            self._labels.pop(event.session, None)

    def _line(self, event: EngineEvent) -> bytes:
        if not self._human:
            return event_json(event) + b"\n"
        clock = datetime.fromtimestamp(event.at).astimezone().strftime("%H:%M:%S")
        session = event.session.partition("/")[0]
        who = f"{short(session)} {self._labels.get(event.session, '')}"[:WHO] if session else ""
        text = _printable(f"{event.kind:<18} {who:<{WHO}} {describe(event)}".rstrip())
        if self._colour:
            return f"\x1b[2m{clock}\x1b[0m \x1b[{COLOURS[event.severity]}m{text}\x1b[0m\n".encode()
        return f"{clock} {text}\n".encode()

    def _summary(self) -> bytes:
        snapshot = self._port.snapshot()
        seconds = time.time() - snapshot.started_at
        if self._human:
            return f"\n{summary(snapshot.totals, len(snapshot.sessions), seconds)}\n".encode()
        return summary_json(snapshot.totals, len(snapshot.sessions), seconds, time.time()) + b"\n"

    def _write(self, data: bytes) -> None:
        """Write everything, or never again once the reader is gone; the descriptor has no buffer to flush later."""
        while data and not self._broken:
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:
                time.sleep(0.05)
            except OSError:
                self._broken = True


def _printable(text: str) -> str:
    """`text` without control characters: what a client sent must not steer the operator's terminal."""
    return "".join(character if character.isprintable() else " " for character in text)
