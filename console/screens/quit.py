"""The question before leaving while requests are in flight."""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from console.format import counted
from console.frame import Frame

QuitMode: TypeAlias = Literal["drain", "now"]


class QuitScreen(ModalScreen[QuitMode | None]):
    """Ends with how to leave, or None to stay. Once nothing is in flight any more, waiting has nothing to wait for."""

    CSS_PATH = "dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d,enter", "dismiss('drain')", "drain"),
        Binding("n", "dismiss('now')", "now"),
        Binding("escape,s", "dismiss", "stay"),
    ]

    def __init__(self, active: int) -> None:
        super().__init__()
        self._active = active

    def compose(self) -> ComposeResult:
        """How many are in flight, and the three ways on."""
        with Vertical(classes="dialog"):
            yield Static(self._question(), markup=False, classes="question")
            yield Static(
                "[@click=screen.dismiss('drain')][b $accent]d[/] drain  take nothing new, let them finish, then quit[/]"
            )
            yield Static("[@click=screen.dismiss('now')][b $accent]n[/] now    end them; each agent is told[/]")
            yield Static("[@click=screen.dismiss][b $accent]s[/] stay[/]")

    def show(self, frame: Frame) -> None:
        """Keep the number true."""
        if frame.snapshot.active != self._active:
            self._active = frame.snapshot.active
            self.query_one(".question", Static).update(self._question())

    def _question(self) -> str:
        return f"{counted(self._active, 'request')} in flight" if self._active else "Nothing is in flight any more"
