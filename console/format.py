"""Texts for screens: what strangers wrote made harmless, exact widths in cells, and figures as people read them."""

from __future__ import annotations

import time
import unicodedata
from functools import lru_cache
from typing import Literal, TypeAlias

from rich.cells import cell_len, chop_cells

Align: TypeAlias = Literal["left", "right"]

NOTHING = "—"
"""Stands where a figure is not known."""

LINE_BREAK = "⏎"
MOST_MARKS = 2
"""So many combining marks may follow one letter; written languages need no more."""

PLAIN = {
    "→": "->",
    "←": "<-",
    "−": "-",
    "–": "-",
    "—": "-",
    "…": "...",
    "×": "x",
    "·": "-",
    "⏎": "<br>",
    "‹": "<",
    "›": ">",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
}
"""What the program's own signs become on a terminal without them; every other sign becomes a question mark."""


@lru_cache(4096)
def visible(text: str, *, ascii_only: bool = False) -> str:
    """`text` on one line, such that no part of it can act on a terminal and its width is certain.

    Control characters, escapes, direction marks and invisible characters become visible marks: `␛`, `‹202e›`. Line
    breaks become `⏎`. Signs whose width terminals disagree on (flags, skin tones, variation selectors) become plain
    ones.
    """
    if text.isascii() and text.isprintable():
        return text
    shown: list[str] = []
    marks = 0
    for character in unicodedata.normalize("NFC", text.replace("\r\n", "\n")):
        category = unicodedata.category(character)
        marks = marks + 1 if category == "Mn" else 0
        if category in {"Mn", "Me"}:
            shown.append(_combining(character, category, marks, shown))
        elif category[0] == "C" or category in {"Zl", "Zp"}:
            shown.append(_mark(character))
        else:
            shown.append(_certain(character, category))
    result = "".join(shown)
    return plain(result) if ascii_only else result


def plain(text: str) -> str:
    """`text` in ASCII."""
    return "".join(
        character if character.isascii() else PLAIN.get(character, "?" * cell_len(character)) for character in text
    )


def _mark(character: str) -> str:
    code = ord(character)
    if character == "\n":
        return LINE_BREAK
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else f"‹{code:x}›"


def _certain(character: str, category: str) -> str:
    code = ord(character)
    if 0x1F1E6 <= code <= 0x1F1FF:
        return chr(ord("A") + code - 0x1F1E6)
    if category == "Zs":
        return " "
    return "" if 0x1F3FB <= code <= 0x1F3FF else character


def _combining(character: str, category: str, marks: int, before: list[str]) -> str:
    if category == "Me" or 0xFE00 <= ord(character) <= 0xFE0F or marks > MOST_MARKS:
        return ""
    return character if before and cell_len(before[-1] + character) == cell_len(before[-1]) else f"‹{ord(character):x}›"


def width(text: str) -> int:
    """Cells that `text` takes on the screen."""
    return cell_len(text)


def fit(text: str, cells: int, align: Align = "left", *, ellipsis: str = "…") -> str:
    """`text` in exactly `cells` cells: padded, or cut at its end with an ellipsis."""
    if cells <= 0:
        return ""
    used = cell_len(text)
    if used > cells:
        room = max(cells - cell_len(ellipsis), 0)
        text = _start(text, room) + ellipsis[: cells - room]
        used = cell_len(text)
    padding = " " * (cells - used)
    return padding + text if align == "right" else text + padding


def _start(text: str, cells: int) -> str:
    if text.isascii():
        return text[:cells]
    return chop_cells(text, cells)[0] if cells else ""


def rate(per_second: float | None, nothing: str = NOTHING) -> str:
    """Tokens a second: `31.2`, `812`, `12k`."""
    if per_second is None:
        return nothing
    if per_second == 0:
        return "0"
    if per_second < 99.95:
        return f"{per_second:.1f}"
    return f"{per_second:.0f}" if per_second < 9999.5 else f"{per_second / 1000:.0f}k"


def brief_tokens(count: int) -> str:
    """Tokens in at most five cells: `950`, `58.1k`, `131k`, `1.05M`, `12.5M`."""
    if count < 1000:
        return str(count)
    if count < 999_500:
        return f"{count / 1000:.1f}k" if count < 99_950 else f"{count / 1000:.0f}k"
    if count < 99_950_000:
        return f"{count / 1e6:.2f}M" if count < 9_995_000 else f"{count / 1e6:.1f}M"
    return f"{min(count / 1e6, 9999):.0f}M"


def seconds(value: float | None, nothing: str = NOTHING) -> str:
    """A length of time: `0.4s`, `42s`, `3m05`, `2h10`."""
    if value is None:
        return nothing
    if value < 9.95:
        return f"{max(value, 0.0):.1f}s"
    whole = round(value)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}"
    return f"{whole // 3600}h{whole % 3600 // 60:02}"


def elapsed(value: float) -> str:
    """How long something lasts by now, by whole seconds: `0s`, `42s`, `3m05`."""
    return f"{int(max(value, 0.0))}s" if value < 10 else seconds(int(value))


def age(value: float) -> str:
    """How long ago, coarsely enough to stand still: `<1m`, `3m`, `2h`, `4d`."""
    if value < 60:
        return "<1m"
    if value < 3600:
        return f"{int(value // 60)}m"
    return f"{int(value // 3600)}h" if value < 86_400 else f"{int(value // 86_400)}d"


def percent(share: float | None, nothing: str = NOTHING) -> str:
    """`0.914` as `91%`. Never rounded up to the next whole one: 99.6 % of a window is not full."""
    return nothing if share is None else f"{int(share * 100 + 1e-9)}%"


def clock(at: float) -> str:
    """Local time of day with seconds."""
    return time.strftime("%H:%M:%S", time.localtime(at))


def minute(at: float) -> str:
    """Local time of day without seconds."""
    return time.strftime("%H:%M", time.localtime(at))


def counted(count: int, one: str, many: str = "") -> str:
    """`1 session`, `3 sessions`."""
    return f"{count} {one if count == 1 else many or one + 's'}"
