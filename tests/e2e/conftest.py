"""Processes of the end-to-end tests: started by a test, ended with it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.endless_model import EndlessModel
from tests.e2e.terminal import Terminal


@pytest.fixture(autouse=True)
def heard_signals() -> Iterator[None]:
    """A suite that runs in the background ignores SIGINT or SIGHUP, and processes inherit what is ignored."""
    ignored = [number for number in (signal.SIGINT, signal.SIGHUP) if signal.getsignal(number) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.SIG_DFL)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


Start = Callable[..., Terminal]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Runs Interlock in a pseudo-terminal; see `Terminal.interlock`."""
    started: list[Terminal] = []

    def run(*arguments: str, code: str = "", **env: str) -> Terminal:
        started.append(Terminal.interlock(*arguments, state=tmp_path, code=code, **env))
        return started[-1]

    yield run
    for terminal in started:
        terminal.end()


@pytest.fixture
def model() -> Iterator[EndlessModel]:
    """A model server whose answers never end."""
    with EndlessModel() as endless:
        yield endless
