"""Every key of the console, declared once: the bindings, the key line, the palette and the help are made from it.

Each key has an id, `screen.name`, by which people can put another key in its place. Keys that terminal multiplexers
take (ctrl+a, b, o, q, s, z ...) are not used.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from textual.binding import Binding, BindingType

from console.key_names import spelled


@dataclass(frozen=True, slots=True)
class Key:
    """A key. `label` is its word in the key line (empty: not shown there), `help` its sentence in the help."""

    keys: str
    """By Textual's names, several with commas between."""
    action: str
    help: str
    label: str = ""
    shown: str = ""
    """How the key is written; by default as `key_names` spells it."""
    name: str = ""
    """By default the action with its argument."""
    priority: bool = False
    minor: bool = False
    """Left out of the key line first."""
    scope: str = ""
    """The name of the scope it is declared in."""

    @property
    def id(self) -> str:
        """Its name in a file of keys."""
        plain = self.action.removeprefix("app.").replace("('", "-").replace("')", "")
        return f"{self.scope}.{self.name or plain.replace('_', '-')}"

    @property
    def binding(self) -> Binding:
        """The same for Textual."""
        return Binding(
            self.keys, self.action, self.label or self.help, show=bool(self.label), id=self.id, priority=self.priority
        )

    def written(self, *, ascii_only: bool) -> str:
        """Its own keys for people, in ASCII where a terminal may know nothing else."""
        if self.shown and (self.shown.isascii() or not ascii_only):
            return self.shown
        return spelled(self.keys.split(","), ascii_only=ascii_only)


@dataclass(frozen=True, slots=True)
class Scope:
    """The keys of one screen, of all lists, or of all screens."""

    name: str
    title: str
    keys: tuple[Key, ...]

    def __iter__(self) -> Iterator[Key]:
        return iter(self.keys)


def scope(name: str, title: str, *keys: Key) -> Scope:
    """A scope whose keys know their place."""
    return Scope(name, title, tuple(replace(key, scope=name) for key in keys))


