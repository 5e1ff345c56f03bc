"""Processes of the end-to-end tests: started by a test, ended with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.endless_model import EndlessModel
from tests.e2e.terminal import Terminal

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
