"""What the command palette offers: all that keys do on the screen it was opened on, and every setting."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from textual.app import SystemCommand

from console.controls import steps, word_of
from console.format import plain, visible
from console.keymap import EVERYWHERE, Key
from console.screens.base import ConsoleScreen
from proxy_core.commands import CheckUpstream
from proxy_core.declaration import Setting

if TYPE_CHECKING:
    from console.app import ConsoleApp

LEFT_OUT = frozenset({"command_palette", "interrupt"})
"""The palette itself, and the second of two ways to quit."""


def offers(app: ConsoleApp, screen: ConsoleScreen) -> Iterator[SystemCommand]:
    """Everything that has a point now."""
    found = [*_by_keys(app, screen), *screen.offers(), *_of_the_app(app), *_settings(app)]
    ascii_only = app.look.glyphs.ascii_only
    for title, words, run, at_once in found:
        yield SystemCommand(_unmarked(title, ascii_only), _unmarked(words, ascii_only), run, at_once)


def _unmarked(text: str, ascii_only: bool) -> str:
    """Textual reads markup in the words of commands, and parts of ours are strangers'."""
    return (plain(text) if ascii_only else text).replace("[", "\\[")


def _by_keys(app: ConsoleApp, screen: ConsoleScreen) -> Iterator[SystemCommand]:
    for key in screen.SCOPE:
        if screen.can(key.action):
            yield SystemCommand(f"{screen.SCOPE.title}: {key.help}", _on(app, key), partial(_run, app, key, screen))
    for key in EVERYWHERE:
        if key.action not in LEFT_OUT and app.can(key.action):
            yield SystemCommand(key.help, _on(app, key), partial(_run, app, key, screen))


def _on(app: ConsoleApp, key: Key) -> str:
    written = app.frame.keys.written(key, ascii_only=app.look.glyphs.ascii_only)
    return f"key {written}" if written else "no key"


async def _run(app: ConsoleApp, key: Key, screen: ConsoleScreen) -> None:
    await app.run_action(key.action, app if key.scope == EVERYWHERE.name else screen)


def _of_the_app(app: ConsoleApp) -> Iterator[SystemCommand]:
    yield SystemCommand("ask the model server now", "state, model and window", partial(app.tell, CheckUpstream()))
    yield SystemCommand("screenshot: this screen as SVG", "into the folder for downloads", app.deliver_screenshot)
    for name in sorted(app.available_themes):
        if name != app.theme:
            yield SystemCommand(f"theme: {name}", "colours of the console", partial(setattr, app, "theme", name))


def _settings(app: ConsoleApp) -> Iterator[SystemCommand]:
    view = app.frame.settings
    for spec in view.specs:
        now = spec.show(view.settings.value(spec.name))
        if not spec.live:
            yield SystemCommand(f"show {_title(spec)}", f"{spec.help} (read at the start)", _open(app, spec))
        elif steps(spec):
            for step in steps(spec):
                if step != now:
                    change = partial(app.set_to, spec.name, step)
                    yield SystemCommand(f"set {_title(spec)}: {step}", f"{spec.help} (now {now})", change)
        else:
            masked = visible(spec.masked(view.settings.value(spec.name))) or "empty"
            yield SystemCommand(f"set {_title(spec)} ...", f"{spec.help} (now {masked})", _open(app, spec))


def _title(spec: Setting) -> str:
    return f"{word_of(spec.name)} {spec.name}"


def _open(app: ConsoleApp, spec: Setting) -> partial[None]:
    return partial(app.open_setting, spec.name)