EVERYWHERE = scope(
    "everywhere",
    "Everywhere",
    Key("question_mark", "help", "this help", "Help"),
    Key("s", "settings", "all settings: value, source, default; change them while agents work", "Settings"),
    Key(
        "R",
        "cycle('PROXY_STREAM_REASONING_FALLBACK')",
        "reasoning fallback: off, sanitized, visible",
        name="reasoning",
    ),
    Key("G", "cycle('PROXY_GUARDRAIL_RETRY')", "one further try after a premature stop: on, off", name="retry"),
    Key("L", "cycle('PROXY_LOOP_BREAKER')", "loop breaker: on, off", name="loop-breaker"),
    Key("u", "undo", "take the last change of a setting back", "Undo", minor=True),
    Key("b", "mute", "mute the bell and notifications of the desktop, and back"),
    Key("space", "freeze", "hold the picture still; what is new is counted", "Freeze"),
    Key(
        "ctrl+p",
        "command_palette",
        "palette: all actions and settings by name",
        "Palette",
        minor=True,
    ),
    Key("q", "quit", "quit; asks only when requests are in flight", "Quit"),
    Key("ctrl+c", "interrupt", "quit, as well; a second one ends requests in flight now", priority=True),
)
DASHBOARD = scope(
    "dashboard",
    "Dashboard",
    Key("enter", "open", "open the chosen session", "Open"),
    Key("i", "inspect", "look into the newest request of the chosen session", "Inspect", minor=True),
    Key("slash", "filter", "filter the panel that has the focus", "Filter"),
    Key("o", "sort", "sort sessions by the next column", "Sort"),
    Key("O", "reverse", "turn the order around"),
    Key("c", "cancel", "cancel what the chosen session has in flight", "Cancel", minor=True),
    Key("e", "events", "events on the whole screen, and back", "Events", minor=True),
    Key("t", "charts", "charts on the whole screen, and back", "Charts", minor=True),
    Key("T", "span", "charts over 5 minutes, 15 minutes, an hour, or what suits the data"),
    Key("tab", "app.focus_next", "go to the next panel", name="next-panel"),
    Key("escape", "back", "clear the filter, leave the whole-screen panel"),
)
LIST = scope(
    "list",
    "In a list",
    Key("j,down", "move(1)", "down", name="down"),
    Key("k,up", "move(-1)", "up", name="up"),
    Key("g,home", "edge(-1)", "to the first", name="first"),
    Key("end", "edge(1)", "to the last", name="last"),
    Key("pagedown", "page(1)", "a page down", name="page-down"),
    Key("pageup", "page(-1)", "a page up", name="page-up"),
)
SESSION = scope(
    "session",
    "Session",
    Key("enter,i", "inspect", "look into the chosen request: both bodies, the streams, the times", "Inspect"),
    Key("c", "cancel", "cancel what this session has in flight", "Cancel"),
    Key("h", "hold", "hold this session: its new requests wait; or release it", "Hold"),
    Key("r", "reset", "have the loop breaker judge this session anew from here", "Reset loop", minor=True),
    Key("P", "prune", "prune this session at its next request, whatever its size", "Prune", minor=True),
    Key("o", "override", "guardrail settings for this session alone", "Override", minor=True),
    Key("e", "events", "events of this session on the whole screen, and back", "Events", minor=True),
    Key("tab", "app.focus_next", "go to the next panel", name="next-panel"),
    Key("n", "step(1)", "the next session", "Next", minor=True, name="next"),
    Key("N", "step(-1)", "the session before", name="previous"),
    Key("escape", "back", "back to where one was", "Back"),
)
INSPECTOR = scope(
    "request",
    "Request",
    Key("d", "changed", "only what the proxy changed, and back", "Changes"),
    Key("1", "tab('request')", "page 1: the request"),
    Key("2", "tab('response')", "page 2: the response"),
    Key("3", "tab('raw')", "page 3: the raw streams"),
    Key("4", "tab('timing')", "page 4: the times"),
    Key("right", "turn(1)", "the next page", "Page", "← →", "next-page"),
    Key("left", "turn(-1)", "the page before", name="previous-page"),
    Key("tab", "side", "the other side: Anthropic, OpenAI", "Side"),
    Key("a", "everything", "all of a long body, and back", "All", minor=True),
    Key("slash", "search", "search this page", "Search"),
    Key("full_stop", "match(1)", "to the next place that was found", name="next-match"),
    Key("comma", "match(-1)", "to the place before", name="previous-match"),
    Key("y", "copy", "copy the chosen side's text (OSC 52)", "Copy", minor=True),
    Key("Y", "curl", "copy a curl command that sends it again", "curl", minor=True),
    Key("x", "export", "write all of it to a file, secrets masked", "Export", minor=True),
    Key("n", "step(1)", "the next request", "Next", name="next"),
    Key("N", "step(-1)", "the request before", name="previous"),
    Key("escape", "back", "back to where one was", "Back"),
)
SETTINGS = scope(
    "settings",
    "Settings",
    Key("enter", "edit", "change the chosen setting; a switch turns at once", "Change"),
    Key("r", "revert", "put the chosen setting back to its default", "Default"),
    Key("w", "save", "write changed settings to .env; what would change there is shown first", "Save"),
    Key("slash", "filter", "show only settings with these words", "Filter"),
    Key("escape", "back", "back to where one was", "Back"),
)
HELP = scope(
    "help",
    "Help",
    Key("escape,question_mark", "app.pop_screen", "back to where one was", "Back", "esc", name="back"),
)
SCOPES = (EVERYWHERE, DASHBOARD, LIST, SESSION, INSPECTOR, SETTINGS, HELP)
SCREENS = (DASHBOARD, SESSION, INSPECTOR, SETTINGS, HELP)
KEY_BY_ID = {key.id: key for each in SCOPES for key in each}


def bindings(*groups: Scope) -> list[BindingType]:
    """The bindings of some scopes."""
    return [key.binding for group in groups for key in group]
