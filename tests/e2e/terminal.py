"""Interlock as a person runs it: a real pseudo-terminal, real signals, the real exit status."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pyte

ROOT = Path(__file__).parents[2]
FULL_SCREEN, ORDINARY_SCREEN = b"\x1b[?1049h", b"\x1b[?1049l"
WAIT = 20.0
OWN_TERMINAL = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)"
"""What a session leader does to be told when its terminal goes away."""


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def environment(state: Path, **more: str) -> dict[str, str]:
    base = {"PATH": os.environ["PATH"], "HOME": str(state), "LANG": "C.UTF-8", "TERM": "xterm-256color"}
    return {**base, "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(state), "PYTHONUNBUFFERED": "1", **more}


def until(true: Callable[[], bool], what: str, seconds: float = WAIT) -> None:
    """Wait until `true`; a test that waits in vain fails with `what`."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)


class Terminal:
    """A process with a controlling terminal of its own; everything it prints is kept and shown on a virtual screen."""

    def __init__(
        self, command: list[str], env: Mapping[str, str], folder: Path, size: tuple[int, int] = (120, 36)
    ) -> None:
        columns, lines = size
        self._master, self._slave = pty.openpty()
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.line_settings = termios.tcgetattr(self._slave)
        self.output = b""
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()
        self.process = subprocess.Popen(
            command,
            env=dict(env),
            cwd=folder,
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            start_new_session=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    @classmethod
    def interlock(cls, *arguments: str, state: Path, code: str = "", **env: str) -> Terminal:
        """Run the command; `code` is executed before it, to break something on purpose."""
        program = f"{OWN_TERMINAL}\n{code}\nimport sys\nfrom console.__main__ import main\nsys.exit(main(sys.argv[1:]))"
        return cls([sys.executable, "-c", program, *arguments], environment(state, **env), state)

    @property
    def text(self) -> str:
        """What the screen shows now."""
        with self._lock:
            return "\n".join(self._screen.display)

    def wait_for(self, text: str, seconds: float = WAIT) -> None:
        with self._shown_when_in_vain():
            until(lambda: text in self.text or self.process.poll() is not None, repr(text), seconds)
        assert text in self.text, f"ended with {self.process.returncode}:\n{self.text}"

    def wait_without(self, text: str, seconds: float = WAIT) -> None:
        """Wait until the screen shows it no more."""
        with self._shown_when_in_vain():
            until(lambda: text not in self.text, f"{text!r} to go", seconds)

    def after(self, keys: str, text: str) -> None:
        """Press keys, and wait for what they bring."""
        self.press(keys)
        self.wait_for(text)

    @contextmanager
    def _shown_when_in_vain(self) -> Iterator[None]:
        try:
            yield
        except AssertionError as error:
            raise AssertionError(f"{error}; the screen:\n{self.text}") from None

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def hang_up(self) -> None:
        """Take the terminal away, as closing its window does."""
        os.close(self._slave)
        os.close(self._master)

    def status(self, seconds: float = WAIT) -> int:
        """The exit status, once the process has ended and its last words were read."""
        status = self.process.wait(seconds)
        time.sleep(0.05)
        return status

    def given_back(self) -> list[str]:
        """What is wrong with the terminal after the end; empty when it is as it was."""
        wrong = []
        for on, off, what in (
            (FULL_SCREEN, ORDINARY_SCREEN, "alternate screen"),
            (b"\x1b[?1003h", b"\x1b[?1003l", "mouse reports"),
            (b"\x1b[?2004h", b"\x1b[?2004l", "bracketed paste"),
            (b"\x1b[?25l", b"\x1b[?25h", "hidden cursor"),
        ):
            if self.output.rfind(on) > self.output.rfind(off):
                wrong.append(what)
        if termios.tcgetattr(self._slave) != self.line_settings:
            wrong.append("line settings")
        return wrong

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._master, 65_536)
            except OSError:
                return
            if not data:
                return
            with self._lock:
                self.output += data
                self._stream.feed(data)
