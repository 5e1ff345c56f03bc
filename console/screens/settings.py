"""All settings, made from their declarations: looked at, changed while agents work, and put back."""

from __future__ import annotations

from textual.app import ComposeResult

from console.controls import steps
from console.filters import NO_FILTER
from console.keymap import EVERYWHERE, SETTINGS, bindings
from console.screens.base import ConsoleScreen
from console.screens.save_settings import ask_to_save
from console.widgets.change_line import ChangeLine
from console.widgets.filter_bar import FilterBar
from console.widgets.key_line import KeyLine
from console.widgets.setting_editor import SettingEditor
from console.widgets.settings_table import SettingsTable
from console.widgets.status_line import StatusLine
from proxy_core.declaration import Setting
from proxy_core.saving import unsaved
from proxy_core.settings import SPEC_BY_NAME


class SettingsScreen(ConsoleScreen):
    """Enter turns a switch or goes to a choice's next value at once; whatever must be typed opens the editor."""

    CSS_PATH = "settings.tcss"
    SCOPE = SETTINGS
    BINDINGS = bindings(SCOPE)
    AUTO_FOCUS = "#settings"

    def compose(self) -> ComposeResult:
        """The list above, meaning and editor below."""
        yield StatusLine()
        yield SettingsTable()
        yield ChangeLine(lambda: self.table.chosen)
        yield SettingEditor()
        yield FilterBar()
        yield KeyLine(SETTINGS, EVERYWHERE)

    def __init__(self, start_at: str = "") -> None:
        """`start_at` names a setting to go to."""
        super().__init__()
        self._start_at = start_at

    def on_mount(self) -> None:
        """Go to the setting that was named."""
        if self._start_at:
            self.go_to(self._start_at)

    def go_to(self, name: str) -> None:
        """Choose a setting, and open the editor where its value must be typed."""
        spec = SPEC_BY_NAME[name]
        self.table.filtered(NO_FILTER)
        self.table.choose(name)
        if spec.live and not steps(spec):
            self._edit(spec)

    def can(self, action: str) -> bool:
        """Only live settings can be changed, and only changed ones put back or saved."""
        spec = self.table.chosen
        if action == "save":
            return bool(unsaved(self.console.frame.settings))
        if action == "revert":
            values = self.console.frame.settings.settings
            return spec is not None and spec.live and values.value(spec.name) != spec.default
        return action != "edit" or (spec is not None and spec.live)

    @property
    def table(self) -> SettingsTable:
        """The list."""
        return self.query_one(SettingsTable)

    @property
    def editor(self) -> SettingEditor:
        """The lower part."""
        return self.query_one(SettingEditor)

    def on_settings_table_chosen(self) -> None:
        """The cursor moved."""
        if not self.editor.is_open:
            self.editor.explain(self.table.chosen, self.console.look)
            self.query_one(ChangeLine).redraw()

    def action_edit(self) -> None:
        """Change the chosen setting."""
        spec = self.table.chosen
        if spec is None or self.editor.is_open:
            return
        if not spec.live:
            self.notify(f"{spec.name} is read at the start; set it in .env or the environment", severity="warning")
        elif steps(spec):
            self.console.action_cycle(spec.name)
        else:
            self._edit(spec)

    def _edit(self, spec: Setting) -> None:
        self.console.clear_notifications()  # they would lie over the verdict
        self.editor.explain(spec, self.console.look)
        self.editor.open(spec, self.console.frame.settings, self.console.change, self.table)

    def on_choice_list_opened(self) -> None:
        """A double click does the same."""
        self.action_edit()

    def action_revert(self) -> None:
        """Put the chosen setting back to its default."""
        spec = self.table.chosen
        if spec is not None and spec.live:
            self.console.set_to(spec.name, spec.show(spec.default))

    def action_save(self) -> None:
        """Write what was changed to the file that a restart reads."""
        ask_to_save(self.console)

    def action_filter(self) -> None:
        """Type words that the settings in view must have."""
        self.query_one(FilterBar).filter(self.table)

    def action_back(self) -> None:
        """Clear the filter, or leave."""
        if self.table.filter:
            self.table.filtered(NO_FILTER)
        else:
            self.console.pop_screen()
