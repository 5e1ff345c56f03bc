"""How a session behaves: its last calls as a strip, the loop breaker's judgement, and what spoilt its prefix."""

from __future__ import annotations

from rich.style import Style
from textual.strip import Strip

from console.event_text import tokens
from console.format import fit, visible, width
from console.frame import Frame
from console.loop_words import RULE, Group, grouped, loop_sentences
from console.theme import Look
from console.widgets.lines import Panel, Span, cut, strip
from proxy_core.record_views import CallView, SessionDetail
from proxy_core.snapshot import SessionView

NAME = 10
LONGEST_NAME = 12


class Behaviour(Panel):
    """As many lines as there is room for: calls, loop, why, prefix, acts, how the score moves."""

    def __init__(self, key: str) -> None:
        super().__init__(id="behaviour")
        self._key = key
        self._detail: SessionDetail | None = None

    def concern(self, key: str) -> None:
        """Show another session."""
        self._key, self._detail = key, None
        self.redraw()

    def fill(self, detail: SessionDetail | None) -> None:
        """Show this."""
        if detail != self._detail:
            self._detail = detail
            self.redraw()

    def draw(self, frame: Frame) -> list[Strip]:
        """The lines."""
        look, (cells, height) = frame.look, self.size
        detail = self._detail
        view = next((view for view in frame.snapshot.sessions if view.key == self._key), None)
        self.entitle(_title(detail, view, look))
        if detail is None or view is None:
            return []
        rows: list[tuple[str, list[Span]]] = [("calls", calls_line(detail.calls, cells - NAME - 2, look))]
        sentences = loop_sentences(detail)
        style = look.warn if detail.level else look.text
        rows += [("loop" if not at else "", [(_safe(text, look), style)]) for at, text in enumerate(sentences)]
        rows.append(("prefix", _prefix(view, look)))
        rows.append(("acts", _acts(detail, look)))
        rows.append(("score", [(RULE, look.faint)]))
        ellipsis = look.glyphs.ellipsis
        return [
            strip(cut([(f" {name:<{NAME}}", look.muted), *spans], cells, ellipsis)) for name, spans in rows[:height]
        ]


def calls_line(calls: tuple[CallView, ...], cells: int, look: Look) -> list[Span]:
    """The newest calls that fit, oldest first, repeats in brackets."""
    if not calls:
        return [("none", look.muted)]
    shown: list[list[Span]] = []
    room = cells
    for group in reversed(grouped(calls)):
        spans = _group(group, look)
        used = sum(width(text) for text, _ in spans) + 1
        if used > room and shown:
            break
        room -= used
        shown.append(spans)
    return [span for spans in reversed(shown) for span in (*spans, (" ", look.text))]


def _group(group: Group, look: Look) -> list[Span]:
    spans: list[Span] = []
    for call in group.calls:
        name = fit(
            visible(call.name, ascii_only=look.glyphs.ascii_only), min(len(call.name), LONGEST_NAME), ellipsis=""
        )
        mark = look.glyphs.cross if call.error else ""
        spans += [(" " if spans else "", look.text), (name + mark, _style(call, look))]
    if group.times > 1:
        return [("[", look.warn), *spans, (f"]{look.glyphs.times}{group.times}", look.warn)]
    return spans


def _style(call: CallView, look: Look) -> Style:
    if call.error:
        return look.bad
    return {"new": look.good, "stale": look.warn, "poll": look.muted, "neutral": look.text}.get(call.novelty, look.name)


def _title(detail: SessionDetail | None, view: SessionView | None, look: Look) -> list[Span]:
    middle = f" {look.glyphs.middle} "
    spans: list[Span] = [("behaviour", look.strong)]
    if detail is not None and detail.level:
        spans.append((f"{middle}loop step {detail.level}/{len(detail.steps)}", look.warn))
    if view is not None and view.held:
        spans.append((f"{middle}HELD, {view.waiting} waiting", look.alarm))
    if detail is not None and detail.overrides:
        listed = ", ".join(f"{name.removeprefix('PROXY_')} {value}" for name, value in detail.overrides)
        spans.append((f"{middle}only here: {_safe(listed, look)}", look.accent))
    return spans


def _prefix(view: SessionView, look: Look) -> list[Span]:
    if not view.breaks:
        return [("never broken", look.text), (f", {tokens(view.total_prefilled)} tokens read in all", look.muted)]
    causes = ", ".join(f"{cause} {look.glyphs.times}{count}" for cause, count in view.breaks)
    last = f"; last: {_safe(view.last_break, look)}" if view.last_break else ""
    return [(f"{tokens(view.total_lost)} tokens read again", look.warn), (f" ({causes}){last}", look.muted)]


def _acts(detail: SessionDetail, look: Look) -> list[Span]:
    if not detail.acts:
        return [("the guardrails did nothing", look.muted)]
    return [(_safe(", ".join(f"{name} {look.glyphs.times}{count}" for name, count in detail.acts), look), look.text)]


def _safe(text: str, look: Look) -> str:
    return visible(text, ascii_only=look.glyphs.ascii_only)
