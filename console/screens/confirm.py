"""A question with yes and no, before something that cannot be taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from console.format import counted, visible
from proxy_core.commands import CancelSession
from proxy_core.snapshot import SessionView

if TYPE_CHECKING:
    from console.app import ConsoleApp


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


def ask_to_cancel(screen: Screen[None], view: SessionView) -> None:
    """Ask, and then cancel what a session has in flight."""
    app = cast("ConsoleApp", screen.app)
    name = visible(f"{view.short} {view.label}", ascii_only=app.look.glyphs.ascii_only)
    if not view.active:
        app.notify(f"{name} has nothing in flight", markup=False)
        return

    def answered(yes: bool | None) -> None:
        if yes:
            app.tell(CancelSession(view.key))

    question = f"Cancel {counted(view.active, 'request')} of {name}?"
    app.push_screen(ConfirmScreen(question, "The model server stops at once; the agent gets an error."), answered)
