"""The console: an operator's view of the engine, which it knows through its port only."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any

from textual.app import SystemCommand
from textual.command import CommandPalette
from textual.events import Key
from textual.screen import Screen
from textual.widget import Widget

from console import collector
from console.controls import next_text, steps, word_of
from console.feed import Feed
from console.frame import Frame, Frozen
from console.herald import Herald
from console.keymap import EVERYWHERE, bindings
from console.keys_file import KeysRead
from console.palette import offers
from console.port import EnginePort
from console.port_app import PortApp
from console.screens.base import ConsoleScreen
from console.screens.dashboard import DashboardScreen
from console.screens.help import HelpScreen
from console.screens.quit import QuitMode, QuitScreen
from console.screens.settings import SettingsScreen
from console.theme import DARK, LIGHT, Look, coloured, colourless
from console.widgets.line_input import LineInput
from proxy_core.saving import SaveResult
from proxy_core.settings import SPEC_BY_NAME

TICK = 0.25
MOST_TOLD = 4
"""So many sentences about a file of keys have room on a screen."""

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class ConsoleApp(PortApp):
    """Shows one engine until the operator leaves; afterwards `return_code`, `quit_mode` and `crash` say how it ended.

    `clock` gives Unix time. `attached`: the engine goes on without this console. `ascii_only` None finds out whether
    the terminal knows more than ASCII. An exception inside is kept in `crash` and never written to the terminal: a
    traceback shows what must stay secret.
    """

    CSS_PATH = "app.tcss"
    TITLE = "Interlock"
    BINDINGS = bindings(EVERYWHERE)
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (80, "-narrow"), (96, "-medium"), (126, "-wide")]  # noqa: RUF012 - as Textual declares it
    VERTICAL_BREAKPOINTS = [(0, "-short"), (20, "-usual")]  # noqa: RUF012 - the same

    def __init__(
        self,
        port: EnginePort,
        *,
        clock: Callable[[], float] = time.time,
        ascii_only: bool | None = None,
        attached: bool = False,
        keys: KeysRead | None = None,
    ) -> None:
        self._colourless = bool(os.environ.get("NO_COLOR"))
        super().__init__(port, ansi_color=True if self._colourless else None)
        self.quit_mode: QuitMode = "drain"
        self._clock = clock
        self._ascii = _knows_only_ascii() if ascii_only is None else ascii_only
        self._attached = attached
        self._keys_read = keys or KeysRead()
        self._herald = Herald(self._to_terminal, ascii_only=self._ascii)
        self._feed = Feed()
        self._undo: list[tuple[str, str]] = []
        self._frozen: Frame | None = None
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = "textual-dark"  # Textual took TEXTUAL_THEME by itself, before it knew of these two
        wish = os.environ.get("TEXTUAL_THEME", "")
        self.theme = wish if wish in self.available_themes else DARK.name
        self.look = self._make_look()
        self.frame = self._picture()

    # -- life ---------------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Take the signals, open the dashboard and start to tick."""
        loop = asyncio.get_running_loop()
        for number in ENDING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                with suppress(ValueError, RuntimeError):  # not on the main thread
                    loop.add_signal_handler(number, partial(self.exit, None, 128 + number))
        self.set_class(self._ascii, "-ascii")
        self.theme_changed_signal.subscribe(self, lambda _theme: self._dress())
        self.push_screen(DashboardScreen())
        self._take_keys()
        if not self.is_headless:  # those without a terminal come many to a process, and go again
            self.call_after_refresh(collector.spare)
        self.set_interval(TICK, self.tick)

    def _take_keys(self) -> None:
        """Have the operator's own keys, and say what of their file is wrong."""
        read = self._keys_read
        self.set_keymap(read.table.for_textual)
        for sentence in read.said:
            logging.getLogger(__name__).warning("%s, %s", read.path, sentence)
        if read.said:
            more = f"\n{len(read.said) - MOST_TOLD} more: interlock keys" if len(read.said) > MOST_TOLD else ""
            told = "\n".join(read.said[:MOST_TOLD]) + more
            self.notify(told, title=read.path.name, severity="warning", markup=False, timeout=20)

    def tick(self, *, anyway: bool = False) -> None:
        """Fetch what is new and show it; nothing is done when nothing moved within the same second."""
        before, self.frame = self.frame, self._picture()
        moved = (
            before.snapshot is not self.frame.snapshot
            or before.settings is not self.frame.settings
            or before.events != self.frame.events
            or before.frozen != self.frame.frozen
            or int(before.now) != int(self.frame.now)
        )
        if moved or anyway:
            for screen in self._shown_screens():
                show = getattr(screen, "show", None)
                if show is not None:
                    show(self.frame)
        self._herald.look(self._port.snapshot(), self._clock())

    def _shown_screens(self) -> Iterable[Screen[Any]]:
        """The screen on top and, below a dialog, the one that shines through."""
        for screen in reversed(self.screen_stack):
            yield screen
            if not screen.is_modal:
                return

    def _picture(self) -> Frame:
        snapshot, settings = self._port.snapshot(), self._port.settings()
        self._feed.take(self._port.events_since(self._feed.next), snapshot.sessions)
        now, newest, keys = self._clock(), self._feed.next, self._keys_read.table
        if self._frozen is None:
            return Frame(snapshot, settings, self._feed, newest, now, self.look, keys)
        held = self._frozen
        frozen = Frozen(held.now, held.events, newest - held.events)
        return Frame(held.snapshot, settings, self._feed, held.events, held.now, self.look, keys, frozen)

    # -- look ---------------------------------------------------------------------------------------------------------

    def _make_look(self) -> Look:
        if self._colourless:
            return colourless(ascii_only=self._ascii)
        return coloured(self.current_theme, ascii_only=self._ascii)

    def _dress(self) -> None:
        self.look = self._make_look()
        self.tick(anyway=True)

    def on_key(self, event: Key) -> None:
        """Pass on to a line what was typed before it could take the keys, as when the machine is busy."""
        line: Widget | None = self.focused
        if isinstance(line, LineInput) and not line.heard(event):
            event.prevent_default()
            late = Key(event.key, event.character)
            line.post_message(late.set_sender(line))  # what the app itself sends does not bubble back to it

    # -- what keys do -------------------------------------------------------------------------------------------------

    def action_help(self) -> None:
        """Open the help."""
        self._open(HelpScreen)

    def action_settings(self) -> None:
        """Open the settings."""
        self._open(SettingsScreen)

    def _open(self, kind: type[Screen[None]]) -> None:
        if not any(isinstance(screen, kind) for screen in self.screen_stack):
            self.push_screen(kind())

    def action_freeze(self) -> None:
        """Hold the picture still, or let it go on."""
        self._frozen = self.frame if self._frozen is None else None
        self.tick(anyway=True)

    def action_cycle(self, name: str) -> None:
        """Give a live setting the value after the one in force."""
        if name in SPEC_BY_NAME and steps(SPEC_BY_NAME[name]):
            self.set_to(name, next_text(self._port.settings(), name))

    def set_to(self, name: str, text: str) -> None:
        """Change a live setting, and say when that is refused."""
        if problem := self.change(name, text):
            self.notify(problem, severity="error", markup=False)

    def open_setting(self, name: str) -> None:
        """Go to a setting on its screen; where its value must be typed, ready to type."""
        while isinstance(self.screen, HelpScreen):
            self.pop_screen()
        if isinstance(self.screen, SettingsScreen):
            self.screen.go_to(name)
        else:
            self.push_screen(SettingsScreen(name))

    def action_undo(self) -> None:
        """Take the last change back."""
        if not self._undo:
            self.clear_notifications()
            self.notify("nothing to undo")
            return
        name, text = self._undo.pop()
        self.change(name, text, undoable=False)

    def change(self, name: str, text: str, *, undoable: bool = True) -> str:
        """Change a live setting; what was wrong with the value in words, "" when it is in force."""
        spec = SPEC_BY_NAME[name]
        before = spec.show(self._port.settings().settings.value(name))
        result = self._port.update({name: text})
        if result.errors:
            return result.errors[0]
        if result.changes:
            change = result.changes[0]
            if undoable:
                self._undo.append((name, before))
            arrow = self.look.glyphs.arrow
            after = (
                f"from the next request on; {self.frame.key('everywhere.undo')} undoes" if undoable else "taken back"
            )
            self.clear_notifications()
            self.notify(
                f"{word_of(name)} {change.before} {arrow} {change.after}\n{after}",
                markup=False,
            )
        self.tick(anyway=True)
        return ""

    def action_mute(self) -> None:
        """Let the bell and notifications rest, or ring again."""
        self._herald.muted = not self._herald.muted
        self.notify("bell and notifications are off" if self._herald.muted else "bell and notifications are on")

    def save(self, names: tuple[str, ...], *, write: bool) -> SaveResult:
        """Save settings to the engine's `.env`, or without `write` say what would change there."""
        result = self._port.save(names, write=write)
        self.tick(anyway=True)
        return result

    def can(self, action: str) -> bool:
        """Whether the action of a key that holds everywhere has a point now."""
        if action == "undo":
            return bool(self._undo)
        kinds = {"help": HelpScreen, "settings": SettingsScreen}
        return action not in kinds or not any(isinstance(screen, kinds[action]) for screen in self.screen_stack)

    def action_command_palette(self) -> None:
        """Open the palette; there is none above a dialog."""
        if isinstance(self.screen, ConsoleScreen):
            self.push_screen(CommandPalette(placeholder="what to do, or a setting"))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """What the palette offers, instead of Textual's own entries."""
        return offers(self, screen) if isinstance(screen, ConsoleScreen) else ()

    # -- leaving ------------------------------------------------------------------------------------------------------

    async def action_quit(self) -> None:
        """Leave; ask how when requests are in flight."""
        active = self._port.snapshot().active
        if active and not self._attached:
            self.push_screen(QuitScreen(active), self._leave)
        else:
            self._leave("drain")

    async def action_interrupt(self) -> None:
        """Copy what is selected; else leave, and the second time do not wait for anything."""
        if isinstance(self.screen, QuitScreen):
            self.screen.dismiss("now")
            return
        selected = self.screen.get_selected_text()
        if selected:
            self.copy_to_clipboard(selected)
        else:
            await self.action_quit()

    def _leave(self, mode: QuitMode | None) -> None:
        if mode is not None:
            self.quit_mode = mode
            self.exit(return_code=0)


def _knows_only_ascii() -> bool:
    encoding = (sys.__stdout__.encoding if sys.__stdout__ else "") or ""
    return not encoding.lower().replace("-", "").startswith("utf")
