"""All settings in their groups, each with its value, where that came from and its default."""

from __future__ import annotations

from textual.events import Blur, Click, Focus, MouseScrollDown, MouseScrollUp
from textual.message import Message
from textual.strip import Strip

from console.cursor import Cursor
from console.filters import NO_FILTER, Facts, Filter
from console.format import fit, visible
from console.frame import Frame
from console.keymap import LIST, bindings
from console.theme import Look
from console.widgets.lines import Panel, Span, cut, strip
from proxy_core.declaration import Setting
from proxy_core.live_settings import SettingsView

SOURCE = 13


class SettingsTable(Panel, can_focus=True):
    """A list with a cursor. Group names stand between the settings and cannot be chosen."""

    BINDINGS = bindings(LIST)

    class Chosen(Message):
        """The cursor went to another setting."""

    def __init__(self) -> None:
        super().__init__(id="settings")
        self.filter: Filter = NO_FILTER
        self._cursor = Cursor()
        self._specs: list[Setting] = []
        self._told: tuple[str, Look | None] = ("", None)

    @property
    def chosen(self) -> Setting | None:
        """The setting under the cursor."""
        return next((spec for spec in self._specs if spec.name == self._cursor.key), None)

    def filtered(self, chosen: Filter) -> None:
        """Show only the settings that a filter lets through."""
        self.filter = chosen
        self.redraw()

    def draw(self, frame: Frame) -> list[Strip]:
        """Groups and settings in view."""
        view, look = frame.settings, frame.look
        self._specs = [spec for spec in view.specs if not self.filter or self.filter.matches(_facts(spec, view))]
        self._cursor.settle([spec.name for spec in self._specs], len(self._specs))
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
        under = (look.selected if self.has_focus else look.resting) if here else None
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
        return strip(cut(spans, width, ellipsis), under)

    def _entitle(self, frame: Frame) -> None:
        look = frame.look
        middle = f" {look.glyphs.middle} "
        moved = sum(frame.settings.settings.value(spec.name) != spec.default for spec in frame.settings.specs)
        spans: list[Span] = [("settings", look.strong), (f" {len(self._specs)}", look.muted)]
        if moved:
            spans += [(middle, look.muted), (f"{look.glyphs.dot} {moved} not at their default", look.warn)]
        if self.filter:
            spans += [
                (middle, look.muted),
                (f"/{visible(self.filter.text, ascii_only=look.glyphs.ascii_only)}", look.accent),
            ]
        self.entitle(spans)

    # -- keys and mouse ---------------------------------------------------------------------------------------------

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        self._cursor.move([spec.name for spec in self._specs], by)
        self.redraw()

    def action_page(self, by: int) -> None:
        """Move the cursor by what is in view."""
        self.action_move(by * max(self.size.height - 3, 1))

    def action_edge(self, by: int) -> None:
        """Move the cursor to one end."""
        self.action_move(by * len(self._specs))

    def on_focus(self, _event: Focus) -> None:
        """The cursor shows where keys go."""
        self.redraw()

    def on_blur(self, _event: Blur) -> None:
        """The cursor rests."""
        self.redraw()

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """The wheel moves the cursor."""
        event.stop()
        self.action_move(1)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """The wheel moves the cursor."""
        event.stop()
        self.action_move(-1)

    def on_click(self, event: Click) -> None:
        """A click chooses."""
        offset = event.get_content_offset(self)
        entries = self._entries()
        if offset is None or not 0 < offset.y <= len(entries) - self._cursor.top:
            return
        entry = entries[self._cursor.top + offset.y - 1]
        if not isinstance(entry, str):
            self.action_move(self._specs.index(entry) - self._cursor.index)


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
