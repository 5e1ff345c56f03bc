"""The console's way to its terminal: Textual's driver, which in addition survives that the terminal goes away.

Measured with Textual 8.2: when a terminal is closed, the driver's input thread spins on the end of the file, and its
output thread dies of the first write, after which the application blocks on a full queue and hears no signal any more.
"""

from __future__ import annotations

import select
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO, cast

from textual.drivers.linux_driver import LinuxDriver

from console.herald import GIVE_TITLE_BACK, KEEP_TITLE
from console.terminal import TERMINAL_LOST

if TYPE_CHECKING:
    from textual.app import App


class ForgivingOutput:
    """A terminal to write to; when it is gone, what is written goes nowhere."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> None:
        """Write, if there is still something to write to."""
        with suppress(OSError, ValueError):
            self._file.write(text)

    def flush(self) -> None:
        """Pass on what was written."""
        with suppress(OSError, ValueError):
            self._file.flush()

    def fileno(self) -> int:
        """The descriptor below."""
        return self._file.fileno()


class TerminalDriver(LinuxDriver):
    """Draws on stdout, where a person expects it (stderr may be a file), and ends the application with its terminal."""

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)  # pyright: ignore[reportUnknownMemberType]
        self._file = cast("TextIO", ForgivingOutput(cast("TextIO", sys.__stdout__)))
        threading.Thread(target=self._watch, name="terminal", daemon=True).start()

    def start_application_mode(self) -> None:
        """The same, and keep the title that the window has."""
        super().start_application_mode()
        self.write(KEEP_TITLE)

    def stop_application_mode(self) -> None:
        """Give the window its title back, and then the same."""
        self.write(GIVE_TITLE_BACK)
        super().stop_application_mode()

    def _watch(self) -> None:
        wait_for_hang_up(self.fileno)
        self.exit_event.set()
        with suppress(RuntimeError):  # the application has ended already
            self._loop.call_soon_threadsafe(self._app.exit, None, TERMINAL_LOST)


def wait_for_hang_up(descriptor: int) -> None:
    """Return when the terminal is gone. On systems that cannot tell (macOS for some devices) it waits for ever."""
    watch = select.poll()
    watch.register(descriptor, 0)
    while True:
        found = watch.poll()
        if any(event & (select.POLLHUP | select.POLLERR) for _, event in found):
            return
        if found:
            watch.unregister(descriptor)
            threading.Event().wait()
