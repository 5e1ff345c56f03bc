"""The signs that screens use, for terminals with and without Unicode, and the bars and curves made of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One set of signs. Each is a single cell wide, except `ellipsis` and `arrow` in ASCII."""

    dot: str = "●"
    ring: str = "○"
    half: str = "◐"
    diamond: str = "◇"
    quiet: str = "·"
    cursor: str = "▸"
    chosen: str = "◂"
    rising: str = "▲"
    falling: str = "▼"
    caution: str = "△"
    again: str = "↻"
    change: str = "±"
    cross: str = "✗"
    stop: str = "■"
    note: str = "!"
    plus: str = "+"
    branch: str = "└"
    separator: str = "│"
    arrow: str = "→"
    ellipsis: str = "…"
    nothing: str = "—"
    times: str = "×"
    middle: str = "·"
    track: str = "░"
    full: str = "█"
    parts: str = "▏▎▍▌▋▊▉"
    """Left parts of a cell in eighths, thinnest first; empty where there are none."""
    steps: str = "▁▂▃▄▅▆▇█"
    """Heights of a spark, lowest first."""
    ascii_only: bool = False


UNICODE = Glyphs()
ASCII = Glyphs(
    dot="*",
    ring="o",
    half="%",
    diamond="#",
    quiet=".",
    cursor=">",
    chosen="<",
    rising="^",
    falling="v",
    caution="'",
    again="@",
    change="~",
    cross="x",
    stop="#",
    note="!",
    plus="+",
    branch="`",
    separator="|",
    arrow="->",
    ellipsis="...",
    nothing="-",
    times="x",
    middle="-",
    track=".",
    full="#",
    parts="",
    steps="_.-=+*%#",
    ascii_only=True,
)


def bar(share: float, cells: int, glyphs: Glyphs) -> tuple[str, str]:
    """The filled and the empty part of a bar `cells` wide, by eighths of a cell. Any use shows at least its thinnest
    part, and only a full share fills the bar.
    """
    eighths = len(glyphs.parts) + 1
    units = min(max(share, 0.0), 1.0) * cells * eighths
    whole = int(units)
    if share > 0:
        whole = max(whole, 1)
    full, part = divmod(whole, eighths)
    filled = glyphs.full * full + (glyphs.parts[part - 1] if part else "")
    return filled, glyphs.track * (cells - len(filled))


def spark(values: tuple[int, ...] | list[float], cells: int, top: float, glyphs: Glyphs) -> str:
    """The last `cells` values as heights between nothing and `top`, the newest at the right end."""
    if top <= 0:
        return " " * cells
    highest = len(glyphs.steps) - 1
    shown = "".join(glyphs.steps[round(min(max(value / top, 0.0), 1.0) * highest)] for value in values[-cells:])
    return shown.rjust(cells)
