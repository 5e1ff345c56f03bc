"""The two themes of the console, and the styles that its lines are written in, taken from whichever theme is on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from rich.style import Style
from textual.color import Color
from textual.theme import Theme

from console.glyphs import ASCII, UNICODE, Glyphs

DARK = Theme(
    name="interlock-dark",
    primary="#6cb6d9",
    secondary="#9aa7d6",
    accent="#e2a95c",
    success="#7fc67a",
    warning="#e5b454",
    error="#f07474",
    foreground="#d6dce6",
    background="#10141a",
    surface="#161b23",
    panel="#1f2630",
    dark=True,
)
LIGHT = Theme(
    name="interlock-light",
    primary="#1c6a94",
    secondary="#4d5aa0",
    accent="#9c5700",
    success="#2b7a30",
    warning="#946200",
    error="#c22c2c",
    foreground="#2a2f37",
    background="#fbfaf7",
    surface="#f4f2ec",
    panel="#e6e2d9",
    dark=False,
)


@dataclass(frozen=True, slots=True)
class Look:
    """Styles by their meaning, and the signs. No style paints a background but `selected`, which marks a cursor."""

    glyphs: Glyphs
    text: Style
    strong: Style
    muted: Style
    faint: Style
    accent: Style
    name: Style
    good: Style
    warn: Style
    bad: Style
    alarm: Style
    selected: Style
    resting: Style
    """The cursor's line while its panel has no focus."""
    colours: Mapping[str, tuple[int, int, int]]
    """RGB of `text`, `muted`, `accent`, `name`, `good`, `warn` and `bad`, for the charts; empty without colour."""

    def severity(self, name: str) -> Style:
        """The style of an event's severity."""
        return {"debug": self.faint, "notice": self.name, "warning": self.warn, "error": self.bad}.get(name, self.text)

    def level(self, name: str) -> Style:
        """The style of a context level."""
        return {"warning": self.warn, "high": self.warn, "critical": self.bad}.get(name, self.good)


def coloured(theme: Theme, *, ascii_only: bool) -> Look:
    """The look that goes with a theme."""
    if theme.ansi:
        return sixteen_colours(ascii_only=ascii_only)
    variables = theme.to_color_system().generate()
    fore, back = Color.parse(variables["foreground"]), Color.parse(variables["background"])
    panel = Color.parse(variables["panel"])
    colours = {
        "text": fore,
        "muted": back.blend(fore, 0.62),
        "faint": back.blend(fore, 0.38 if theme.dark else 0.45),
        "accent": Color.parse(variables["accent"]),
        "name": Color.parse(variables["primary"]),
        "good": Color.parse(variables["success"]),
        "warn": Color.parse(variables["warning"]),
        "bad": Color.parse(variables["error"]),
    }
    fronts = {name: Style(color=colour.rich_color) for name, colour in colours.items()}
    return Look(
        glyphs=ASCII if ascii_only else UNICODE,
        strong=fronts["text"] + Style(bold=True),
        alarm=fronts["bad"] + Style(bold=True, reverse=True),
        selected=Style(bgcolor=panel.blend(colours["name"], 0.22).rich_color),
        resting=Style(bgcolor=panel.rich_color),
        colours={name: colour.rgb for name, colour in colours.items()},
        **fronts,
    )


def sixteen_colours(*, ascii_only: bool) -> Look:
    """The look in the terminal's own colours, for themes that leave them to it."""
    plain = colourless(ascii_only=ascii_only)
    green, yellow, red = Style(color="green"), Style(color="yellow"), Style(color="red")
    return replace(
        plain, accent=Style(color="magenta"), name=Style(color="cyan"), good=green, warn=yellow, bad=red,
        alarm=red + plain.alarm,
    )  # fmt: skip


def colourless(*, ascii_only: bool) -> Look:
    """The look without any colour: weight and reversal carry the meaning that colours have elsewhere."""
    usual, bold, dim = Style(), Style(bold=True), Style(dim=True)
    return Look(
        glyphs=ASCII if ascii_only else UNICODE,
        text=usual,
        strong=bold,
        muted=dim,
        faint=dim,
        accent=bold,
        name=usual,
        good=usual,
        warn=bold,
        bad=bold,
        alarm=Style(bold=True, reverse=True),
        selected=Style(reverse=True),
        resting=Style(underline=True),
        colours={},
    )
