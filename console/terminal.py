"""What the process knows of its terminal: whether a console can run there, and how to give it back in order."""

from __future__ import annotations

import os
import sys
import termios
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress

TERMINAL_LOST = 129
"""What a process that dies of SIGHUP reports; here whether or not the signal came."""

GIVE_BACK = (
    b"\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l"  # mouse reports off
    b"\x1b[?2004l\x1b[?1004l\x1b[<u"  # bracketed paste, focus reports and the extended keyboard off
    b"\x1b[?1049l\x1b[?25h\x1b[0m"  # the ordinary screen, a visible cursor, plain text
)


def console_fits(environment: Mapping[str, str]) -> bool:
    """Whether a full-screen console can run: a terminal on both ends that understands more than plain lines."""
    return _is_terminal(0) and _is_terminal(1) and environment.get("TERM", "") not in {"", "dumb"}


def colour_allowed(environment: Mapping[str, str]) -> bool:
    """Whether lines on stdout may be coloured: a capable terminal, and no NO_COLOR."""
    return _is_terminal(1) and not environment.get("NO_COLOR") and environment.get("TERM", "") not in {"", "dumb"}


@contextmanager
def terminal_kept() -> Generator[None]:
    """Put the terminal's line settings back after the block, whatever happened in it."""
    try:
        before = termios.tcgetattr(0)
    except (termios.error, OSError):
        yield
        return
    try:
        yield
    finally:
        with suppress(termios.error, OSError):
            termios.tcsetattr(0, termios.TCSANOW, before)


def leave_full_screen() -> None:
    """Undo what a full-screen program switched on, when it could not do so itself."""
    with suppress(OSError):
        os.write(1, GIVE_BACK)


def say(text: str) -> None:
    """One line for the person at the terminal; a closed stderr is no reason to fail."""
    with suppress(OSError, ValueError):
        print(f"interlock: {text}", file=sys.stderr, flush=True)


def _is_terminal(descriptor: int) -> bool:
    try:
        return os.isatty(descriptor)
    except OSError:
        return False
