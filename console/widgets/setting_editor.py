"""The lower part of the settings screen: what a setting means, and the line in which its new value is typed."""

from __future__ import annotations

from collections.abc import Callable

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.events import Key
from textual.widget import Widget
from textual.widgets import Input, Label, Static

from console.controls import problem_of
from console.format import plain, visible
from console.theme import Look
from console.widgets.line_input import LineInput
from proxy_core.declaration import Setting
from proxy_core.live_settings import SettingsView


class SettingEditor(Vertical):
    """Validates while somebody types. Enter applies; a refused value stays, with the reason below it; Esc gives up."""

    DEFAULT_CSS = """
    SettingEditor {
        height: 5;
        padding: 0 1;
        & > #meaning { height: 3; }
        & > #line { height: 1; display: none; }
        &.-open > #line { display: block; }
        & #edited { color: $accent; padding: 0 1 0 0; }
        & Input { width: 1fr; }
        & > #verdict { height: 1; color: $success; }
        &.-wrong > #verdict { color: $error; text-style: bold; }
    }
    """

    def __init__(self) -> None:
        super().__init__(id="editor")
        self._spec: Setting | None = None
        self._apply: Callable[[str, str], str] = lambda _name, _text: ""
        self._back: Widget | None = None

    def compose(self) -> ComposeResult:
        """Meaning, the line to type in, and the verdict on it."""
        yield Static(id="meaning", markup=False)
        with Horizontal(id="line"):
            yield Label("", id="edited", markup=False)
            yield LineInput(compact=True)
        yield Static(id="verdict", markup=False)

    @property
    def is_open(self) -> bool:
        """Whether somebody types."""
        return self.has_class("-open")

    def explain(self, spec: Setting | None, look: Look) -> None:
        """Say what a setting means."""
        text = Text()
        if spec is not None:
            when = (
                "used from the next request on" if spec.live else "read at the start: set it in .env or the environment"
            )
            text.append(f"{self._clean(spec.help, look)}\n", look.text)
            text.append(f"{self._clean(spec.allowed, look)}", look.name)
            text.append(f"; {when}", look.muted)
        self.query_one("#meaning", Static).update(text)

    def open(self, spec: Setting, view: SettingsView, apply: Callable[[str, str], str], back: Widget) -> None:
        """Take the keys. `apply` gets name and text, and answers with a problem in words, or "".

        `back` gets the keys at the end.
        """
        self._spec, self._apply, self._back = spec, apply, back
        line = self.query_one(Input)
        line.password = spec.kind == "secret"
        line.value = "" if spec.kind == "secret" else spec.show(view.settings.value(spec.name))
        self.query_one("#edited", Label).update(spec.name)
        self.add_class("-open")
        self._judge("")
        self.screen.set_focus(line)  # at once: what is typed next belongs to it

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say at once whether it will do."""
        event.stop()
        if self._spec is not None and self.is_open:
            self._judge(problem_of(self._spec, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Apply it, or say why not."""
        event.stop()
        if self._spec is None:
            return
        problem = problem_of(self._spec, event.value) or self._apply(self._spec.name, event.value)
        if problem:
            self._judge(problem)
        else:
            self._end()

    def on_key(self, event: Key) -> None:
        """Esc gives up."""
        if event.key == "escape" and self.is_open:
            event.stop()
            self._end()

    def _judge(self, problem: str) -> None:
        self.set_class(bool(problem), "-wrong")
        unit = f", in {self._spec.unit}" if self._spec is not None and self._spec.unit else ""
        self.query_one("#verdict", Static).update(visible(problem) if problem else f"Enter applies, Esc gives up{unit}")

    def _end(self) -> None:
        self.screen.set_focus(self._back)  # at once: what is typed next belongs there
        self.remove_class("-open", "-wrong")
        self.query_one("#verdict", Static).update("")

    @staticmethod
    def _clean(text: str, look: Look) -> str:
        return plain(text) if look.glyphs.ascii_only else text
