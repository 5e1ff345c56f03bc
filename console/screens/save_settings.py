"""What would change in the `.env` file, before it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from console.format import counted, visible
from console.screens.confirm import answers
from console.theme import Look
from proxy_core.saving import SavedLine, SaveResult, unsaved

if TYPE_CHECKING:
    from console.app import ConsoleApp


class SaveSettingsScreen(ModalScreen[bool]):
    """Shows old and new lines; ends with whether to write them."""

    CSS_PATH = ["dialog.tcss", "save_settings.tcss"]  # noqa: RUF012 - as Textual declares it
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter,w", "dismiss(True)", "write"),
        Binding("n,escape,q", "dismiss(False)", "leave it"),
    ]

    def __init__(self, plan: SaveResult, look: Look) -> None:
        super().__init__()
        self._plan = plan
        self._look = look

    def compose(self) -> ComposeResult:
        """The file, the lines and the keys."""
        ascii_only = self._look.glyphs.ascii_only
        with Vertical(classes="dialog", id="save"):
            yield Static(f"Write {counted(len(self._plan.lines), 'line')}?", markup=False, classes="question")
            yield Static(visible(self._plan.path, ascii_only=ascii_only), markup=False, classes="path")
            with VerticalScroll(can_focus=False):
                for line in self._plan.lines:
                    yield Static(shown(line, self._look), classes="change")
            yield answers("write", "leave it")


def shown(line: SavedLine, look: Look) -> Text:
    """The old assignment, if there is one, above the new one; a warning below them."""
    text = Text(no_wrap=False, overflow="fold")
    if line.before is not None:
        text.append(f"- {line.name}={visible(line.before, ascii_only=look.glyphs.ascii_only)}\n", look.bad)
    text.append(f"+ {line.name}={visible(line.after, ascii_only=look.glyphs.ascii_only)}", look.good)
    if line.note:
        text.append(f"\n  {line.note}", look.warn)
    return text


def ask_to_save(app: ConsoleApp) -> None:
    """Show what would change in the file, and write it if the operator says so."""
    names = unsaved(app.frame.settings)
    if not names:
        app.notify("no setting was changed since the start or the last save")
        return
    plan = app.save(names, write=False)
    if plan.error:
        app.notify(plan.error, severity="error", markup=False)
        return

    def answered(yes: bool | None) -> None:
        if yes:
            result = app.save(names, write=True)
            done = f"saved to {result.path}"
            app.notify(result.error or done, severity="error" if result.error else "information", markup=False)

    if plan.lines:
        app.push_screen(SaveSettingsScreen(plan, app.look), answered)
    else:
        answered(yes=True)
