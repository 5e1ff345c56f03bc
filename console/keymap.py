"""Every key of the console, declared once: the bindings, the key line and the help are made from it.

Each key has an id, by which people can put another key in its place. Keys that terminal multiplexers take
(ctrl+a, b, o, q, s, z ...) are not used.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding, BindingType


@dataclass(frozen=True, slots=True)
class Key:
    """A key. `label` is its word in the key line (empty: not shown there), `help` its sentence in the help."""

    keys: str
    action: str
    help: str
    label: str = ""
    shown: str = ""
    """How the key is written; by default as it is."""
    priority: bool = False
    minor: bool = False
    """Left out of the key line first."""

    @property
    def written(self) -> str:
        """The key for people."""
        return self.shown or self.keys.partition(",")[0]

    def spelled(self, *, ascii_only: bool) -> str:
        """The key for people whose terminal may know nothing but ASCII."""
        return self.keys.replace(",", " ") if ascii_only and not self.written.isascii() else self.written

    @property
    def binding(self) -> Binding:
        """The same for Textual."""
        return Binding(
            self.keys, self.action, self.label or self.help, show=bool(self.label), id=self.id, priority=self.priority
        )

    @property
    def id(self) -> str:
        """Its name in a keymap: the action with its argument."""
        return self.action.replace("('", "-").replace("')", "").replace("_", "-").replace(".", "-")


EVERYWHERE = (
    Key("question_mark", "help", "this help", "Help", "?"),
    Key("s", "settings", "all settings: value, source, default; change them while agents work", "Settings"),
    Key("R", "cycle('PROXY_STREAM_REASONING_FALLBACK')", "reasoning fallback: off, sanitized, visible"),
    Key("G", "cycle('PROXY_GUARDRAIL_RETRY')", "one further try after a premature stop: on, off"),
    Key("L", "cycle('PROXY_LOOP_BREAKER')", "loop breaker: on, off"),
    Key("u", "undo", "take the last change of a setting back", "Undo", minor=True),
    Key("b", "mute", "mute the bell and notifications of the desktop, and back"),
    Key("space", "freeze", "hold the picture still; what is new is counted", "Freeze", "space"),
    Key("ctrl+p", "command_palette", "palette: settings and themes by name", "Palette", "^p", minor=True),
    Key("q", "quit", "quit; asks only when requests are in flight", "Quit"),
    Key("ctrl+c", "interrupt", "the same; a second one ends requests in flight now", shown="^c", priority=True),
)
DASHBOARD = (
    Key("enter", "open", "open the chosen session", "Open", "⏎"),
    Key("i", "inspect", "look into the newest request of the chosen session", "Inspect", minor=True),
    Key("slash", "filter", "filter the panel that has the focus", "Filter", "/"),
    Key("o", "sort", "sort sessions by the next column", "Sort"),
    Key("O", "reverse", "turn the order around"),
    Key("c", "cancel", "cancel what the chosen session has in flight", "Cancel", minor=True),
    Key("e", "events", "events on the whole screen, and back", "Events", minor=True),
    Key("t", "charts", "charts on the whole screen, and back", "Charts", minor=True),
    Key("tab", "app.focus_next", "go to the next panel", shown="tab"),
    Key("escape", "back", "clear the filter, leave the whole-screen panel", shown="esc"),
)
LIST = (
    Key("j,down", "move(1)", "down", shown="j ↓"),
    Key("k,up", "move(-1)", "up", shown="k ↑"),
    Key("g,home", "edge(-1)", "to the first", shown="g home"),
    Key("end", "edge(1)", "to the last"),
    Key("pagedown", "page(1)", "a page down", shown="pgdn"),
    Key("pageup", "page(-1)", "a page up", shown="pgup"),
)
SESSION = (
    Key("enter,i", "inspect", "look into the chosen request: both bodies, the streams, the times", "Inspect", "⏎ i"),
    Key("c", "cancel", "cancel what this session has in flight", "Cancel"),
    Key("h", "hold", "hold this session: its new requests wait; or release it", "Hold"),
    Key("r", "reset", "have the loop breaker judge this session anew from here", "Reset loop", minor=True),
    Key("P", "prune", "prune this session at its next request, whatever its size", "Prune", minor=True),
    Key("o", "override", "guardrail settings for this session alone", "Override", minor=True),
    Key("e", "events", "events of this session on the whole screen, and back", "Events", minor=True),
    Key("tab", "app.focus_next", "go to the next panel", shown="tab"),
    Key("n", "step(1)", "the next session", "Next", minor=True),
    Key("N", "step(-1)", "the one before"),
    Key("escape", "back", "back", "Back", "esc"),
)
INSPECTOR = (
    Key("d", "changed", "only what the proxy changed, and back", "Changes"),
    Key("1", "tab('request')", "the request"),
    Key("2", "tab('response')", "the response"),
    Key("3", "tab('raw')", "the raw streams"),
    Key("4", "tab('timing')", "the times"),
    Key("right", "turn(1)", "the next page", "Page", "← →"),
    Key("left", "turn(-1)", "the page before", shown="←"),
    Key("tab", "side", "the other side: Anthropic, OpenAI", "Side", "tab"),
    Key("a", "everything", "all of a long body, and back", "All", minor=True),
    Key("slash", "search", "search this page", "Search", "/"),
    Key("full_stop", "match(1)", "to the next place that was found", shown="."),
    Key("comma", "match(-1)", "to the one before", shown=","),
    Key("y", "copy", "copy the chosen side's text (OSC 52)", "Copy", minor=True),
    Key("Y", "curl", "copy a curl command that sends it again", "curl", minor=True),
    Key("x", "export", "write all of it to a file, secrets masked", "Export", minor=True),
    Key("n", "step(1)", "the next request", "Next"),
    Key("N", "step(-1)", "the one before"),
    Key("escape", "back", "back", "Back", "esc"),
)
SETTINGS = (
    Key("enter", "edit", "change the chosen setting; a switch turns at once", "Change", "⏎"),
    Key("r", "revert", "put the chosen setting back to its default", "Default"),
    Key("w", "save", "write changed settings to .env; what would change there is shown first", "Save"),
    Key("slash", "filter", "show only settings with these words", "Filter", "/"),
    Key("escape", "back", "back", "Back", "esc"),
)
HELP = (Key("escape,question_mark", "app.pop_screen", "back", "Back", "esc"),)


def bindings(*groups: tuple[Key, ...]) -> list[BindingType]:
    """The bindings of some groups of keys."""
    return [key.binding for group in groups for key in group]
