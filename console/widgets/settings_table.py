"""All settings in their groups, each with its value, where that came from and its default."""

from __future__ import annotations

from textual.message import Message
from textual.strip import Strip

from console.cursor import Cursor
from console.filters import NO_FILTER, Facts, Filter
from console.format import fit, visible
from console.frame import Frame
from console.theme import Look
from console.widgets.choice_list import ChoiceList, filter_words
from console.widgets.lines import Span, cut, strip
from proxy_core.declaration import Setting
from proxy_core.live_settings import SettingsView

SOURCE = 13


class SettingsTable(ChoiceList):
    """A list with a cursor. Group names stand between the settings and cannot be chosen."""

    KEPT = 3

    class Chosen(Message):
        """The cursor went to another setting."""

    def __init__(self) -> None:
        super().__init__(id="settings")
        self.filter: Filter = NO_FILTER
        self._specs: list[Setting] = []
        self._told: tuple[str, Look | None] = ("", None)

    @property
    def keys(self) -> list[str]:
        """The names of the settings in the list."""
        return [spec.name for spec in self._specs]

    @property
    def chosen(self) -> Setting | None:
        """The setting under the cursor."""
        return next((spec for spec in self._specs if spec.name == self._cursor.key), None)

    def choose(self, name: str) -> None:
        """Put the cursor on a setting."""
        self._cursor = Cursor(name, moved=True)
        self.redraw()

    def filtered(self, chosen: Filter) -> None:
        """Show only the settings that a filter lets through."""
        self.filter = chosen
        self.redraw()

    def draw(self, frame: Frame) -> list[Strip]:
        """Groups and settings in view."""
        view, look = frame.settings, frame.look
        self._specs = [spec for spec in view.specs if not self.filter or self.filter.matches(_facts(spec, view))]
        self._cursor.settle(self.keys, len(self._specs))
        if (self._cursor.key, look) != self._told:
            self._told = (self._cursor.key, look)
            self.post_message(self.Chosen())
        self._entitle(frame)
        entries = self._entries()
        width, height = self.size
        at = next((index for index, entry in enumerate(entries) if entry == self.chosen), 0)
        top = self._cursor.top = _top(self._cursor.top, at, len(entries), height - 1)
        lines = [strip(cut([(f" {_columns('SETTING', 'VALUE', 'DEFAULT', 'SOURCE', width)}", look.muted)], width))]
        for entry in entries[top : top + height - 1]:
            if isinstance(entry, str):
                lines.append(strip(cut([(f" {entry}", look.accent)], width)))
            else:
                lines.append(self._row(entry, view, look, width))
        return lines

    def _entries(self) -> list[Setting | str]:
        entries: list[Setting | str] = []
        group = ""
        for spec in self._specs:
            if spec.group != group:
                group = spec.group
                entries.append(group)
            entries.append(spec)
        return entries

    def _row(self, spec: Setting, view: SettingsView, look: Look, width: int) -> Strip:
        here = spec.name == self._cursor.key
        value = view.settings.value(spec.name)
        ascii_only = look.glyphs.ascii_only
        shown = visible(spec.masked(value), ascii_only=ascii_only) or look.glyphs.nothing
        default = visible(spec.masked(spec.default), ascii_only=ascii_only) or look.glyphs.nothing
        moved = value != spec.default
        name, first, second = _widths(width)
        ellipsis = look.glyphs.ellipsis
        source = view.sources[spec.name]
        spans: list[Span] = [
            (look.glyphs.cursor if here else " ", look.accent),
            (look.glyphs.dot if moved else " ", look.warn),
            (" ", look.text),
            (fit(spec.name, name, ellipsis=ellipsis) + " ", look.text if spec.live else look.muted),
            (fit(shown, first, ellipsis=ellipsis) + " ", look.strong if moved else look.text),
            (fit(default, second, ellipsis=ellipsis) + " ", look.muted if moved else look.faint),
            (fit(source, SOURCE), look.muted),
        ]
        return strip(cut(spans, width, ellipsis), self.below(look, chosen=here))

    def _entitle(self, frame: Frame) -> None:
        look = frame.look
        middle = f" {look.glyphs.middle} "
        moved = sum(frame.settings.settings.value(spec.name) != spec.default for spec in frame.settings.specs)
        spans: list[Span] = [("settings", look.strong), (f" {len(self._specs)}", look.muted)]
        if moved:
            spans += [(middle, look.muted), (f"{look.glyphs.dot} {moved} not at their default", look.warn)]
        self.entitle([*spans, *filter_words(self.filter, look)])

    def entry_at(self, line: int) -> int | None:
        """The number of the setting on a line; the names of groups stand between them."""
        entries = self._entries()
        at = self._cursor.top + line - 1
        entry = entries[at] if line > 0 and at < len(entries) else ""
        return None if isinstance(entry, str) else self._specs.index(entry)


def _top(top: int, at: int, count: int, height: int) -> int:
    """The first entry in view: the group's name above the first setting stays in view as well."""
    above = at - 1 if at <= 1 else at
    return max(min(top, above, max(count - height, 0)), at - height + 1, 0)


def _widths(width: int) -> tuple[int, int, int]:
    """Cells for the name, the value and the default."""
    name = 34 if width >= 76 else 28
    value = min(max((width - name - SOURCE - 6) * 4 // 7, 8), 30)
    return name, value, max(min(width - name - value - SOURCE - 6, 28), 0)


def _columns(name: str, value: str, default: str, source: str, width: int) -> str:
    first, second, third = _widths(width)
    return f"  {name:<{first}} {value:<{second}} {default:<{third}} {source}"


def _facts(spec: Setting, view: SettingsView) -> Facts:
    moved = "changed" if view.settings.value(spec.name) != spec.default else ""
    return Facts((spec.name, spec.help, spec.group, view.sources[spec.name], "live" if spec.live else "restart", moved))
