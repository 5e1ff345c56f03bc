"""The help: every key, made from the bindings, and what the figures mean and where they come from."""

from __future__ import annotations

import platform
from importlib.metadata import version

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

import proxy_core
from console.filters import FIGURES
from console.format import plain
from console.frame import Frame
from console.key_table import KeyTable
from console.keymap import EVERYWHERE, HELP, SCOPES, bindings
from console.screens.base import ConsoleScreen
from console.theme import Look
from console.widgets.key_line import KeyLine
from console.widgets.status_line import StatusLine

NAME = 15
LEGEND = (
    ("USED/LIMIT", "tokens of the newest prompt as the server counts them (~ estimated), and the context window."),
    ("CONTEXT", "used / limit. △ from 75 %, ▲ from 85 %, ▲ reversed from 95 %."),
    ("TURNS", "turns that still fit: what is left of the window / mean growth of the last turns. Always a forecast."),
    ("CACHED", "share of the last prompt that the model server had in its cache and did not read again."),
    ("TOK/S", "tokens written a second, from the first token to the last; of the running request, else of the last."),
    ("TTFT", "time to the first token: from the request's arrival until the first token went to the agent."),
    ("queued", "a state: the request was sent, the model server has not begun."),
    ("prefill", "the prompt is read: the share done, and how long the rest will take at that pace (~)."),
    ("thinking", "reasoning is written."),
    ("decode", "text or a tool call is written."),
    ("tool", "the agent runs a tool whose call was delivered."),
    ("idle", "nothing is expected."),
    ("held", "an operator holds the session: so many of its requests wait."),
    ("LOOP", "the step of the loop breaker's ladder that holds, of four; the session's screen says why."),
    ("decode chart", "tokens written a second by all sessions, mean of the last 5 seconds."),
    ("prefill chart", "tokens of prompts read a second that were not in the cache, counted when a request ends."),
    ("first token", "mean TTFT of the requests whose first token came within the step; in the title the newest."),
    ("prefix re-use", "cached / all tokens of the prompts answered within the step, where the server tells how many."),
    ("a, b, c ...", "in a chart: a live setting was changed. The medians are of turns that began in the same length"),
    ("", "of time before it and after it: at most 15 minutes, up to the next change; from five answers on each side."),
    ("slots", "from llama.cpp's /slots, every 3 seconds; ~ from this proxy's own requests. Queued: from its /metrics."),
    ("KV cache", "tokens that the slots hold (/slots). Share: of all (one slot, or slots known to share), else of the"),
    ("", "fullest slot's own window; older builds tell it themselves (/metrics). — is what the server does not tell."),
    ("drafts", "accepted / drafted tokens of speculative decoding, from the timings of all answers since the start."),
)  # fmt: skip
FILTERS = (
    ("loop|retry", "one of both words is in the line"),
    ("!idle", "the word is not in the line"),
    ("s:a3f9", "the session's id or name has it"),
    ("ctx>80", "compare a figure: " + ", ".join(f"{name} ({unit})" for name, unit in FIGURES.items())),
)


class HelpScreen(ConsoleScreen):
    """Text to scroll through."""

    CSS_PATH = "help.tcss"
    SCOPE = HELP
    BINDINGS = bindings(SCOPE)
    AUTO_FOCUS = "#text"

    def __init__(self) -> None:
        super().__init__()
        self._look: Look | None = None

    def compose(self) -> ComposeResult:
        """One long text."""
        yield StatusLine()
        with VerticalScroll(id="text"):
            yield Static(id="help", markup=False)
        yield KeyLine(HELP, EVERYWHERE)

    def show(self, frame: Frame) -> None:
        """The text is made once for a look."""
        super().show(frame)
        if frame.look is not self._look:
            self._look = frame.look
            self.query_one("#help", Static).update(help_text(frame.look, frame.keys))


def help_text(look: Look, table: KeyTable) -> Text:
    """All of it."""
    text = Text()
    for scope in SCOPES:
        _heading(text, scope.title, look)
        for key in scope:
            written = table.written(key, ascii_only=look.glyphs.ascii_only)
            _entry(text, written or "(no key)", key.help, look.accent, look)
    _heading(text, "Filter", look)
    for sample, meaning in FILTERS:
        _entry(text, sample, meaning, look.accent, look)
    _heading(text, "Figures", look)
    for name, meaning in LEGEND:
        _entry(text, name, meaning, look.name, look)
    _heading(text, "Versions", look)
    versions = f"Interlock {proxy_core.__version__}, Textual {version('textual')}, Python {platform.python_version()}"
    text.append(f"  {versions}\n", look.muted)
    return text


def _heading(text: Text, title: str, look: Look) -> None:
    text.append(f"{title}\n" if not text else f"\n{title}\n", look.strong)


def _entry(text: Text, name: str, meaning: str, style: Style, look: Look) -> None:
    meaning = plain(meaning) if look.glyphs.ascii_only else meaning
    text.append(f"  {name:<{NAME}}", style)
    text.append(f"{meaning}\n", look.text)
