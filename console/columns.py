"""The columns of the sessions table: what each shows, how wide it is and how it sorts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from rich.style import Style

from console.format import NOTHING, Align, age, brief_tokens, elapsed, fit, percent, rate, seconds, visible
from console.glyphs import bar, spark
from console.theme import Look
from proxy_core.snapshot import SessionView

Span: TypeAlias = tuple[str, Style]
LEVEL_GLYPHS = {"warning": "caution", "high": "rising", "critical": "rising"}
SHORT = 4
"""So many characters of a session's id are shown in lists."""

LAST_STEPS = 3
"""From this step of the ladder on the loop breaker takes tools away or ends the turn."""

WORTH_FORECASTING = 5.0
"""From so many seconds on an estimate of what is left of a prefill is shown."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What a column needs besides the session: its width, the time, the look, and whether it hangs below another."""

    cells: int
    now: float
    look: Look
    child: bool = False


Draw: TypeAlias = Callable[[SessionView, Cell], list[Span]]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: at least `low` cells wide and at most `high`. Columns of high `rank` go first when room is short."""

    name: str
    title: str
    low: int
    high: int
    rank: int
    draw: Draw
    order: Callable[[SessionView], float] | None = None
    align: Align = "left"


def name_cell(view: SessionView, cell: Cell) -> list[Span]:
    """The short id and the label; a sub-agent hangs below its session."""
    look, glyphs = cell.look, cell.look.glyphs
    branch = f"{glyphs.branch} " if cell.child else ""
    short = visible(view.short[:SHORT], ascii_only=glyphs.ascii_only)
    label = visible(view.label, ascii_only=glyphs.ascii_only)
    start = fit(branch + short, min(len(branch) + len(short), cell.cells), ellipsis=glyphs.ellipsis)
    rest = fit(f" {label}", cell.cells - len(start), ellipsis=glyphs.ellipsis)
    return [(start, look.name), (rest, look.text)]


def used_cell(view: SessionView, cell: Cell) -> list[Span]:
    """Tokens in use of the window; `~` marks an estimate."""
    mark = "~" if view.estimated else ""
    used = mark + brief_tokens(view.tokens) if view.tokens else cell.look.glyphs.nothing
    limit = "/" + (brief_tokens(view.window) if view.window else "?")
    return [(used.rjust(cell.cells - len(limit)), cell.look.text), (limit, cell.look.muted)]


def context_cell(view: SessionView, cell: Cell) -> list[Span]:
    """The utilisation as a bar, a percentage and a sign of its level."""
    look, glyphs = cell.look, cell.look.glyphs
    if view.utilisation is None:
        return [(fit("window unknown", cell.cells, ellipsis=glyphs.ellipsis), look.faint)]
    style = look.level(view.level)
    filled, track = bar(view.utilisation, cell.cells - 6, glyphs)
    sign = getattr(glyphs, LEVEL_GLYPHS[view.level]) if view.level in LEVEL_GLYPHS else " "
    figure = look.alarm if view.level == "critical" else style
    return [
        (filled, style),
        (track, look.faint),
        (" ", style),
        (percent(view.utilisation).rjust(4), figure),
        (sign, figure),
    ]


def history_cell(view: SessionView, cell: Cell) -> list[Span]:
    """The prompts of the last requests, as shares of the window."""
    top = view.window or max(view.history, default=0)
    return [(spark(view.history, cell.cells, top, cell.look.glyphs), cell.look.muted)]


def loop_cell(view: SessionView, cell: Cell) -> list[Span]:
    """The step of the loop breaker's ladder that holds, of four."""
    look, glyphs = cell.look, cell.look.glyphs
    if not view.loop_level:
        return [(fit(glyphs.quiet, cell.cells, "right"), look.faint)]
    style = look.bad if view.loop_level >= LAST_STEPS else look.warn
    return [(fit(f"{glyphs.again}{view.loop_level}/4", cell.cells, "right"), style)]


def state_cell(view: SessionView, cell: Cell) -> list[Span]:
    """What the session does, and for how long; a held one's new requests wait."""
    look, glyphs = cell.look, cell.look.glyphs
    since = cell.now - view.phase_since
    sign, style, text = {
        "idle": (glyphs.quiet, look.faint, f"idle {age(since)}"),
        "queued": (glyphs.ring, look.warn, f"queued {elapsed(since)}"),
        "prefill": (glyphs.half, look.accent, _prefill(view, since, cell.cells - 2)),
        "thinking": (glyphs.half, look.name, f"thinking {elapsed(since)}"),
        "decode": (glyphs.dot, look.good, "decode"),
        "tool": (glyphs.diamond, look.muted, f"tool {age(since) if since >= 60 else elapsed(since)}"),
    }[view.phase]
    if view.held and (view.waiting or not view.active):
        sign, style, text = glyphs.stop, look.warn, f"held, {view.waiting} wait" if view.waiting else "held"
    elif view.active > 1:
        text += f" {glyphs.times}{view.active}"
    return [(fit(f"{sign} {text}", cell.cells, ellipsis=glyphs.ellipsis), style)]


