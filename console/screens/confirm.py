"""A question with yes and no, before something that cannot be taken back."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static


class ConfirmScreen(ModalScreen[bool]):
    """Ends with whether the answer was yes."""

    CSS_PATH = "dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "dismiss(True)", "yes"),
        Binding("n,escape,q", "dismiss(False)", "no"),
    ]

    def __init__(self, question: str, consequence: str) -> None:
        super().__init__()
        self._question = question
        self._consequence = consequence

    def compose(self) -> ComposeResult:
        """The question, what follows from yes, and the keys."""
        with Vertical(classes="dialog"):
            yield Static(self._question, markup=False, classes="question")
            yield Static(self._consequence, markup=False)
            yield answers("yes", "no")


def answers(yes: str, no: str) -> Static:
    """The two ways on from a question, which are also buttons."""
    return Static(
        f"[@click=screen.dismiss(True)][b $accent]y[/] {yes}[/]    "
        f"[@click=screen.dismiss(False)][b $accent]n[/] {no}[/]",
        classes="answers",
    )
