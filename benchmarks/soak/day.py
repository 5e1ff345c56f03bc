"""The hours of the day, of which most seconds are skipped: sessions grow old by this clock, and charts move."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from unittest.mock import patch


class Day:
    """Unix time that runs as it does, and jumps."""

    def __init__(self) -> None:
        self._real = time.time
        self._skipped = 0.0

    def now(self) -> float:
        """The time of day; any thread."""
        return self._real() + self._skipped

    def skip(self, seconds: float) -> None:
        """Let time pass; one thread only."""
        self._skipped += seconds

    @contextmanager
    def lived(self) -> Generator[None]:
        """Everything in this process goes by this clock inside."""
        with patch("time.time", self.now):
            yield