def _prefill(view: SessionView, since: float, cells: int) -> str:
    done = view.prefill_done
    if done is None:
        return f"prefill {elapsed(since)}"
    text = f"prefill {percent(done)}"
    left = f" ~{elapsed(since / done * (1 - done))}" if since >= WORTH_FORECASTING and 0 < done < 1 else ""
    return text + left if len(text + left) <= cells else text


def _turns(view: SessionView) -> str | None:
    return None if view.turns_left is None else f"~{view.turns_left}" if view.turns_left < 1000 else "~999+"


def _figure(value: Callable[[SessionView], str | None], align: Align = "right") -> Draw:
    def draw(view: SessionView, cell: Cell) -> list[Span]:
        glyphs = cell.look.glyphs
        text = value(view)
        shown = visible(text, ascii_only=glyphs.ascii_only) if text else glyphs.nothing
        style = cell.look.text if text else cell.look.faint
        return [(fit(shown, cell.cells, align, ellipsis=glyphs.ellipsis), style)]

    return draw


def _some(text: str) -> str | None:
    return None if text == NOTHING else text


def _known(value: float | None) -> float:
    return -1.0 if value is None else value


def _fewest(value: int | None) -> float:
    return float("-inf") if value is None else -value


model_cell = _figure(lambda view: view.model, "left")
turns_cell = _figure(_turns)
cached_cell = _figure(lambda view: _some(percent(view.cached_share)))
rate_cell = _figure(lambda view: _some(rate(view.decode_rate)))
ttft_cell = _figure(lambda view: _some(seconds(view.ttft)))
tool_cell = _figure(lambda view: view.last_tool, "left")

COLUMNS = (
    Column("session", "SESSION", 14, 30, 1, name_cell, lambda view: -view.created_at),
    Column("model", "MODEL", 12, 18, 11, model_cell),
    Column("used", "USED/LIMIT", 12, 12, 5, used_cell, lambda view: float(view.tokens), "right"),
    Column("context", "CONTEXT", 13, 30, 2, context_cell, lambda view: _known(view.utilisation)),
    Column("history", "HISTORY", 10, 16, 10, history_cell),
    Column("turns", "TURNS", 5, 5, 3, turns_cell, lambda view: _fewest(view.turns_left), "right"),
    Column("cached", "CACHED", 6, 6, 8, cached_cell, lambda view: _known(view.cached_share), "right"),
    Column("rate", "TOK/S", 5, 5, 6, rate_cell, lambda view: _known(view.decode_rate), "right"),
    Column("ttft", "TTFT", 5, 5, 7, ttft_cell, lambda view: _known(view.ttft), "right"),
    Column("tool", "LAST TOOL", 9, 14, 9, tool_cell),
    Column("loop", "LOOP", 4, 4, 4, loop_cell, lambda view: float(view.loop_level), "right"),
    Column("state", "STATE", 13, 17, 0, state_cell, lambda view: view.last_at),
)
ORDERS = tuple(column.name for column in COLUMNS if column.order is not None)
"""The columns that sessions can be sorted by; "session" is the order of their beginning."""


def laid_out(cells: int, columns: tuple[Column, ...] = COLUMNS) -> list[tuple[Column, int]]:
    """Which columns fit into `cells`, and the width of each; one cell lies between two."""
    shown = list(columns)
    while len(shown) > 1 and sum(column.low + 1 for column in shown) - 1 > cells:
        shown.remove(max(shown, key=lambda column: column.rank))
    widths = {column.name: min(column.low, cells) for column in shown}
    spare = cells - sum(widths.values()) - len(shown) + 1
    for column in sorted(shown, key=lambda column: column.rank):
        more = min(spare, column.high - column.low)
        widths[column.name] += max(more, 0)
        spare -= max(more, 0)
    return [(column, widths[column.name]) for column in shown]


def worthwhile(views: Iterable[SessionView]) -> tuple[Column, ...]:
    """The columns that say something: the model only where there are several."""
    several = len({view.model for view in views}) > 1
    return tuple(column for column in COLUMNS if several or column.name != "model")


def ordered(views: Iterable[SessionView], name: str, *, reverse: bool) -> list[tuple[SessionView, bool]]:
    """Sessions by a column, largest first, each with its sub-agents below it; the second value marks those."""
    order = next(column.order for column in COLUMNS if column.name == name and column.order is not None)
    listed = sorted(views, key=lambda view: (order(view), view.created_at), reverse=not reverse)
    roots = {view.key for view in listed if not view.agent}
    below: dict[str, list[tuple[SessionView, bool]]] = {}
    for view in listed:
        if view.agent:
            below.setdefault(view.key.partition("/")[0], []).append((view, True))
    rows: list[tuple[SessionView, bool]] = []
    for view in listed:
        if not view.agent:
            rows += [(view, False), *below.get(view.key, ())]
        elif view.key.partition("/")[0] not in roots:
            rows.append((view, False))
    return rows
