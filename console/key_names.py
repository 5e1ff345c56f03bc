"""Keys as people write them in a file and read them on the screen, and as Textual names them."""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from textual.keys import Keys, format_key

from proxy_core.config import nearest

SIGNS = {
    "question_mark": "?",
    "slash": "/",
    "enter": "⏎",
    "escape": "esc",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "space": "space",
}
"""How keys are written on the screen where that is not their character."""

WRITTEN = {
    "esc": "escape",
    "return": "enter",
    "pgup": "pageup",
    "page_up": "pageup",
    "pgdn": "pagedown",
    "pgdown": "pagedown",
    "page_down": "pagedown",
    "del": "delete",
    "ins": "insert",
    "dot": "full_stop",
    "period": "full_stop",
}
"""Other words for keys in a file."""

MODIFIERS = ("ctrl", "alt", "shift", "super", "meta", "hyper")
RENAMED = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
"""Names of characters that Textual shortens."""

UNICODE_NAMES = {
    sign: unicodedata.name(sign).lower().replace("-", "_").replace(" ", "_") for sign in string.punctuation
}
CHARACTERS = {sign: RENAMED.get(name, name) for sign, name in UNICODE_NAMES.items()}
NAMED = frozenset(
    {key.value for key in Keys if key.value.isalnum() and len(key.value) > 1}
    | {f"f{number}" for number in range(1, 25)}
    | set(CHARACTERS.values())
    | {"space"}
)

NOT_SENT = "a terminal sends the same for it as for "
TAKEN = {
    "ctrl+a": "GNU screen takes it, and tmux where it is set up so",
    "ctrl+b": "tmux takes it",
    "ctrl+space": "tmux takes it where it is set up so",
    "ctrl+s": "some terminals stop their output at it",
    "ctrl+q": "some terminals go on with their output at it",
    "ctrl+z": "shells suspend programs with it",
    "ctrl+o": "some terminals and multiplexers take it",
    "ctrl+h": NOT_SENT + "backspace",
    "ctrl+i": NOT_SENT + "tab",
    "ctrl+j": NOT_SENT + "enter",
    "ctrl+m": NOT_SENT + "enter",
    "ctrl+left_square_bracket": NOT_SENT + "escape",
} | {f"alt+{arrow}": "tmux and window managers take it" for arrow in ("left", "right", "up", "down")}
"""Keys that do not always reach a program, and why. None of the console's own is among them."""


class UnknownKey(Exception):
    """There is no such key; the message is the rest of a sentence that begins with what was written."""


def textual_name(written: str) -> str:
    """Textual's name of a key that somebody wrote: `?` is `question_mark`, `Ctrl+K` is `ctrl+k`. Raises `UnknownKey`.

    A capital letter is itself, for terminals do not tell shift beside a letter.
    """
    *modifiers, key = _parts(written)
    held = sorted({modifier.lower() for modifier in modifiers})  # the order in which Textual names them
    for modifier in held:
        if modifier not in MODIFIERS:
            near = nearest(modifier, MODIFIERS)
            raise UnknownKey(f"has no modifier {modifier}" + (f"; did you mean {near}?" if near else ""))
    if len(key) == 1:
        if held == ["shift"] and key.isalpha():
            return key.upper()
        name = CHARACTERS.get(key, "space" if key == " " else key.lower() if held else key)
        if not key.isprintable():
            raise UnknownKey("is no key that can be typed")
    else:
        name = WRITTEN.get(key.lower(), key.lower())
        if name not in NAMED:
            near = nearest(name, sorted(NAMED | WRITTEN.keys()))
            raise UnknownKey("is no key" + (f"; did you mean {near}?" if near else ""))
    return "+".join([*held, name])


def _parts(written: str) -> list[str]:
    """Modifiers and key. The key may itself be a plus sign."""
    text = written.strip() or written
    plus = text == "+" or text.endswith("++")
    parts = [*text.removesuffix("+").split("+")[:-1], "+"] if plus else text.split("+")
    if not all(parts):
        raise UnknownKey("is no key")
    return parts


@lru_cache(512)
def _spelled(key: str, *, ascii_only: bool) -> str:
    *modifiers, name = key.split("+")
    shown = SIGNS.get(name) or (name if len(name) == 1 else format_key(name))
    if ascii_only and not shown.isascii():
        shown = name
    if modifiers == ["ctrl"]:
        return f"^{shown}"
    return "+".join([*modifiers, shown])


def spelled(keys: Iterable[str], *, ascii_only: bool = False) -> str:
    """Keys by Textual's names as people read them: `j ↓`, `^p`."""
    return " ".join(_spelled(key, ascii_only=ascii_only) for key in keys)


def file_name(key: str) -> str:
    """A key by Textual's name as it stands in a file: characters as they are, the others by name."""
    *modifiers, name = key.split("+")
    shown = next((character for character, word in CHARACTERS.items() if word == name), name)
    return "+".join([*modifiers, shown])


def doubt_about(key: str) -> str:
    """Why a key by Textual's name may not reach the console; "" when nothing is known against it."""
    if key in TAKEN:
        return TAKEN[key]
    *held, last = key.split("+")
    modifiers = set(held)
    if modifiers & {"super", "meta", "hyper"}:
        return "few terminals send it"
    if modifiers >= {"ctrl", "shift"} and len(last) == 1:
        return NOT_SENT + key.replace("shift+", "")
    return ""
