"""One curve of the traffic, under a title with the figure of now; changes of settings are marked on it."""

from __future__ import annotations

from textual.strip import Strip

from console.changes import letter
from console.format import minute, percent, rate, seconds
from console.frame import Frame
from console.series import RATES, Curve, Measure, curve, end_of, known, recent, span_of, step_of
from console.widgets.chart import Colour, Plot, drawn, nice_top
from console.widgets.lines import Panel, Span
from console.widgets.overlay import Y_LABEL, marked
from proxy_core.snapshot import Sample

TITLES: dict[Measure, str] = {"decode": "decode", "prefill": "prefill", "ttft": "first token", "reuse": "prefix re-use"}
COLOURS: dict[Measure, Colour] = {"decode": "good", "prefill": "name", "ttft": "accent", "reuse": "good"}
SPAN_NAMES = {60.0: "1 min", 120.0: "2 min", 300.0: "5 min", 900.0: "15 min", 3600.0: "1 h"}
REDRAWS = 300
"""A chart is made anew at most so often within its span: every 12 seconds for an hour. Only when it moved, too."""

REST = 2.0
"""Nor more often than after so many seconds: two of the four curves move by a step each second."""

MOST_STEPS = 150
LEAST_STEPS = 10
CELLS_OF_A_MEAN = 3
"""Requests begin some seconds apart: over shorter steps times and shares would be needles with nothing between."""


class ThroughputChart(Panel):
    """Decoded or prefilled tokens a second, times to the first token, or the share of prompts that was cached.

    `span` is what was chosen to be shown, in seconds, 0 for what suits the data.
    """

    def __init__(self, measure: Measure) -> None:
        super().__init__(id=f"chart-{measure}", classes="chart")
        self.span = 0.0
        self._measure: Measure = measure
        self._known = False
        self._looked_until = 0
        self._made_at = float("-inf")
        self._made_of: tuple[object, ...] = ()
        self._made: list[Strip] = []
        self._top = 0.0

    def show(self, frame: Frame) -> None:
        """A chart that has nothing to show leaves its place to the others."""
        samples = frame.snapshot.samples
        if not samples:
            self._known, self._looked_until = False, 0
        elif not self._known:
            self._known = known(samples, self._measure, self._looked_until)
            self._looked_until = samples[-1].at
        self.set_class(not self._known, "-empty")
        super().show(frame)

    def draw(self, frame: Frame) -> list[Strip]:
        """The chart, or the one of before while it would be the same or is too young."""
        width, height = self.size
        samples, changes = frame.snapshot.samples, frame.snapshot.changes
        shape = (width, height, id(frame.look), self.span, len(changes))
        if self._made_of[:5] != shape or not 0 <= frame.now - self._made_at < self._patience:
            span = span_of(samples, end_of(samples, frame.now), self.span)
            shown = self._curve(samples, frame.now, span, width)
            marks = _marks(frame, shown)
            self._made_at, self._top = frame.now, shown.top
            if self._made_of != (*shape, shown, marks):
                self._made_of = (*shape, shown, marks)
                self._made = marked(drawn(self._plot(shown, span), width, height, frame.look), marks, frame.look)
        self._entitle(frame)
        return self._made

    @property
    def _patience(self) -> float:
        return max(self.span / REDRAWS, REST)

    def _curve(self, samples: tuple[Sample, ...], now: float, span: float, width: int) -> Curve:
        cells = 1 if self._measure in RATES else CELLS_OF_A_MEAN
        steps = max(min((width - Y_LABEL - 1) // cells, MOST_STEPS), LEAST_STEPS)
        return curve(samples, self._measure, end_of(samples, now, step_of(span, steps)), span, steps)

    def _plot(self, shown: Curve, span: float) -> Plot:
        least = {"ttft": 1.0, "reuse": 100.0}.get(self._measure, 10.0)
        return Plot(
            values=shown.values,
            left=minute(shown.start),
            right=minute(shown.end),
            top=nice_top(shown.top, least),
            colour=COLOURS[self._measure],
            middle=SPAN_NAMES[span],
        )

    def _entitle(self, frame: Frame) -> None:
        look = frame.look
        value = recent(frame.snapshot.samples, self._measure, frame.now)
        spans: list[Span] = [(TITLES[self._measure], look.muted), (f" {self._figure(value, frame)}", look.strong)]
        if self._top and self._measure != "reuse":
            peak = max(self._top, value or 0.0)
            spans.append(
                (f" {look.glyphs.middle} peak {rate(peak) if self._measure in RATES else seconds(peak)}", look.muted)
            )
        self.entitle(spans)

    def _figure(self, value: float | None, frame: Frame) -> str:
        nothing = frame.look.glyphs.nothing
        if self._measure in RATES:
            return f"{rate(value, nothing)} tok/s"
        if self._measure == "ttft":
            return seconds(value, nothing)
        return percent(None if value is None else value / 100, nothing)


def _marks(frame: Frame, shown: Curve) -> tuple[tuple[float, str], ...]:
    """Where changes of settings lie on the x axis."""
    length = shown.end - shown.start
    return tuple(
        ((change.at - shown.start) / length, letter(change))
        for change in frame.snapshot.changes
        if shown.start <= change.at <= shown.end
    )
