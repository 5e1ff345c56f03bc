"""The live settings on the dashboard: those with a key, and whatever differs from its default."""

from __future__ import annotations

from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip

from console.controls import QUICK, changed, steps, word_of
from console.format import counted, fit, visible, width
from console.frame import Frame
from console.theme import Look
from console.widgets.lines import Lines, Panel, Span, cut, spread, strip
from proxy_core.declaration import Setting
from proxy_core.settings import SPEC_BY_NAME

KEY, NAME = 3, 13
"""Cells of the key and of the name. A longer name pushes its values on, where there is room."""

OTHERS = 4


class ControlsPanel(Panel):
    """A line for each: key, name and all values with the one in force marked; below, what else was changed."""

    def made_of(self, frame: Frame) -> tuple[object, ...]:
        """Settings, and the keys that change them."""
        return frame.settings, frame.keys

    def draw(self, frame: Frame) -> list[Strip]:
        """As many lines as there is room for."""
        cells, height = self.size
        look, view = frame.look, frame.settings
        self.entitle([("live settings", look.strong)])
        lines = [
            self._line(SPEC_BY_NAME[quick.name], frame.key(quick.key), frame, cells)
            for quick in QUICK
            if quick.name in SPEC_BY_NAME
        ]
        keyed = {quick.name for quick in QUICK}
        moved = [spec for spec in changed(view) if spec.name not in keyed]
        usual = [spec for spec in view.specs if _is_guardrail(spec) and spec.name not in keyed and spec not in moved]
        room = max(height - len(lines) - 1, 0)
        lines += [self._line(spec, "", frame, cells) for spec in [*moved, *usual][:room]]
        rest = sum(spec.live for spec in view.specs) - len(lines)
        left_out = len(moved) - room
        more = f", {left_out} of them changed" if left_out > 0 else " at their default"
        key = frame.key("everywhere.settings")
        lines.append([(f" {key} ", look.accent), (fit(f"{rest} more{more}", cells - len(key) - 2), look.muted)])
        return [strip(line) for line in lines[:height]]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - Textual's
        """The keyed ones, some others and the line that tells of the rest."""
        return len(QUICK) + OTHERS + 1

    def _line(self, spec: Setting, key: str, frame: Frame, cells: int) -> list[Span]:
        look, view = frame.look, frame.settings
        value = spec.show(view.settings.value(spec.name))
        moved = view.settings.value(spec.name) != spec.default
        click = _click(spec) if steps(spec) else Style()
        shown = visible(value, ascii_only=look.glyphs.ascii_only)
        values = _values(spec, value, look) if steps(spec) else [(f"{shown} {spec.unit}".rstrip(), look.strong)]
        name = word_of(spec.name)
        room = cells - KEY - sum(width(text) for text, _ in values) - 1
        spans: list[Span] = [
            (f" {key or ' '} ", look.accent + click),
            (fit(name, max(NAME, min(len(name) + 1, room)), ellipsis=look.glyphs.ellipsis), look.text + click),
            *values,
        ]
        return spread(spans, [(look.glyphs.dot, look.warn)] if moved else [], cells, look.glyphs.ellipsis)


class ControlsLine(Lines):
    """The same in one line, for small screens."""

    def made_of(self, frame: Frame) -> tuple[object, ...]:
        """Settings, and the keys that change them."""
        return frame.settings, frame.keys

    def draw(self, frame: Frame) -> list[Strip]:
        """The values in force, and how many others were changed."""
        look, view = frame.look, frame.settings
        spans: list[Span] = []
        for quick in QUICK:
            spec = SPEC_BY_NAME.get(quick.name)
            if spec is None:
                continue
            value = spec.show(view.settings.value(spec.name))
            click = _click(spec)
            spans += [
                (f" {frame.key(quick.key)} ", look.accent + click),
                (f"{quick.word} ", look.muted + click),
                (f"{value} ", (look.strong if value != "off" else look.muted) + click),
                (look.glyphs.separator, look.faint),
            ]
        others = len([spec for spec in changed(view) if spec.name not in {quick.name for quick in QUICK}])
        right: list[Span] = [(f"{counted(others, 'other')} changed ", look.muted)] if others else []
        if spans and not others:
            spans.pop()
        cells = self.size.width
        if sum(len(text) for text, _ in [*spans, *right]) > cells:
            right = []
        return [strip(spread(cut(spans, cells - sum(len(text) for text, _ in right)), right, cells))]


def _is_guardrail(spec: Setting) -> bool:
    return spec.live and spec.group == "guardrails" and bool(steps(spec))


def _click(spec: Setting) -> Style:
    return Style(meta={"@click": f"app.cycle('{spec.name}')"})


def _values(spec: Setting, value: str, look: Look) -> list[Span]:
    glyphs = look.glyphs
    spans: list[Span] = []
    for step in steps(spec):
        if step == value:
            spans.append((f"{glyphs.cursor}{step}{glyphs.chosen}", look.faint if step == "off" else look.strong))
        else:
            spans.append((f" {step} ", look.faint))
    return spans
