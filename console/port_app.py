"""What an application needs that shows an engine, whatever it shows of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from textual.app import App
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.worker import get_current_worker  # pyright: ignore[reportUnknownVariableType] - Worker is generic

from console.format import visible
from console.port import EnginePort
from proxy_core.commands import Command

T = TypeVar("T")


class PortApp(App[int]):
    """Asks the engine beside the UI's thread, and ends without a word when something inside breaks.

    An exception is kept in `crash` and never written to the terminal: a traceback shows what must stay secret.
    """

    def __init__(self, port: EnginePort, *, ansi_color: bool | None) -> None:
        super().__init__(ansi_color=ansi_color)
        self.crash: BaseException | None = None
        self._port = port

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,  # noqa: ARG002 - Textual's signature
    ) -> None:
        """Show a message for some seconds. Parts may be strangers' words: lines stay, but nothing acts, nor markup."""
        ascii_only = self.has_class("-ascii")
        shown = "\n".join(visible(line, ascii_only=ascii_only) for line in message.split("\n"))
        heading = visible(title, ascii_only=ascii_only)
        super().notify(shown, title=heading, severity=severity, timeout=timeout, markup=False)

    def _to_terminal(self, sequence: str) -> None:
        if self._driver is not None:
            self._driver.write(sequence)

    def _handle_exception(self, error: Exception) -> None:
        self.crash = self.crash or error
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        self._close_messages_no_wait()

    def panic(self, *_renderables: object) -> None:
        """End without a word: `crash` has it all."""
        self._close_messages_no_wait()

    def ask(
        self, asker: Screen[Any] | None, question: Callable[[EnginePort], T], then: Callable[[T], object], group: str
    ) -> None:
        """Have `question` answered beside the UI's thread, then call `then` here; only the last one of a group.

        Nothing is called once the screen that asked was left, for its widgets are gone; `asker` None: called anyway.
        """
        self.run_worker(partial(self._ask, asker, question, then), thread=True, exclusive=True, group=group)

    def _ask(self, asker: Screen[Any] | None, question: Callable[[EnginePort], T], then: Callable[[T], object]) -> None:
        answer = question(self._port)
        if not get_current_worker().is_cancelled:
            self.call_from_thread(self._answer, asker, then, answer)

    def _answer(self, asker: Screen[Any] | None, then: Callable[[T], object], answer: T) -> None:
        if asker is None or asker in self.screen_stack:
            then(answer)

    def tell(self, command: Command) -> None:
        """Give the engine a command without waiting for it here; its answer is shown."""
        self.run_worker(partial(self._tell, command), thread=True, exit_on_error=False)

    def _tell(self, command: Command) -> None:
        result = self._port.command(command)
        self.call_from_thread(
            self.notify, result.message, severity="information" if result.ok else "warning", markup=False
        )
