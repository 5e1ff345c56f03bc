"""Texts that try to act on a terminal, and pictures of an engine in which every text of a stranger is such a one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

T = TypeVar("T")

ATTACKS: Mapping[str, str] = {
    "clear the screen": "\x1b[2J\x1b[H",
    "move the cursor": "\x1b[7;7H",
    "write the clipboard": "\x1b]52;c;T1dORUQ=\x07",
    "a link": "\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\",
    "the title": "\x1b]2;OWNED\x1b\\",
    "a notification": "\x1b]9;OWNED\x07",
    "a device control string": "\x1bPq#0;2;0;0;0\x1b\\",
    "the other screen": "\x1b[?1049l",
    "mouse reports": "\x1b[?1003h",
    "what terminals answer": "\x1b[c\x1b[6n\x05",
    "C1 controls": "\x9b2J\x9d2;OWNED\x9c\x90q\x9c\x84\x85",
    "other controls": "\x00\x07\x08\x0b\x0c\r\x0e\x0f\x7f",
    "breaks": "a\nb\r\nc\u2028d\u2029e\tf",
    "another direction": "\u202egnp.exe\u202c \u2066x\u2069 \u200e\u200f\u061c",
    "nothing to be seen": "a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg\u180eh",
    "tags": "\U000e0041\U000e0042",
    "marks without end": "Z" + "\u0300" * 40,
    "a half of a pair": "\ud800",
    "markup": "[red]x[/red][@click=app.quit]y[/][bold",
}
EVERYTHING = " ".join(text for text in ATTACKS.values() if text != "\ud800")
"""All of them, but for what no reader of JSON or UTF-8 lets in."""

NEVER_PRINTED = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)

WORDS_OF_OURS = frozenset(
    {"phase", "state", "level", "severity", "novelty", "kind", "key", "session", "id", "request", "role", "url", "word"}
)
"""Fields that hold words of the proxy's own, or by which things are found again."""


def poisoned(value: T) -> T:
    """The same with every text that a stranger has a part in turned into an attack."""
    if is_dataclass(value) and not isinstance(value, type):
        changes = {
            field.name: (mine if field.name in WORDS_OF_OURS and isinstance(mine, str) else poisoned(mine))
            for field in fields(value)
            if field.init and (mine := getattr(value, field.name)) is not None
        }
        return cast("T", replace(cast("Any", value), **changes))
    if isinstance(value, str):
        return cast("T", value + EVERYTHING)
    if isinstance(value, tuple):
        return cast("T", tuple(poisoned(item) for item in cast("tuple[Any, ...]", value)))
    return value
