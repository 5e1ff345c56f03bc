"""Guardrail settings for one session alone: the others keep what is set everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from console.controls import problem_of, steps
from console.format import visible
from console.frame import Frame
from console.port import EnginePort
from console.widgets.line_input import LineInput
from proxy_core.commands import CommandResult, OverrideGuardrail
from proxy_core.declaration import Setting
from proxy_core.record_views import SessionDetail

if TYPE_CHECKING:
    from console.app import ConsoleApp

NAME, VALUE = 34, 12


class OverrideScreen(ModalScreen[None]):
    """A list of the live guardrail settings; Enter gives the chosen one another value here, x takes that back."""

    CSS_PATH = "override.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "back", "back"),
        Binding("x,delete", "drop", "as everywhere"),
        Binding("j", "down", show=False),
        Binding("k", "up", show=False),
    ]

    def __init__(self, session: str, short: str) -> None:
        super().__init__()
        self._session = session
        self._short = short
        self._overrides: dict[str, str] = {}
        self._specs: tuple[Setting, ...] = ()

    @property
    def console(self) -> ConsoleApp:
        """The app, with what it knows beyond Textual's."""
        return cast("ConsoleApp", self.app)

    def compose(self) -> ComposeResult:
        """The list, the meaning of the chosen one, the line to type in."""
        with Vertical(classes="dialog"):
            yield Static(f"Guardrails of {self._short} alone", markup=False, classes="question")
            yield OptionList(id="choices", markup=False)
            yield Static("", id="meaning", markup=False)
            yield LineInput(id="value", compact=True)
            yield Static("⏎ change   x as everywhere   esc back".replace("⏎", self._enter), classes="answers")

    @property
    def _enter(self) -> str:
        return "enter" if self.console.look.glyphs.ascii_only else "⏎"

    def on_mount(self) -> None:
        """List the settings, and ask for those that this session has its own values of."""
        specs = self.console.frame.settings.specs
        self._specs = tuple(spec for spec in specs if spec.live and spec.group == "guardrails")
        self.query_one(Input).display = False
        self.query_one(OptionList).add_options([Option(self._line(spec), id=spec.name) for spec in self._specs])
        self.query_one(OptionList).highlighted = 0
        self._fetch()

    def show(self, frame: Frame) -> None:
        """What is set everywhere may have changed."""
        if self._specs and frame.frozen is None:
            self._relist()

    @property
    def _chosen(self) -> Setting | None:
        index = self.query_one(OptionList).highlighted
        return self._specs[index] if index is not None and index < len(self._specs) else None

    def _line(self, spec: Setting) -> str:
        everywhere = spec.masked(self.console.frame.settings.settings.value(spec.name))
        mine = self._overrides.get(spec.name)
        dot = self.console.look.glyphs.dot if mine is not None else " "
        name = spec.name.removeprefix("PROXY_")
        elsewhere = f"elsewhere {everywhere}" if mine is not None else ""
        line = f"{dot} {name:<{NAME}} {mine or everywhere:<{VALUE}} {elsewhere}"
        return visible(line, ascii_only=self.console.look.glyphs.ascii_only)

    def _relist(self) -> None:
        choices = self.query_one(OptionList)
        for index, spec in enumerate(self._specs):
            line = self._line(spec)
            if choices.get_option_at_index(index).prompt != line:
                choices.replace_option_prompt_at_index(index, line)

    def _fetch(self) -> None:
        key = self._session
        self.console.ask(self, lambda port: port.detail(key), self._got, "override")

    def _got(self, detail: SessionDetail | None) -> None:
        if self in self.console.screen_stack:  # the answer to a change comes even after the dialog was left
            self._overrides = dict(detail.overrides) if detail is not None else {}
            self._relist()

    def _set(self, name: str, text: str | None) -> None:
        order = OverrideGuardrail(self._session, name, text)

        def question(port: EnginePort) -> tuple[CommandResult, SessionDetail | None]:
            return port.command(order), port.detail(order.session)

        def then(answer: tuple[CommandResult, SessionDetail | None]) -> None:
            result, detail = answer
            self._got(detail)
            self.notify(result.message, severity="information" if result.ok else "warning", markup=False)

        self.console.ask(None, question, then, "override")

    def on_option_list_option_highlighted(self) -> None:
        """Say what the setting does."""
        if self._chosen is not None:
            self.query_one("#meaning", Static).update(f"{self._chosen.help} ({self._chosen.allowed})")

    def on_option_list_option_selected(self) -> None:
        """The next value, or a line to type one in."""
        spec = self._chosen
        if spec is None:
            return
        shown = self._overrides.get(spec.name, spec.show(self.console.frame.settings.settings.value(spec.name)))
        values = steps(spec)
        if values:
            at = values.index(shown) if shown in values else -1
            self._set(spec.name, values[(at + 1) % len(values)])
            return
        line = self.query_one(Input)
        line.display, line.value = True, shown
        line.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say at once what is wrong with a value."""
        event.stop()
        if self._chosen is not None and self.query_one(Input).display:
            self.query_one("#meaning", Static).update(problem_of(self._chosen, event.value) or self._chosen.help)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the value if it is allowed."""
        event.stop()
        if self._chosen is not None and not problem_of(self._chosen, event.value):
            self._set(self._chosen.name, event.value)
            self._close_line()

    def _close_line(self) -> None:
        self.query_one(Input).display = False
        self.query_one(OptionList).focus()

    def action_back(self) -> None:
        """Leave the line, or the dialog."""
        if self.query_one(Input).display:
            self._close_line()
        else:
            self.dismiss(None)

    def action_drop(self) -> None:
        """The value that holds everywhere."""
        if self._chosen is not None and self._chosen.name in self._overrides:
            self._set(self._chosen.name, None)

    def action_down(self) -> None:
        """The next setting."""
        self.query_one(OptionList).action_cursor_down()

    def action_up(self) -> None:
        """The one before."""
        self.query_one(OptionList).action_cursor_up()
