"""The console: an operator's view of the engine, which it knows through its port only."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from textual.app import App, SystemCommand
from textual.screen import Screen
from textual.worker import get_current_worker  # pyright: ignore[reportUnknownVariableType] - Worker is generic

from console import collector
from console.controls import next_text, steps, word_of
from console.feed import Feed
from console.frame import Frame, Frozen
from console.herald import Herald
from console.keymap import EVERYWHERE, bindings
from console.port import EnginePort
from console.screens.dashboard import DashboardScreen
from console.screens.help import HelpScreen
from console.screens.quit import QuitMode, QuitScreen
from console.screens.settings import SettingsScreen
from console.theme import DARK, LIGHT, Look, coloured, colourless
from proxy_core.commands import CheckUpstream, Command
from proxy_core.saving import SaveResult
from proxy_core.settings import SPEC_BY_NAME

T = TypeVar("T")
TICK = 0.25
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class ConsoleApp(App[int]):
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
    ) -> None:
        self._colourless = bool(os.environ.get("NO_COLOR"))
        super().__init__(ansi_color=True if self._colourless else None)
        self.quit_mode: QuitMode = "drain"
        self.crash: BaseException | None = None
        self._port = port
        self._clock = clock
        self._ascii = _knows_only_ascii() if ascii_only is None else ascii_only
        self._attached = attached
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
        if not self.is_headless:  # those without a terminal come many to a process, and go again
            self.call_after_refresh(collector.spare)
        self.set_interval(TICK, self.tick)

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
        now, newest = self._clock(), self._feed.next
        if self._frozen is None:
            return Frame(snapshot, settings, self._feed, newest, now, self.look)
        held = self._frozen
        frozen = Frozen(held.now, held.events, newest - held.events)
        return Frame(held.snapshot, settings, self._feed, held.events, held.now, self.look, frozen)

    def _to_terminal(self, sequence: str) -> None:
        if self._driver is not None:
            self._driver.write(sequence)

    def _handle_exception(self, error: Exception) -> None:
        self.crash = self.crash or error
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        self._close_messages_no_wait()

    def panic(self, *_renderables: object) -> None:
        """End without a word: `crash` has it all."""
        self._close_messages_no_wait()

    # -- look ---------------------------------------------------------------------------------------------------------

    def _make_look(self) -> Look:
        if self._colourless:
            return colourless(ascii_only=self._ascii)
        return coloured(self.current_theme, ascii_only=self._ascii)

    def _dress(self) -> None:
        self.look = self._make_look()
        self.tick(anyway=True)

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
            problem = self.change(name, next_text(self._port.settings(), name))
            if problem:
                self.notify(problem, severity="error", markup=False)

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
            after = "from the next request on; u undoes" if undoable else "taken back"
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

    def ask(self, question: Callable[[EnginePort], T], then: Callable[[T], object], group: str) -> None:
        """Have `question` answered beside the UI's thread, then call `then` here; only the last one of a group."""
        self.run_worker(partial(self._ask, question, then), thread=True, exclusive=True, group=group)

    def _ask(self, question: Callable[[EnginePort], T], then: Callable[[T], object]) -> None:
        answer = question(self._port)
        if not get_current_worker().is_cancelled:
            self.call_from_thread(then, answer)

    def tell(self, command: Command) -> None:
        """Give the engine a command without waiting for it here; its answer is shown."""
        self.run_worker(partial(self._tell, command), thread=True, exit_on_error=False)

    def _tell(self, command: Command) -> None:
        result = self._port.command(command)
        self.call_from_thread(
            self.notify, result.message, severity="information" if result.ok else "warning", markup=False
        )

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette: Textual's own entries, every key of the console, and every setting that has steps."""
        yield from super().get_system_commands(screen)  # pyright: ignore[reportUnknownMemberType]
        yield SystemCommand("Ask the model server now", "state, model and window", partial(self.tell, CheckUpstream()))
        for spec in self.frame.settings.specs:
            if spec.live and steps(spec):
                yield SystemCommand(
                    f"Next value: {word_of(spec.name)}", spec.help, partial(self.action_cycle, spec.name)
                )

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
