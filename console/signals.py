"""The one owner of the process's signals, as long as the console does not take them over."""

from __future__ import annotations

import os
import select
import signal
from contextlib import suppress
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Signals:
    """Remembers which ending signals came. A pipe wakes the one who waits: a handler could find a lock taken."""

    def __init__(self) -> None:
        self.caught: list[int] = []
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)

    def install(self) -> None:
        """Take the ending signals; one that the parent told us to ignore (nohup, a background job) stays ignored.

        Call it again after the console ran: its event loop leaves the default handlers behind.
        """
        for number in ENDING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._catch)

    @property
    def exit_status(self) -> int:
        """128 plus the number of the first signal, as shells have it; 0 when none came."""
        return 128 + self.caught[0] if self.caught else 0

    def wait(self, seconds: float) -> bool:
        """Wait for a signal or for `wake`; whether anything came. Main thread."""
        ready, _, _ = select.select([self._reader], [], [], seconds)
        if ready:
            with suppress(BlockingIOError):
                os.read(self._reader, 4096)
        return bool(ready)

    def wake(self) -> None:
        """End a `wait` early; any thread."""
        with suppress(BlockingIOError):
            os.write(self._writer, b".")

    def _catch(self, number: int, _frame: FrameType | None) -> None:
        self.caught.append(number)
        self.wake()
